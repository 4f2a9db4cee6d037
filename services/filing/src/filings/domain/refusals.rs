//! Why steps are refused, as callers and people at a counter read it.

use yizhan_runtime::{Reason, ServiceError, Violations};
use yizhan_terms::{Area, FilingMaterial};

use super::filing::{Filing, Material, State, kinds};
use super::step::Action;
use crate::rules::Requirement;

/// The step is not for this state, or not for this caller.
pub fn step_refused(state: State, allowed: &[Action]) -> ServiceError {
    let captions: Vec<&str> = allowed.iter().map(|action| action.label()).collect();
    let now = if captions.is_empty() {
        "没有可办理的操作".to_owned()
    } else {
        format!("可以：{}", captions.join("、"))
    };
    ServiceError::new(
        Reason::FilingStepRefused,
        "the filing does not allow this step to this caller in the state it is in",
    )
    .with_text(format!("该备案现为“{}”，不能办理此操作；{now}", state.label()))
}

/// 属地办理.
pub fn not_home_area(filing: &Filing) -> ServiceError {
    ServiceError::new(Reason::NotHomeArea, format!("{} decides on this filing", filing.poolarea_no))
        .with_text("该备案由参保地经办机构办理（异地受理、属地办理）")
        .with("poolarea_no", filing.poolarea_no)
}

/// Nobody decides what they submitted.
pub fn own_submission() -> ServiceError {
    ServiceError::new(Reason::OwnSubmission, "an officer does not decide on what they submitted")
}

/// What was to come can come no more.
pub fn supplement_too_late(filing: &Filing) -> ServiceError {
    let last_day = filing.last_day().map(|day| day.to_string()).unwrap_or_default();
    ServiceError::new(
        Reason::SupplementTooLate,
        format!("the papers were to come by {last_day}; the filing has lapsed"),
    )
    .with_text(format!("材料应在 {last_day} 前补齐，该备案已失效，请重新办理备案"))
    .with("supply_by", last_day)
}

/// Something is missing that can neither come later nor be promised.
pub fn material_missing(filing: &Filing) -> ServiceError {
    let missing: Vec<String> = filing.missing().map(Requirement::label).collect();
    let codes: Vec<String> = filing.missing().map(Requirement::codes).collect();
    ServiceError::new(
        Reason::MaterialMissing,
        "papers are missing that can neither come later nor be promised",
    )
    .with_text(format!("缺少材料：{}", missing.join("；")))
    .with("one_of", codes.join(","))
}

/// Handed over to where it is.
pub fn office_has_it(area: Area) -> ServiceError {
    ServiceError::new(Reason::OfficeHasIt, "this office has the filing").with("handling_area", area)
}

/// Once accepted, it stays in the home area.
pub fn office_not_at_home(filing: &Filing) -> ServiceError {
    ServiceError::new(
        Reason::OfficeNotAtHome,
        "once accepted, a filing is handed over within the home area only",
    )
    .with("poolarea_no", filing.poolarea_no)
}

/// Once a filing is in force, only what is missing, or waits to be looked at, may come; a commitment comes too late.
pub fn check_wanted(filing: &Filing, papers: &[Material]) -> Result<(), ServiceError> {
    let mut wrong = Violations::new();
    for (at, paper) in papers.iter().enumerate() {
        let settled = |requirement: &&Requirement| {
            requirement.one_of.contains(&paper.material)
                && requirement.is_met_by(kinds(filing.materials.iter().filter(|held| !held.is_unsettled())))
        };
        let idle = paper.material == FilingMaterial::CommitmentLetter
            || filing.requirements.iter().find(settled).is_some();
        let text = format!("该备案不缺{}，无需补充", paper.material.label());
        wrong.require(!idle, format!("materials[{at}].material"), Reason::MaterialNotMissing.saying(text));
    }
    wrong.none()
}
