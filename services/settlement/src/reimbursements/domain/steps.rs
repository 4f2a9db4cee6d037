//! Taking a step.

use chrono::{DateTime, NaiveDate, Utc};
use yizhan_proto::settlement::v1::{Reimbursement, ReimbursementStep};
use yizhan_runtime::clock::{parse_date, timestamp};
use yizhan_runtime::{Caller, Reason, ServiceError};
use yizhan_terms::Area;
use yizhan_workflow::{Refused, To, Why};

use super::table::{Action, Need, REIMBURSEMENTS, Role, State};

/// Who takes a step.
#[derive(Clone, Debug)]
pub struct Actor {
    who: String,
    opter: String,
}

impl Actor {
    /// A caller, acting as this officer.
    pub fn of(caller: &Caller, opter: &str) -> Actor {
        let opter = if matches!(caller, Caller::Person { .. }) { "" } else { opter };
        Actor { who: caller.to_string(), opter: opter.to_owned() }
    }

    /// No caller: a run that this officer makes, confirms or has a payment of returned.
    pub fn run(opter: &str) -> Actor {
        Actor { who: "run".to_owned(), opter: opter.to_owned() }
    }

    fn took(&self, step: &ReimbursementStep) -> bool {
        let same = self.opter == step.opter;
        same && (!self.opter.is_empty() || self.who == step.actor)
    }
}

/// Where an application stands; what is none was never stored.
pub fn state(of: &Reimbursement) -> State {
    State::of(of.state).unwrap_or(State::Withdrawn)
}

/// Everything that a caller is to an application.
pub fn roles(of: &Reimbursement, caller: &Caller) -> Vec<Role> {
    let own = matches!(caller, Caller::Person { psn_no } if *psn_no == of.psn_no);
    let officer = caller.may_manage_area(Area::parse(&of.poolarea_no));
    [(own, Role::Applicant), (officer, Role::Officer)]
        .into_iter()
        .filter(|(held, _)| *held)
        .map(|(_, role)| role)
        .collect()
}

/// Where a step would lead.
///
/// # Errors
/// Where the table does not have it for this caller now, with what it has.
pub fn next(
    of: &Reimbursement,
    action: Action,
    (roles, actor): (&[Role], &Actor),
    today: NaiveDate,
) -> Result<To<State>, ServiceError> {
    let case = REIMBURSEMENTS.case(state(of), |need| meets(of, need, actor, today));
    case.next(action, roles).map(|next| next.to).map_err(|refused| refusal(of, refused))
}

fn meets(of: &Reimbursement, need: Need, actor: &Actor, today: NaiveDate) -> bool {
    let took = |actions: &[Action]| {
        let theirs = of.steps.iter().filter(|step| actions.iter().any(|one| one.number() == step.action));
        theirs.into_iter().any(|step| actor.took(step))
    };
    match need {
        Need::NotOwn => !took(&[Action::Submit, Action::Supplement]),
        Need::AnotherOfficer => !took(&[Action::Pass]),
        Need::FirstAsk => of.supplement_date.is_empty(),
        Need::SupplementOver => parse_date(&of.supplement_date).is_none_or(|last| last < today),
        Need::NotListed => of.run_id.is_empty(),
        Need::NotReversed => of.reversal_setl_id.is_empty(),
    }
}

/// What a step says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said<'s> {
    /// Why.
    pub reason: &'s str,
    /// By which paper.
    pub file_id: &'s str,
    /// What it does to what is owed.
    pub owed_fen: i64,
}

/// Takes a step that leads there.
pub fn take(
    of: &mut Reimbursement,
    (action, to): (Action, State),
    actor: &Actor,
    said: Said<'_>,
    now: DateTime<Utc>,
) {
    let from_state = of.state;
    (of.state, of.version) = (to.number(), of.version + 1);
    of.owed_fen += said.owed_fen;
    of.steps.push(ReimbursementStep {
        step_no: of.version,
        action: action.number(),
        from_state,
        to_state: of.state,
        actor: actor.who.clone(),
        opter: actor.opter.clone(),
        reason: said.reason.to_owned(),
        file_id: said.file_id.to_owned(),
        owed_fen: said.owed_fen,
        recorded_at: Some(timestamp(now)),
    });
}

/// Where something is owed to the person, by them, or neither: of what stands, and of what was reversed.
pub fn settled(of: &Reimbursement, owed_fen: i64) -> State {
    match owed_fen {
        ..0 => State::Owing,
        0 if of.reversal_setl_id.is_empty() => State::Closed,
        0 => State::Reversed,
        1.. => State::Approved,
    }
}

fn refusal(of: &Reimbursement, refused: Refused<State, Action, Need>) -> ServiceError {
    let Refused { state, why, allowed } = refused;
    let error = match why {
        Why::Needs(need) => needs(of, need),
        Why::NotByThisRole | Why::NotInThisState => {
            let captions: Vec<&str> = allowed.iter().map(|action| action.label()).collect();
            let now = if captions.is_empty() {
                "没有可办理的操作".to_owned()
            } else {
                format!("可以：{}", captions.join("、"))
            };
            ServiceError::new(
                Reason::ReimbursementStepRefused,
                "not this step, by this caller, in this state",
            )
            .with_text(format!("该报销申请现为“{}”，不能办理此操作；{now}", state.label()))
        }
    };
    let names: Vec<&str> = allowed.iter().map(|action| action.name()).collect();
    error
        .with("reimbursement_id", &of.reimbursement_id)
        .with("state", state.name())
        .with("allowed_actions", names.join(","))
}

fn needs(of: &Reimbursement, need: Need) -> ServiceError {
    match need {
        Need::NotOwn => ServiceError::new(Reason::OwnReimbursement, "nobody reviews what they took in"),
        Need::AnotherOfficer => {
            ServiceError::new(Reason::SameReviewer, "the two reviews are by two officers")
        }
        Need::FirstAsk => ServiceError::new(Reason::AskedBefore, "what lacks is asked for once"),
        Need::SupplementOver => {
            ServiceError::new(Reason::SupplementOpen, "the applicant has time for what was asked for")
                .with_text(format!("补正期限为 {}，期满前不能以材料不全为由不予报销", of.supplement_date))
                .with("last_day", &of.supplement_date)
        }
        Need::NotListed => {
            ServiceError::new(Reason::ReimbursementListed, "a run holds it").with("run_id", &of.run_id)
        }
        Need::NotReversed => ServiceError::new(Reason::AlreadyReversed, "the settlement was reversed")
            .with("reversal_setl_id", &of.reversal_setl_id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn officer(opter: &str) -> Actor {
        Actor { who: "agency:430200".to_owned(), opter: opter.to_owned() }
    }

    /// An application that A took in and B passed.
    fn passed() -> Reimbursement {
        let mut of = Reimbursement { state: State::FirstReview.number(), ..Reimbursement::default() };
        for (action, to, opter) in
            [(Action::Submit, State::FirstReview, "A"), (Action::Pass, State::SecondReview, "B")]
        {
            take(&mut of, (action, to), &officer(opter), Said::default(), DateTime::UNIX_EPOCH);
        }
        of
    }

    fn refused(of: &Reimbursement, action: Action, by: (&[Role], &str), today: &str) -> Option<&'static str> {
        let outcome = next(of, action, (by.0, &officer(by.1)), day(today));
        outcome.err().map(|error| error.reason().code())
    }

    #[test]
    fn the_reviews_are_by_two_officers_who_did_not_take_it_in() {
        let of = passed();
        let officers: &[Role] = &[Role::Officer];
        for (opter, expected) in [("A", Some("OWN_REIMBURSEMENT")), ("B", Some("SAME_REVIEWER")), ("C", None)]
        {
            for action in [Action::Approve, Action::SendBack, Action::Refuse] {
                assert_eq!(
                    refused(&of, action, (officers, opter), "2026-03-02"),
                    expected,
                    "{action:?} {opter}"
                );
            }
        }
        assert_eq!(
            refused(&of, Action::Pass, (officers, "C"), "2026-03-02"),
            Some("REIMBURSEMENT_STEP_REFUSED")
        );
        assert_eq!(
            refused(&of, Action::Approve, (&[Role::Applicant], "C"), "2026-03-02"),
            Some("REIMBURSEMENT_STEP_REFUSED")
        );
    }

    #[test]
    fn what_lacks_is_asked_for_once_and_may_be_brought_until_its_day() {
        let waiting = Reimbursement {
            state: State::Waiting.number(),
            supplement_date: "2026-03-10".to_owned(),
            ..Reimbursement::default()
        };
        let officers: &[Role] = &[Role::Officer];
        assert_eq!(refused(&waiting, Action::Refuse, (officers, "B"), "2026-03-10"), Some("SUPPLEMENT_OPEN"));
        assert_eq!(refused(&waiting, Action::Refuse, (officers, "B"), "2026-03-11"), None);
        let brought = Reimbursement { state: State::FirstReview.number(), ..waiting };
        assert_eq!(refused(&brought, Action::Ask, (officers, "B"), "2026-03-11"), Some("ASKED_BEFORE"));
    }

    #[test]
    fn what_is_owed_says_where_it_stands() {
        let mut of = passed();
        assert_eq!([1, 0].map(|owed| settled(&of, owed)), [State::Approved, State::Closed]);
        of.reversal_setl_id = "S2".to_owned();
        assert_eq!([-1, 0].map(|owed| settled(&of, owed)), [State::Owing, State::Reversed]);
    }
}
