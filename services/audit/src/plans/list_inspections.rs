//! One check with its steps, and the worklist of an area.

use sea_orm::Condition;
use yizhan_documents::calendar::WorkingDays;
use yizhan_proto::audit::v1::{
    GetInspectionRequest, GetInspectionResponse, ListInspectionsRequest, ListInspectionsResponse,
};
use yizhan_runtime::{Caller, Fields, ServiceError, Violations};
use yizhan_terms::Area;
use yizhan_workflow::overdue;

use super::domain::Kept;
use super::domain::inspection::Inspection;
use super::inspect::{known, told};
use super::messages::step_message;
use super::store;
use crate::app::Audit;

/// A check; its steps for who reads the area.
pub async fn get_inspection(
    audit: &Audit,
    caller: &Caller,
    request: GetInspectionRequest,
) -> Result<GetInspectionResponse, ServiceError> {
    let check = known(caller, store::find(&audit.db, &request.inspection_id).await?)?;
    let steps = match caller.may_read_area(check.head.area) {
        true => store::steps::<Inspection>(&audit.db, &check.head.id).await?,
        false => Vec::new(),
    };
    let steps = steps.into_iter().map(step_message).collect();
    Ok(GetInspectionResponse { inspection: Some(told(audit, caller, &check)?), steps })
}

/// Checks of an area.
pub async fn list_inspections(
    audit: &Audit,
    caller: &Caller,
    request: ListInspectionsRequest,
) -> Result<ListInspectionsResponse, ServiceError> {
    let area = office(caller, &request.area)?;
    let wanted = wanted::<Inspection>(audit, area, request.overdue_only).await?;
    let behind = |after, limit| store::queue::<Inspection>(&audit.db, wanted, after, limit);
    let page = audit.pages.asked(caller, &request);
    let (found, next_page_token) = page.page(behind, key).await?;
    let inspections: Result<_, ServiceError> = found.iter().map(|check| told(audit, caller, check)).collect();
    Ok(ListInspectionsResponse { inspections: inspections?, next_page_token })
}

/// Where a row stands in its queue.
pub fn key<T: Kept>(last: &T) -> [String; 2] {
    let since = last.columns().waits.map(|waits| waits.since.to_string());
    [since.unwrap_or_default(), last.head().id.clone()]
}

/// The area whose worklist is asked for by who reads it.
pub fn office(caller: &Caller, area: &str) -> Result<Area, ServiceError> {
    let mut wrong = Violations::new();
    let read = Fields::of(&mut wrong).area("area", area);
    let read = wrong.finish(read)?;
    caller.check_reads(area)?;
    Ok(read)
}

/// All of an area, or what of it waited too long.
pub async fn wanted<T: Kept>(
    audit: &Audit,
    area: Area,
    overdue_only: bool,
) -> Result<Condition, ServiceError> {
    let all = store::within::<T>(area);
    if !overdue_only {
        return Ok(all);
    }
    let (rules, today) = (audit.plan_rules.current(), audit.clock.today());
    let terms = store::terms::<T>(&audit.db, area).await?;
    let late = overdue(terms, |area, days| WorkingDays::of(&rules, *area).latest_start_overdue(today, days));
    Ok(all.add(store::late(&late)))
}
