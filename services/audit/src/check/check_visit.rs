//! Checks a visit by the rules of its area.

use chrono::Days;
use sea_orm::ConnectionTrait;
use yizhan_proto::audit::v1::{
    CheckRequest, CheckResponse, Encounter, PreCheckRequest, PreCheckResponse, Violation,
};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};

use super::domain::{Looked, answered, in_order};
use super::store;
use crate::app::Audit;
use crate::rules::{self, Life, Stage, Visit};
use crate::visits;

/// 触发场景 of 事前提醒.
const BEFORE: [&str; 5] = ["1", "2", "3", "4", "5"];
/// 触发场景 of 事中审核.
const DURING: [&str; 5] = ["6", "7", "8", "9", "10"];

/// 事前提醒: whatever the rules say is told, and refuses nothing.
pub async fn pre_check(
    audit: &Audit,
    caller: &Caller,
    request: PreCheckRequest,
) -> Result<PreCheckResponse, ServiceError> {
    let mut wrong = Violations::new();
    wrong.require(BEFORE.contains(&request.trig_scen.as_str()), "trig_scen", Reason::CodeUnknown);
    let visit = visit_of(audit, caller, request.encounter, wrong)?;
    Ok(PreCheckResponse { result: violations(audit, &audit.db, visit, Stage::Before).await? })
}

/// 事中审核.
pub async fn check(
    audit: &Audit,
    caller: &Caller,
    request: CheckRequest,
) -> Result<CheckResponse, ServiceError> {
    let mut wrong = Violations::new();
    wrong.require(DURING.contains(&request.trig_scen.as_str()), "trig_scen", Reason::CodeUnknown);
    let visit = visit_of(audit, caller, request.encounter, wrong)?;
    Ok(CheckResponse { result: violations(audit, &audit.db, visit, Stage::During).await? })
}

/// The visit of a request, which must be the caller's; `wrong` is what is wrong with the rest of it.
pub fn visit_of(
    audit: &Audit,
    caller: &Caller,
    encounter: Option<Encounter>,
    mut wrong: Violations,
) -> Result<Visit, ServiceError> {
    let encounter = wrong.some(encounter, "encounter", Reason::Required);
    let visit = encounter.and_then(|encounter| visits::read(&encounter, audit.clock.today(), &mut wrong));
    let visit = wrong.finish(visit)?;
    let own = caller.may_act_for_institution(&visit.institution) || caller.may_manage_area(visit.area);
    let refused = || ServiceError::new(Reason::InstitutionNotOwn, "the visit is another institution's");
    own.then_some(visit).ok_or_else(refused)
}

/// What is against the active rules of the area, with what institutions answered.
pub async fn violations(
    audit: &Audit,
    db: &impl ConnectionTrait,
    visit: Visit,
    stage: Stage,
) -> Result<Vec<Violation>, ServiceError> {
    let rulebook = rules::rulebook(&audit.rules.current(), visit.area);
    let others = others(audit, db, &visit, rulebook.look_back_at(stage)).await?;
    let looked = Looked::at(visit, others);
    let found = rulebook.check(&looked.visit, &looked.earlier, stage);
    let active = found.iter().filter(|found| found.rule.life == Life::Active);
    let told = looked.told(active.map(|found| rules::violation(found, &looked.visit)));
    let answerable = told.iter().filter(|violation| violation.may_answer);
    let jr_ids = answerable.map(|violation| violation.jr_id.as_str()).collect();
    let reasons = store::reasons(db, jr_ids).await?;
    Ok(in_order(told.into_iter().map(|violation| answered(violation, &reasons)).collect()))
}

/// The person's other visits that audit has heard of, as far back as rules look; of a stay at least since it began, for the parts before it.
async fn others(
    audit: &Audit,
    db: &impl ConnectionTrait,
    visit: &Visit,
    days: u32,
) -> Result<Vec<Visit>, ServiceError> {
    if days == 0 && !visit.med_type.is_stay() {
        return Ok(Vec::new());
    }
    let from = visit.begin - Days::new(days.into());
    visits::earlier(db, &visit.psn_no, (from, audit.clock.today())).await
}
