//! Begins a check of an institution, and takes its steps.

use chrono::NaiveDate;
use yizhan_proto::audit::v1::{
    AdvanceInspectionRequest, AdvanceInspectionResponse, StartInspectionRequest, StartInspectionResponse,
};
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::ids::new_id;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations, once};
use yizhan_terms::{Area, is_fixmedins_code};

use super::desk::{self, Done, Write, done};
use super::domain::inspection::{
    Action, Asked, INSPECTIONS, Inspection, Occasion, Role, Start, State, moves_on,
};
use super::domain::plan::{Plan, PlanKind};
use super::domain::selection::{self, List, Selection, gives};
use super::domain::{Head, Said};
use super::messages::inspection_message;
use super::store;
use crate::app::Audit;
use crate::plan_rules::{self, Checks, Purpose, Rules};

/// Most officers of a check, and most who are recused.
const MAX_OFFICERS: usize = 20;
/// Most findings of a check.
const MAX_FINDINGS: usize = 200;

/// 启动. What plan and selections say does not change behind it, so it is looked at before.
pub async fn start_inspection(
    audit: &Audit,
    caller: &Caller,
    mut request: StartInspectionRequest,
) -> Result<StartInspectionResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    if let Some(answer) = once::answered(audit, &key).await? {
        return Ok(answer);
    }
    let today = audit.clock.today();
    let said = desk::said(caller, (&request.opter, "", ""), &mut wrong);
    let mut fields = Fields::of(&mut wrong);
    let area = fields.area("area", &request.area);
    let start = Start::ALL.iter().copied().find(|start| start.number() == request.start);
    let start = fields.some(start, "start", Reason::CodeUnknown);
    fields.text("basis", &request.basis, start != Some(Start::Plan));
    let fits = is_fixmedins_code(&request.subject) || Area::parse(&request.subject).is_some();
    fields.require(fits, "subject", Reason::CodeUnknown);
    officers([&request.officers, &request.recused], &mut wrong);
    let (area, start) = wrong.finish(area.zip(start))?;
    desk::check_manages(caller, area)?;
    let rule: Checks = plan_rules::find(&audit.plan_rules.current(), area, today)?;
    let mut wrong = Violations::new();
    check_officers([&request.officers, &request.recused], &rule, &mut wrong);
    check_plan(audit, &request, (area, start), &mut wrong).await?;
    wrong.none()?;
    let check = Inspection {
        head: Head::new(new_id(), area),
        subject: request.subject.clone(),
        start,
        basis: request.basis.clone(),
        plan_id: request.plan_id.clone(),
        selection_ids: [request.selection_id.clone(), request.officer_selection_id.clone()],
        officers: request.officers.clone(),
        recused: request.recused.clone(),
        state: State::Preparing,
        last_day: today,
        result_on: None,
        waits: None,
        findings: Vec::new(),
        last_finding: 0,
        answered_late: false,
        answered_itself: false,
    };
    once::once(audit, &key, |write| Box::pin(begin(write, &check, (caller, &said)))).await
}

async fn begin(
    write: Write<'_>,
    check: &Inspection,
    (caller, said): (&Caller, &Said),
) -> Result<Done<StartInspectionResponse>, ServiceError> {
    // The plan is held: nobody takes the subject out of it meanwhile.
    if !check.plan_id.is_empty() {
        let plan = super::change_plan::standing(write.tx, &check.plan_id).await?;
        if !plan.subjects.contains_key(&check.subject) {
            return Err(ServiceError::invalid_field("subject", Reason::SubjectNotPlanned));
        }
    }
    let check = desk::record(write, check.clone(), Action::Start.name(), said).await?;
    let inspection = Some(told(write.service, caller, &check)?);
    Ok(done(StartInspectionResponse { inspection, replayed: false }))
}

/// Officers and those with a stake, as numbers.
fn officers([officers, recused]: [&[String]; 2], wrong: &mut Violations) {
    for (field, list) in [("officers", officers), ("recused", recused)] {
        wrong.require(list.len() <= MAX_OFFICERS, field, Reason::TooMany.saying("最多 20 人"));
        for (at, officer) in list.iter().enumerate() {
            wrong.require(desk::is_officer(officer), format!("{field}[{at}]"), Reason::OpterInvalid);
            wrong.require(!list[..at].contains(officer), format!("{field}[{at}]"), Reason::Duplicate);
        }
    }
}

fn check_officers([officers, recused]: [&[String]; 2], rule: &Checks, wrong: &mut Violations) {
    for (at, officer) in officers.iter().enumerate() {
        wrong.require(!recused.contains(officer), format!("officers[{at}]"), Reason::OfficerRecused);
    }
    if officers.len() < rule.officers as usize {
        wrong.push("officers", Reason::OfficersTooFew).with("needed", rule.officers);
    }
}

/// By plan: who stands in it, and was drawn, by officers who were drawn. Otherwise nothing is drawn.
async fn check_plan(
    audit: &Audit,
    request: &StartInspectionRequest,
    (area, start): (Area, Start),
    wrong: &mut Violations,
) -> Result<(), ServiceError> {
    let plan: Option<Plan> = store::find(&audit.db, &request.plan_id).await?;
    let plan = plan.filter(|plan| plan.head.area == area && !plan.withdrawn);
    let named = start == Start::Plan || !request.plan_id.is_empty();
    let known = wrong.require(
        !named || plan.is_some(),
        "plan_id",
        Reason::SubjectNotPlanned.saying("本地区没有该计划"),
    );
    let in_it = plan.as_ref().is_none_or(|plan| plan.subjects.contains_key(&request.subject));
    wrong.require(in_it, "subject", Reason::SubjectNotPlanned);
    let of_county = plan.as_ref().is_some_and(|plan| plan.kind == PlanKind::InternalControl);
    if start != Start::Plan || of_county {
        let idle = Reason::FieldNotExpected.saying("只有年度计划中的机构检查随机抽取");
        wrong.require(request.selection_id.is_empty(), "selection_id", idle.clone());
        wrong.require(request.officer_selection_id.is_empty(), "officer_selection_id", idle);
        let institution = of_county || is_fixmedins_code(&request.subject);
        wrong.require(institution, "subject", Reason::CodeUnknown);
    } else if known {
        let subject = std::slice::from_ref(&request.subject);
        let drawn =
            drawn(audit, &request.selection_id, (Purpose::Institutions, area), (subject, &[])).await?;
        wrong.require(drawn, "selection_id", Reason::NotDrawn);
        let of = (&request.officers[..], &request.recused[..]);
        let drawn = self::drawn(audit, &request.officer_selection_id, (Purpose::Officers, area), of).await?;
        wrong.require(drawn, "officer_selection_id", Reason::NotDrawn);
    }
    Ok(())
}

/// Whether a selection of the area that stands gives all these.
async fn drawn(
    audit: &Audit,
    id: &str,
    (purpose, area): (Purpose, Area),
    (wanted, recused): (&[String], &[String]),
) -> Result<bool, ServiceError> {
    let found: Option<Selection> = store::find(&audit.db, id).await?;
    let found = found.filter(|found| {
        found.purpose == purpose && found.head.area == area && found.state == selection::State::Drawn
    });
    let Some(found) = found else { return Ok(false) };
    let list: Option<List> = store::find(&audit.db, id).await?;
    Ok(list.is_some_and(|list| gives(&list.text, &found.seed, wanted, recused)))
}

/// Takes a step.
pub async fn advance_inspection(
    audit: &Audit,
    caller: &Caller,
    mut request: AdvanceInspectionRequest,
) -> Result<AdvanceInspectionResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    let asked = read(caller, &request, audit.clock.today(), &mut wrong);
    let found = known(caller, store::find(&audit.db, &request.inspection_id).await?)?;
    if roles(caller, &found).is_empty() {
        return Err(ServiceError::area_not_owned(found.head.area));
    }
    let asked = wrong.finish(asked)?;
    let step = (&request, &asked, caller);
    once::once(audit, &key, |write| Box::pin(advance(write, step))).await
}

async fn advance(
    write: Write<'_>,
    (request, asked, caller): (&AdvanceInspectionRequest, &Asked, &Caller),
) -> Result<Done<AdvanceInspectionResponse>, ServiceError> {
    let check = known(caller, store::hold(write.tx, &request.inspection_id).await?)?;
    desk::check_version(&check, request.version, asked.action == Action::TakeBack)?;
    let (rules, today, roles) =
        (write.service.plan_rules.current(), write.service.clock.today(), roles(caller, &check));
    let day = asked.day.unwrap_or(today);
    let rule: Checks = plan_rules::find(&rules, check.head.area, day)?;
    let occasion = occasion(&check, &rules, &rule, today);
    let next = check.case(occasion).next(asked.action, &roles).map_err(|refused| {
        let names: Vec<&str> = refused.allowed.iter().map(|action| action.name()).collect();
        desk::refused(&check, &names)
    })?;
    check_fit(write.service, (&check, asked, day), &rule).await?;
    let after = match asked.action {
        Action::TakeBack => {
            desk::before(write.tx, &check).await?.ok_or_else(|| desk::refused(&check, &[]))?
        }
        _ => {
            let after = check.after(asked, day, next.by, occasion);
            let state = if let yizhan_workflow::To::State(state) = next.to { state } else { check.state };
            Inspection { state, ..after }
        }
    };
    check_open(write.tx, &after).await?;
    let check = desk::record(write, after, asked.action.name(), &asked.said).await?;
    let inspection = Some(told(write.service, caller, &check)?);
    Ok(done(AdvanceInspectionResponse { inspection, replayed: false }))
}

/// What a check that comes back to life needs: its plan still has its subject.
async fn check_open(tx: &DatabaseTransaction, after: &Inspection) -> Result<(), ServiceError> {
    let plan: Option<Plan> = store::hold(tx, &after.plan_id).await?;
    let gone = plan.is_some_and(|plan| plan.withdrawn || !plan.subjects.contains_key(&after.subject));
    match gone && after.state != State::Cancelled {
        true => Err(ServiceError::invalid_field("inspection_id", Reason::SubjectNotPlanned)),
        false => Ok(()),
    }
}

/// What can only be said wrong of this check as it is.
async fn check_fit(
    audit: &Audit,
    (check, asked, day): (&Inspection, &Asked, NaiveDate),
    rule: &Checks,
) -> Result<(), ServiceError> {
    let mut wrong = Violations::new();
    let in_order = !moves_on(asked.action) || day >= check.last_day || asked.action == Action::Cancel;
    wrong.require(in_order, "day", Reason::DatesReversed);
    let finding = check.findings.iter().any(|finding| finding.finding_no == asked.finding_no);
    let named = matches!(asked.action, Action::NameCase | Action::DropFinding);
    wrong.require(!named || finding, "finding_no", Reason::CodeUnknown.saying("没有该编号的问题"));
    let many = asked.action == Action::AddFinding && check.findings.len() >= MAX_FINDINGS;
    wrong.require(!many, "reason", Reason::TooMany.saying("最多记录 200 个问题"));
    if asked.action == Action::Assign {
        let [officers, recused] = &asked.officers;
        check_officers([officers, recused], rule, &mut wrong);
        let selection = &check.selection_ids[1];
        let of = (&officers[..], &recused[..]);
        let drawn =
            selection.is_empty() || drawn(audit, selection, (Purpose::Officers, check.head.area), of).await?;
        wrong.require(drawn, "officers", Reason::NotDrawn);
    }
    wrong.none()
}

/// What is asked, and whether it says what the action needs and nothing else.
fn read(
    caller: &Caller,
    request: &AdvanceInspectionRequest,
    today: NaiveDate,
    wrong: &mut Violations,
) -> Option<Asked> {
    let action = Action::ALL.iter().copied().filter(|action| *action != Action::Start);
    let action = wrong.some(
        action.into_iter().find(|action| action.number() == request.action),
        "action",
        Reason::ActionUnknown,
    );
    let said = desk::said(caller, (&request.opter, &request.reason, &request.file_id), wrong);
    desk::number(&request.case_id, "case_id", wrong);
    officers([&request.officers, &request.recused], wrong);
    let day = Fields::of(wrong)
        .optional("day", &request.day, |fields, field, day| fields.past_date(field, day, today));
    let action = action?;
    if INSPECTIONS.says_why(action) {
        wrong.require(!request.reason.trim().is_empty(), "reason", Reason::ReasonRequired);
    }
    let paper = matches!(
        action,
        Action::GiveNotice
            | Action::RecordOnSite
            | Action::TellResult
            | Action::Handle
            | Action::ReportProgress
            | Action::Report
            | Action::Talk
    );
    let answered = action == Action::Answer && request.reason.trim().is_empty();
    wrong.require(
        !(paper || answered) || !request.file_id.is_empty(),
        "file_id",
        Reason::Required.saying("请填写文书编号"),
    );
    let case = action == Action::NameCase;
    wrong.require(!case || !request.case_id.is_empty(), "case_id", Reason::Required);
    let idle = [
        (moves_on(action) && !is_institution(caller), "day", request.day.is_empty()),
        (action == Action::Assign, "officers", request.officers.is_empty() && request.recused.is_empty()),
        (case || action == Action::DropFinding, "finding_no", request.finding_no == 0),
        (case, "case_id", request.case_id.is_empty()),
    ];
    for (_, field, _) in idle.into_iter().filter(|(expected, _, empty)| !expected && !empty) {
        wrong.push(field, Reason::FieldNotExpected);
    }
    let officers = [request.officers.clone(), request.recused.clone()];
    Some(Asked {
        action,
        said,
        day: day?,
        officers,
        finding_no: request.finding_no,
        case_id: request.case_id.clone(),
    })
}

fn is_institution(caller: &Caller) -> bool {
    caller.institution_code().is_some()
}

/// What the caller is to a check.
pub fn roles(caller: &Caller, check: &Inspection) -> Vec<Role> {
    let roles = [
        (caller.may_manage_area(check.head.area), Role::Office),
        (caller.institution_code() == Some(check.subject.as_str()), Role::Institution),
    ];
    roles.into_iter().filter(|(held, _)| *held).map(|(_, role)| role).collect()
}

/// A check that the caller may know of: who reads the area, and who is checked once they have notice.
pub fn known(caller: &Caller, found: Option<Inspection>) -> Result<Inspection, ServiceError> {
    let told = |check: &Inspection| !matches!(check.state, State::Preparing | State::Cancelled);
    let seen = found.filter(|check| {
        caller.may_read_area(check.head.area) || (!roles(caller, check).is_empty() && told(check))
    });
    seen.ok_or_else(|| ServiceError::new(Reason::InspectionUnknown, "no such check"))
}

fn occasion<'r>(check: &Inspection, rules: &Rules, rule: &'r Checks, today: NaiveDate) -> Occasion<'r> {
    let due =
        check.waits.map(|waits| plan_rules::due(rules, check.head.area, waits.since, waits.working_days));
    Occasion { today, due, rules: rule }
}

/// A check as the caller sees it.
pub fn told(
    audit: &Audit,
    caller: &Caller,
    check: &Inspection,
) -> Result<yizhan_proto::audit::v1::Inspection, ServiceError> {
    let (rules, today) = (audit.plan_rules.current(), audit.clock.today());
    let rule: Checks = plan_rules::find(&rules, check.head.area, today)?;
    let allowed = check.case(occasion(check, &rules, &rule, today)).allowed(&roles(caller, check));
    let seen = if caller.may_read_area(check.head.area) { check.clone() } else { check.for_the_checked() };
    Ok(inspection_message(&seen, &allowed, (&rules, today)))
}
