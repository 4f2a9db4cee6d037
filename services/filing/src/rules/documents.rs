//! Documents of filing rules: published, listed, read; and working days counted by them.

use yizhan_documents::calendar::WorkingDays;
use yizhan_proto::filing::v1::{
    AddWorkingDaysRequest, AddWorkingDaysResponse, GetFilingRulesRequest, GetFilingRulesResponse,
    ListFilingRulesRequest, ListFilingRulesResponse, PublishFilingRulesRequest, PublishFilingRulesResponse,
};
use yizhan_proto::rules::v1::RulesDocument;
use yizhan_rules::{Desk, Published, Summary};
use yizhan_runtime::once;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};

use super::domain::FilingFamilies;

/// Working days that are counted at once, at most.
const MAX_WORKING_DAYS: u32 = 250;

/// Where documents of filing rules are kept.
pub type Documents = Desk<yizhan_documents::RulesDocument<FilingFamilies>>;

/// Checks a document and publishes it.
pub async fn publish(
    desk: &Documents,
    caller: &Caller,
    mut request: PublishFilingRulesRequest,
) -> Result<PublishFilingRulesResponse, ServiceError> {
    let opened = once::open(caller, &mut request);
    let told = |published: Published| {
        let (rules, replayed) = (Some(published.summary.into()), published.known);
        PublishFilingRulesResponse { rules, replayed }
    };
    yizhan_rules::publish(desk, &desk.book, caller, opened, (&request.document, told)).await
}

/// One page of documents, in the order they were published.
pub async fn list(
    desk: &Documents,
    caller: &Caller,
    request: ListFilingRulesRequest,
) -> Result<ListFilingRulesResponse, ServiceError> {
    let page = desk.book.list(&request.area, &desk.pages.asked(caller, &request)).await?;
    Ok(ListFilingRulesResponse {
        rules: page.documents.into_iter().map(Summary::into).collect(),
        next_page_token: page.next_page_token,
    })
}

/// One document with its text.
pub async fn get(
    desk: &Documents,
    _: &Caller,
    request: GetFilingRulesRequest,
) -> Result<GetFilingRulesResponse, ServiceError> {
    let (summary, document) = desk.book.get(&request.rules_id, &request.version).await?;
    Ok(GetFilingRulesResponse { rules: Some(RulesDocument { document, ..summary.into() }) })
}

/// The n-th working day after a day.
pub async fn add_working_days(
    desk: &Documents,
    _: &Caller,
    request: AddWorkingDaysRequest,
) -> Result<AddWorkingDaysResponse, ServiceError> {
    let mut wrong = Violations::new();
    let mut fields = Fields::of(&mut wrong);
    let area = fields.area("area", &request.area);
    let date = fields.date("date", &request.date);
    let count = u32::try_from(request.working_days).ok().filter(|count| *count <= MAX_WORKING_DAYS);
    let text = "工作日数应为 0 至 250";
    let count = fields.some(count, "working_days", Reason::CountInvalid.saying(text));
    let (area, (date, count)) = wrong.finish(area.zip(date.zip(count)))?;
    let rules = desk.book.current();
    let (date, calendar_published) = WorkingDays::of(&rules, area).add(date, count);
    Ok(AddWorkingDaysResponse { date: date.to_string(), calendar_published })
}
