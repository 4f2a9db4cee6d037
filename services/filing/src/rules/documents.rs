//! Documents of filing rules: published, listed, read; and working days counted by them.

use sea_orm::{DatabaseConnection, DatabaseTransaction};
use tonic::async_trait;
use yizhan_documents::RulesDocument;
use yizhan_proto::filing::v1::{
    AddWorkingDaysRequest, AddWorkingDaysResponse, GetFilingRulesRequest, ListFilingRulesRequest,
    ListFilingRulesResponse, PublishFilingRulesRequest, PublishFilingRulesResponse,
};
use yizhan_proto::rules;
use yizhan_rules::{Publication, RulesBook, Summary};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::once::{self, Cause, Done, Mutation};
use yizhan_runtime::{Caller, Clock, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use super::domain::FilingFamilies;
use super::domain::calendar::WorkingDays;

/// Working days that are counted at once, at most.
const MAX_WORKING_DAYS: u32 = 250;

/// Where documents of filing rules are kept.
#[derive(Clone, Debug)]
pub struct Documents {
    /// The database.
    pub db: DatabaseConnection,
    /// Those in force, in memory.
    pub book: RulesBook<FilingFamilies>,
    /// What time it is.
    pub clock: Clock,
}

/// Checks a document and publishes it.
pub async fn publish(
    desk: &Documents,
    caller: &Caller,
    mut request: PublishFilingRulesRequest,
) -> Result<PublishFilingRulesResponse, ServiceError> {
    let (key, wrong) = once::open(caller, &mut request);
    let publication = Publication::<RulesDocument<FilingFamilies>>::read(&request.document, wrong)?;
    publication.check_area(caller)?;
    let publish = Publish(publication);
    let (answer, _) = once::once(&desk.db, &desk.clock, &key, desk, &publish).await?;
    desk.book.refresh().await?;
    Ok(answer)
}

struct Publish(Publication<RulesDocument<FilingFamilies>>);

#[async_trait]
impl Mutation<Documents> for Publish {
    type Answer = PublishFilingRulesResponse;
    type Changed = ();

    async fn write(
        &self,
        tx: &DatabaseTransaction,
        desk: &Documents,
        cause: &Cause,
    ) -> Result<Done<Self::Answer, ()>, ServiceError> {
        let published = self.0.write(tx, &desk.book, &cause.caller, desk.clock.now()).await?;
        let rules = Some(published.summary.into());
        Ok(Done { answer: PublishFilingRulesResponse { rules, replayed: published.known }, changed: () })
    }
}

/// One page of documents, in the order they were published.
pub async fn list(
    desk: &Documents,
    request: ListFilingRulesRequest,
) -> Result<ListFilingRulesResponse, ServiceError> {
    let page = desk.book.list(&request.area, request.page_size, &request.page_token).await?;
    Ok(ListFilingRulesResponse {
        rules: page.documents.into_iter().map(Summary::into).collect(),
        next_page_token: page.next_page_token,
    })
}

/// One document with its text.
pub async fn get(
    desk: &Documents,
    request: GetFilingRulesRequest,
) -> Result<rules::v1::RulesDocument, ServiceError> {
    let (summary, text) = desk.book.get(&request.rules_id, &request.version).await?;
    Ok(rules::v1::RulesDocument { document: text, ..summary.into() })
}

/// The n-th working day after a day.
pub fn add_working_days(
    desk: &Documents,
    request: &AddWorkingDaysRequest,
) -> Result<AddWorkingDaysResponse, ServiceError> {
    let mut wrong = Violations::new();
    wrong.require(Area::parse(&request.area).is_some(), "area", Reason::AreaInvalid);
    let date = parse_date(&request.date);
    wrong.require(date.is_some(), "date", Reason::DateInvalid);
    let count = u32::try_from(request.working_days).ok().filter(|count| *count <= MAX_WORKING_DAYS);
    wrong.require(count.is_some(), "working_days", Reason::CountInvalid.saying("工作日数应为 0 至 250"));
    wrong.none()?;
    let rules = desk.book.current();
    let days = WorkingDays::of(&rules, &request.area);
    let (date, calendar_published) = days.add(date.unwrap_or_default(), count.unwrap_or_default());
    Ok(AddWorkingDaysResponse { date: date.to_string(), calendar_published })
}
