//! Documents of filing rules: published, listed, read; and working days counted by them.

use yizhan_documents::calendar::WorkingDays;
use yizhan_proto::filing::v1::{
    AddWorkingDaysRequest, AddWorkingDaysResponse, GetFilingRulesRequest, GetFilingRulesResponse,
    ListFilingRulesRequest, ListFilingRulesResponse, PublishFilingRulesRequest, PublishFilingRulesResponse,
};
use yizhan_rules::Desk;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};

use super::domain::FilingFamilies;

/// Working days that are counted at once, at most.
const MAX_WORKING_DAYS: u32 = 250;

/// Where documents of filing rules are kept.
pub type Documents = Desk<yizhan_documents::RulesDocument<FilingFamilies>>;

yizhan_rules::documents! { Documents, book:
    PublishFilingRulesRequest -> PublishFilingRulesResponse,
    ListFilingRulesRequest -> ListFilingRulesResponse,
    GetFilingRulesRequest -> GetFilingRulesResponse
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
