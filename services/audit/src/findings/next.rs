//! What a finding comes to when its visit is looked at again.

use chrono::{DateTime, Utc};
use prost::Message;

use super::domain::{Origin, Raised, State};
use super::store::Model;

/// Why something is found again that was withdrawn, or carried out for a settlement that is no more.
const AGAIN: &str = "该就诊重新结算或数据变化后，问题仍然存在";
/// Why something is withdrawn.
const NO_MORE: &str = "所依据的结算已撤销，或数据变化后问题不再存在";

/// What is to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Next {
    /// The finding, a version on.
    pub row: Model,
    /// Why its state changed, if it did.
    pub why: Option<&'static str>,
}

/// What is to be written of a finding that is held, is raised now, or both; `None`: nothing. What somebody works on or has decided stays as it
/// is: only whether it still stands is noted.
pub fn next(held: Option<&Model>, raised: Option<&Raised>, at: DateTime<Utc>) -> Option<Next> {
    let Some(held) = held else {
        return raised.map(|raised| Next { row: new(raised, at), why: None });
    };
    let again = raised.is_some_and(|raised| raised.setl_id != held.setl_id);
    let (state, why) = match (State::of(held.state)?, raised.is_some()) {
        (State::Withdrawn, true) => (State::Open, Some(AGAIN)),
        (State::Settled, true) if again => (State::Open, Some(AGAIN)),
        (State::Open, false) => (State::Withdrawn, Some(NO_MORE)),
        (state, _) => (state, None),
    };
    let mut row = match (state, raised) {
        // What settlement was told of says more, such as the institution's answer.
        (State::Open, Some(raised))
            if raised.origin != Origin::Screening || held.origin != Origin::Check.number() =>
        {
            Model {
                found_at: held.found_at,
                changed_at: held.changed_at,
                version: held.version,
                ..new(raised, at)
            }
        }
        (State::Open | State::InCase | State::Dismissed, Some(raised)) => {
            Model { setl_id: raised.setl_id.clone(), enddate: raised.enddate.clone(), ..held.clone() }
        }
        _ => held.clone(),
    };
    row.stands = raised.is_some();
    row.state = state.number();
    if state == State::Open {
        row.case_id.clear();
    }
    if row == *held {
        return None;
    }
    row.version = held.version + 1;
    if why.is_some() {
        row.changed_at = at;
    }
    Some(Next { row, why })
}

fn new(raised: &Raised, at: DateTime<Utc>) -> Model {
    let [fixmedins_code, mdtrt_id] = raised.key.clone();
    Model {
        jr_id: raised.violation.jr_id.clone(),
        version: 1,
        state: State::Open.number(),
        origin: raised.origin.number(),
        shadow: raised.shadow,
        stands: true,
        poolarea_no: raised.poolarea_no.clone(),
        fixmedins_code,
        mdtrt_id,
        setl_id: raised.setl_id.clone(),
        enddate: raised.enddate.clone(),
        rule_id: raised.violation.rule_id.clone(),
        violation: raised.violation.encode_to_vec(),
        case_id: String::new(),
        found_at: at,
        changed_at: at,
    }
}
