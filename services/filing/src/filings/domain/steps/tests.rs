//! Which steps there are in which state, for somebody who may do everything; and what no caller can bring about but must not happen.

use chrono::DateTime;
use yizhan_terms::{FilingKind, FilingMaterial, Insutype};

use super::*;
use crate::filings::domain::filing::Actor;
use crate::rules::{Requirement, SupplyDays};

const NANCHANG: Area = Area::parse("360100").unwrap();
const SHANGHAI: Area = Area::parse("310000").unwrap();

fn everybody() -> Relation {
    Relation { roles: Role::CALLERS.to_vec(), same_officer: false, window: true }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn paper(material: FilingMaterial) -> Material {
    Material { material, file_id: String::new(), verified: false, late: false }
}

fn filing(state: State) -> Filing {
    let requirement = Requirement {
        one_of: vec![FilingMaterial::ResidenceProof],
        may_be_promised: true,
        may_come_later: false,
    };
    Filing {
        filing_id: "F".into(),
        psn_no: "P1".into(),
        merged_from: Vec::new(),
        poolarea_no: NANCHANG,
        insutype: Insutype::Employee,
        kind: FilingKind::Resident,
        place: SHANGHAI,
        begndate: day("2025-06-18"),
        enddate: None,
        state,
        requirements: vec![requirement],
        materials: vec![paper(FilingMaterial::CommitmentLetter)],
        supply_by: (state == State::Provisional).then(|| day("2025-12-15")),
        referral: None,
        replaces: None,
        replaced_by: None,
        ended_on: None,
        locked_until: Some(day("2025-07-31")),
        handling_area: NANCHANG,
        clock_from: day("2025-06-18"),
        working_days: 2,
        supply_days: SupplyDays { promised: 180, missing: 15 },
        submitted_at: DateTime::UNIX_EPOCH,
        submitted_by: Actor::of_no_office("person"),
        decided_at: None,
        dcla_souc: "04".into(),
        rule: String::new(),
        citation: String::new(),
        foreign_id: None,
        version: 1,
    }
}

fn told(filing: &Filing, today: &str) -> String {
    let today = day(today);
    FILINGS
        .case(filing.state_on(today), |need| meets(filing, need, false, today))
        .allowed(&Role::CALLERS)
        .into_iter()
        .map(Action::name)
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn each_state_has_its_steps() {
    for &state in State::ALL {
        let expected = match state {
            State::Submitted => "ACCEPT RETURN SUPPLY HAND_OVER WITHDRAW",
            State::Accepted => "COMPLETE REJECT RETURN SUPPLY HAND_OVER WITHDRAW",
            State::Returned => "SUPPLY WITHDRAW",
            State::InForce => "CANCEL",
            State::Provisional => "SUPPLY HAND_OVER CANCEL",
            _ => "",
        };
        assert_eq!(told(&filing(state), "2025-08-01"), expected, "{state:?}");
    }
}

#[test]
fn what_came_can_be_looked_at_and_what_is_locked_cannot_be_cancelled() {
    let mut filing = filing(State::Provisional);
    assert_eq!(told(&filing, "2025-07-31"), "SUPPLY HAND_OVER");
    filing.materials.push(paper(FilingMaterial::ResidenceProof));
    assert_eq!(told(&filing, "2025-07-31"), "COMPLETE RETURN SUPPLY HAND_OVER");
    // Nobody looked; the last day for it counts no more.
    assert_eq!(told(&filing, "2026-01-01"), "COMPLETE RETURN SUPPLY HAND_OVER CANCEL");
}

#[test]
fn what_time_has_ended_takes_no_step() {
    assert_eq!(told(&filing(State::Provisional), "2025-12-15"), "SUPPLY HAND_OVER CANCEL");
    assert_eq!(told(&filing(State::Provisional), "2025-12-16"), "");
}

/// Submission does not let it through; should a filing come here all the same, it is not completed.
#[test]
fn nothing_is_completed_without_what_can_neither_wait_nor_be_promised() {
    let mut filing = filing(State::Accepted);
    filing.materials.clear();
    assert_eq!(told(&filing, "2025-08-01"), "REJECT RETURN SUPPLY HAND_OVER WITHDRAW");
    let step = Step { action: Action::Complete, reason: String::new(), materials: Vec::new(), to_area: None };
    let actor = Actor { who: "agency:360100".into(), opter: "B".into() };
    let occasion = Occasion { today: day("2025-08-01"), now: DateTime::UNIX_EPOCH, actor };
    let refused = take(filing.clone(), &step, &everybody(), None, &occasion).unwrap_err();
    assert_eq!(
        (refused.reason().code(), refused.metadata()["one_of"].as_str()),
        ("MATERIAL_MISSING", "residence_proof")
    );
    filing.requirements[0].may_come_later = true;
    let taken = take(filing, &step, &everybody(), None, &occasion).unwrap();
    assert_eq!(taken[0].after.supply_by, Some(day("2025-08-16")), "15 days for what is simply missing");
}
