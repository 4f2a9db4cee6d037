//! Makes a yearly plan, changes it, and takes changes back.

use std::collections::BTreeMap;

use chrono::Datelike;
use yizhan_proto::audit::v1::{
    CaseAction, ChangePlanRequest, ChangePlanResponse, MakePlanRequest, MakePlanResponse,
    Plan as PlanMessage, PlanSubject, UndoPlanChangeRequest, UndoPlanChangeResponse,
};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::db::{DatabaseTransaction, lock};
use yizhan_runtime::ids::new_id;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations, once};
use yizhan_terms::{Area, is_fixmedins_code};

use super::desk::{self, Done, Said, Write, done};
use super::domain::plan::{Plan, PlanKind, Subject};
use super::get_plan::told;
use super::store::{of_year, seen};
use crate::app::Audit;
use crate::records::{self, Kept as _, find, hold};

/// Most subjects of a plan.
const MAX_SUBJECTS: usize = 5000;

/// 制定.
pub async fn make_plan(
    audit: &Audit,
    caller: &Caller,
    mut request: MakePlanRequest,
) -> Result<MakePlanResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    let said = desk::said(caller, &request.opter, &mut wrong);
    let area = Fields::of(&mut wrong).area("area", &request.area);
    let this_year = audit.clock.today().year();
    let near = (this_year - 10..=this_year + 1).contains(&request.year);
    wrong.require(near, "year", Reason::YearInvalid.saying("年度应为最近十年至次年"));
    let kind = wrong.some(PlanKind::of(request.kind), "kind", Reason::CodeUnknown);
    wrong.require(!request.subjects.is_empty(), "subjects", Reason::RowsEmpty);
    let (subjects, year) =
        (subjects(&request.subjects, ("subjects", request.year, kind, area), &mut wrong), request.year);
    let (area, kind) = wrong.finish(area.zip(kind))?;
    desk::check_manages(caller, area.as_str())?;
    let (id, standing) = (new_id(), Vec::new());
    let plan = Plan { id, area, version: 0, standing, year, kind, withdrawn: false, subjects };
    once::once(audit, &key, |write| Box::pin(make(write, plan.clone(), &said))).await
}

async fn make(write: Write<'_>, plan: Plan, said: &Said) -> Result<Done<MakePlanResponse>, ServiceError> {
    lock(write.tx, &format!("plans of {}", plan.area)).await?;
    if let Some(standing) = of_year(write.tx, plan.area, (plan.year, plan.kind)).await? {
        let stands = ServiceError::new(Reason::PlanStands, "the area has such a plan for the year");
        return Err(stands.with("plan_id", &standing.id));
    }
    let plan = record(write, plan, CaseAction::MakePlan, said).await?;
    Ok(done(MakePlanResponse { plan: Some(plan), replayed: false }))
}

/// 调整.
pub async fn change_plan(
    audit: &Audit,
    caller: &Caller,
    mut request: ChangePlanRequest,
) -> Result<ChangePlanResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    let found = find(&audit.db, &request.plan_id).await?;
    let plan: Plan = desk::managed(caller, found, Reason::PlanUnknown)?;
    let said = desk::said_why(caller, (&request.opter, &request.reason), &mut wrong);
    let about = ("put", plan.year, Some(plan.kind), Some(plan.area));
    let put = subjects(&request.put, about, &mut wrong);
    wrong.require(!put.is_empty() || !request.remove.is_empty(), "put", Reason::RowsEmpty);
    wrong.require(request.remove.len() <= MAX_SUBJECTS, "remove", Reason::TooMany);
    for (at, code) in request.remove.iter().enumerate() {
        let in_it = plan.subjects.contains_key(code) && !put.contains_key(code);
        wrong.require(in_it, format!("remove[{at}]"), Reason::SubjectNotPlanned);
    }
    wrong.none()?;
    let change = (&request, put);
    once::once(audit, &key, |write| Box::pin(write_change(write, &change, &said))).await
}

async fn write_change(
    write: Write<'_>,
    (request, put): &(&ChangePlanRequest, BTreeMap<String, Subject>),
    said: &Said,
) -> Result<Done<ChangePlanResponse>, ServiceError> {
    let before: Plan = standing(write.tx, &request.plan_id).await?;
    check_version(&before, request.version, false)?;
    let mut after = before.clone();
    after.subjects.retain(|code, _| !request.remove.contains(code));
    after.subjects.extend(put.clone());
    if after.subjects.is_empty() || after.subjects.len() > MAX_SUBJECTS {
        return Err(ServiceError::invalid_field(
            "put",
            Reason::TooMany.saying("计划应有 1 至 5000 个检查对象"),
        ));
    }
    check_kept(write.tx, &before, &after).await?;
    let plan = record(write, after, CaseAction::ChangePlan, said).await?;
    Ok(done(ChangePlanResponse { plan: Some(plan), replayed: false }))
}

/// 撤回调整.
pub async fn undo_plan_change(
    audit: &Audit,
    caller: &Caller,
    mut request: UndoPlanChangeRequest,
) -> Result<UndoPlanChangeResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    let found = find(&audit.db, &request.plan_id).await?;
    desk::managed::<Plan>(caller, found, Reason::PlanUnknown)?;
    let said = desk::said_why(caller, (&request.opter, &request.reason), &mut wrong);
    wrong.none()?;
    once::once(audit, &key, |write| Box::pin(undo(write, &request, &said))).await
}

async fn undo(
    write: Write<'_>,
    request: &UndoPlanChangeRequest,
    said: &Said,
) -> Result<Done<UndoPlanChangeResponse>, ServiceError> {
    let plan: Plan = standing(write.tx, &request.plan_id).await?;
    check_version(&plan, request.version, true)?;
    let before = match plan.standing[..] {
        [.., before, _] => records::at_step::<Plan>(write.tx, &plan.id, before).await?,
        _ => None,
    };
    let after = match before {
        // The change that takes the last one back stands in the place of the one that left the plan so.
        Some(mut before) => {
            before.standing.pop();
            Plan { version: plan.version, ..before }
        }
        None => Plan { withdrawn: true, subjects: BTreeMap::new(), ..plan.clone() },
    };
    check_kept(write.tx, &plan, &after).await?;
    let plan = record(write, after, CaseAction::UndoPlanChange, said).await?;
    Ok(done(UndoPlanChangeResponse { plan: Some(plan), replayed: false }))
}

async fn record(
    write: Write<'_>,
    plan: Plan,
    action: CaseAction,
    said: &Said,
) -> Result<PlanMessage, ServiceError> {
    let plan = plan.changed();
    desk::record(write, plan.row()?, action, said).await?;
    told(write.tx, write.service, &plan, write.service.clock.today()).await
}

/// Who decides decides on what they saw. 0: whatever it is now, unless it must be said.
fn check_version(plan: &Plan, known: i32, must: bool) -> Result<(), ServiceError> {
    let current = plan.version;
    if known == current || (known == 0 && !must) {
        return Ok(());
    }
    let told = format!("at version {current}, the request at {known}");
    let stale = ServiceError::new(Reason::PlanVersionStale, told);
    Err(stale.with("known", known).with("current", current))
}

/// The plan, held, unless it was withdrawn.
pub async fn standing(tx: &DatabaseTransaction, plan_id: &str) -> Result<Plan, ServiceError> {
    let found = hold::<Plan>(tx, plan_id).await?;
    let plan = found.ok_or_else(|| ServiceError::new(Reason::PlanUnknown, "no such plan"))?;
    if plan.withdrawn { Err(desk::refused(&plan.id, "WITHDRAWN", &[])) } else { Ok(plan) }
}

/// Nobody leaves a plan of whom it has a check.
async fn check_kept(tx: &DatabaseTransaction, before: &Plan, after: &Plan) -> Result<(), ServiceError> {
    let left = |code: &String| before.subjects.contains_key(code) && !after.subjects.contains_key(code);
    let checks = seen(tx, &before.id).await?;
    match checks.into_iter().find(|(code, _)| left(code)) {
        Some((code, check)) => {
            Err(ServiceError::new(Reason::PlanSubjectChecked, "the plan has a check of it")
                .with("code", code)
                .with("case_id", check.case_id))
        }
        None => Ok(()),
    }
}

/// Those that a request names, each once, with days in the year.
fn subjects(
    rows: &[PlanSubject],
    (field, year, kind, area): (&str, i32, Option<PlanKind>, Option<Area>),
    wrong: &mut Violations,
) -> BTreeMap<String, Subject> {
    let mut read = BTreeMap::new();
    wrong.require(rows.len() <= MAX_SUBJECTS, field, Reason::TooMany.saying("最多 5000 个检查对象"));
    for (at, row) in rows.iter().take(MAX_SUBJECTS).enumerate() {
        let prefix = format!("{field}[{at}].");
        let mut fields = Fields::within(&prefix, wrong);
        let fits = match kind {
            Some(PlanKind::InternalControl) => Area::parse(&row.code)
                .zip(area)
                .is_some_and(|(county, city)| county != city && city.covers(county)),
            _ => is_fixmedins_code(&row.code),
        };
        fields.require(
            fits,
            "code",
            Reason::CodeUnknown.saying("应为定点医药机构编号，内控为本市的县（市、区）"),
        );
        fields.text("name", &row.name, true);
        let due_by = parse_date(&row.due_by).filter(|day| day.year() == year);
        fields.require(
            row.due_by.is_empty() || due_by.is_some(),
            "due_by",
            Reason::DateInvalid.saying("应为计划年度内的日期"),
        );
        fields.require(row.covered_on.is_empty(), "covered_on", Reason::FieldNotExpected);
        fields.require(row.case_id.is_empty(), "case_id", Reason::FieldNotExpected);
        let earlier = read.insert(row.code.clone(), Subject { name: row.name.clone(), due_by });
        fields.require(earlier.is_none(), "code", Reason::Duplicate);
    }
    read
}
