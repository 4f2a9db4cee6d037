//! Documents of filing rules: published, listed, read; and working days counted by them.

use sea_orm::DatabaseTransaction;
use tonic::async_trait;
use yizhan_documents::RulesDocument;
use yizhan_proto::filing::v1::{
    AddWorkingDaysRequest, AddWorkingDaysResponse, FilingRules, GetFilingRulesRequest,
    ListFilingRulesRequest, ListFilingRulesResponse, PublishFilingRulesRequest, PublishFilingRulesResponse,
};
use yizhan_rules::{Publication, Summary};
use yizhan_runtime::caller::is_admdvs;
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::once::{self, Cause, Done, Mutation};
use yizhan_runtime::{Caller, ServiceError, Violations};

use crate::api::messages::rfc3339;
use crate::domain::calendar::WorkingDays;
use crate::domain::rules::FilingFamilies;
use crate::register::Register;

/// Working days that are counted at once, at most.
const MAX_WORKING_DAYS: u32 = 250;

/// Checks a document and publishes it.
pub async fn publish(
    register: &Register,
    caller: &Caller,
    mut request: PublishFilingRulesRequest,
) -> Result<PublishFilingRulesResponse, ServiceError> {
    let (key, wrong) = once::open(caller, &mut request);
    let publication = Publication::<RulesDocument<FilingFamilies>>::read(&request.document, wrong)?;
    publication.check_area(caller)?;
    let publish = Publish(publication);
    let (answer, _) = once::once(&register.db, &register.clock, &key, register, &publish).await?;
    register.rules.refresh().await?;
    Ok(answer)
}

struct Publish(Publication<RulesDocument<FilingFamilies>>);

#[async_trait]
impl Mutation<Register> for Publish {
    type Answer = PublishFilingRulesResponse;
    type Changed = ();

    async fn write(
        &self,
        tx: &DatabaseTransaction,
        register: &Register,
        cause: &Cause,
    ) -> Result<Done<Self::Answer, ()>, ServiceError> {
        let published = self.0.write(tx, &register.rules, &cause.caller, register.clock.now()).await?;
        let rules = Some(message(published.summary, String::new()));
        Ok(Done { answer: PublishFilingRulesResponse { rules, replayed: published.known }, changed: () })
    }
}

fn message(summary: Summary, document: String) -> FilingRules {
    FilingRules {
        rules_id: summary.id,
        version: summary.version,
        title: summary.title,
        area: summary.areas.concat(),
        digest: summary.digest,
        recorded_at: summary.recorded_at.map(rfc3339).unwrap_or_default(),
        document,
    }
}

/// One page of documents, in the order they were published.
pub async fn list(
    register: &Register,
    request: ListFilingRulesRequest,
) -> Result<ListFilingRulesResponse, ServiceError> {
    let page = register.rules.list(&request.area, request.page_size, &request.page_token).await?;
    Ok(ListFilingRulesResponse {
        rules: page.documents.into_iter().map(|summary| message(summary, String::new())).collect(),
        next_page_token: page.next_page_token,
    })
}

/// One document with its text.
pub async fn get(register: &Register, request: GetFilingRulesRequest) -> Result<FilingRules, ServiceError> {
    let (summary, text) = register.rules.get(&request.rules_id, &request.version).await?;
    Ok(message(summary, text))
}

/// The n-th working day after a day.
pub fn add_working_days(
    register: &Register,
    request: &AddWorkingDaysRequest,
) -> Result<AddWorkingDaysResponse, ServiceError> {
    let mut wrong = Violations::new();
    wrong.require(is_admdvs(&request.area), "area", "POOLAREA_INVALID", "应为 6 位行政区划代码");
    let date = parse_date(&request.date);
    wrong.require(date.is_some(), "date", "DATE_INVALID", "日期格式应为 YYYY-MM-DD");
    let count = u32::try_from(request.working_days).ok().filter(|count| *count <= MAX_WORKING_DAYS);
    wrong.require(count.is_some(), "working_days", "COUNT_INVALID", "工作日数应为 0 至 250");
    wrong.finish()?;
    let rules = register.rules.current();
    let days = WorkingDays::of(&rules, &request.area);
    let (date, calendar_published) = days.add(date.unwrap_or_default(), count.unwrap_or_default());
    Ok(AddWorkingDaysResponse { date: date.to_string(), calendar_published })
}
