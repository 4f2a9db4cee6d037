//! Why steps are refused, as callers and people at a counter read it.

use yizhan_runtime::{Reason, ServiceError};
use yizhan_workflow::{Refused, Why};

use super::case::Case;
use super::table::{Action, Need, State};

/// As it is told, with where the case stands and what the caller may do.
pub fn refusal(case: &Case, action: Action, refused: Refused<State, Action, Need>) -> ServiceError {
    let Refused { state, why, allowed } = refused;
    let error = match why {
        Why::NotInThisState if action == Action::Appeal => too_late(case),
        Why::Needs(need) => needs(case, need),
        Why::NotByThisRole | Why::NotInThisState => None,
    };
    let names: Vec<&str> = allowed.iter().map(|action| action.name()).collect();
    error
        .unwrap_or_else(|| step_refused(state, &allowed))
        .with("case_id", &case.told.case_id)
        .with("state", state.name())
        .with("allowed_actions", names.join(","))
}

fn step_refused(state: State, allowed: &[Action]) -> ServiceError {
    let captions: Vec<&str> = allowed.iter().map(|action| action.label()).collect();
    let now = if captions.is_empty() {
        "没有可办理的操作".to_owned()
    } else {
        format!("可以：{}", captions.join("、"))
    };
    let told = "the case does not allow this step to this caller in the state it is in";
    ServiceError::new(Reason::CaseStepRefused, told)
        .with_text(format!("该案件现为“{}”，不能办理此操作；{now}", state.label()))
}

/// The institution was silent until its last day.
fn too_late(case: &Case) -> Option<ServiceError> {
    let last_day = case.inside.silent_since?;
    let error = ServiceError::new(Reason::AppealTooLate, format!("the appeal was to come by {last_day}"))
        .with_text(format!("申诉应在 {last_day} 前（含当日）提出，已视为认可"));
    Some(error.with("last_day", last_day))
}

fn needs(case: &Case, need: Need) -> Option<ServiceError> {
    let error = match need {
        Need::NotOwn => ServiceError::new(Reason::OwnCase, "nobody reviews what they entered themselves"),
        Need::AnotherOfficer => {
            ServiceError::new(Reason::ReviewedBefore, "each review is by another officer")
        }
        Need::Evidence | Need::Paper => {
            ServiceError::new(Reason::EvidenceRequired, "a paper is needed for this step")
        }
        Need::FirstOpinion => ServiceError::new(Reason::OpinionGiven, "the expert has given an opinion"),
        Need::Opinions => {
            let (needed, given) = (case.told.opinions_needed, case.told.opinions.len());
            ServiceError::new(Reason::OpinionsMissing, format!("{given} of {needed} opinions were given"))
                .with_text(format!("会审需要 {needed} 份意见，已有 {given} 份"))
        }
        Need::Booked => {
            ServiceError::new(Reason::RecoveryOpen, "settlement has not told of every recovery yet")
        }
        Need::NoStake => {
            ServiceError::new(Reason::OfficerHasStake, "the officer declared a stake in the check")
        }
        Need::DayOver | Need::OwnStep => return None,
    };
    Some(error)
}
