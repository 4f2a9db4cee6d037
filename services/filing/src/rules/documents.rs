//! Documents of filing rules: published, listed, read; and working days counted by them.

use sea_orm::DatabaseConnection;
use yizhan_documents::RulesDocument;
use yizhan_proto::filing::v1::{
    AddWorkingDaysRequest, AddWorkingDaysResponse, GetFilingRulesRequest, ListFilingRulesRequest,
    ListFilingRulesResponse, PublishFilingRulesRequest, PublishFilingRulesResponse,
};
use yizhan_proto::rules;
use yizhan_rules::{Publication, RulesBook, Summary};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::once::{self, Done, Write};
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

impl once::Service for Documents {
    type Changed = ();

    fn db(&self) -> &DatabaseConnection {
        &self.db
    }

    fn clock(&self) -> &Clock {
        &self.clock
    }

    async fn committed(&self, (): ()) {}
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
    let publication = &publication;
    let answer = once::once(desk, &key, |write| Box::pin(write_down(write, publication))).await?;
    desk.book.refresh().await?;
    Ok(answer)
}

async fn write_down(
    Write { tx, service: desk, cause }: Write<'_, '_, Documents>,
    publication: &Publication<RulesDocument<FilingFamilies>>,
) -> Result<Done<PublishFilingRulesResponse, ()>, ServiceError> {
    let published = publication.write(tx, &desk.book, &cause.caller, desk.clock.now()).await?;
    let rules = Some(published.summary.into());
    Ok(Done { answer: PublishFilingRulesResponse { rules, replayed: published.known }, changed: () })
}

/// One page of documents, in the order they were published.
pub async fn list(
    desk: &Documents,
    request: ListFilingRulesRequest,
) -> Result<ListFilingRulesResponse, ServiceError> {
    let page = desk.book.list(&request.area, (request.page_size, &request.page_token)).await?;
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
