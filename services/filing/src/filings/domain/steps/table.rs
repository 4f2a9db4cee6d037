//! The one table of steps: who may take which, from where, what it needs, where it leads.

use yizhan_workflow::{Step, To, Workflow, step};

use crate::filings::domain::step::Action;
use crate::standings::State;

/// What somebody is to a filing. One may be several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The person filed for.
    Person,
    /// Whoever submitted it, whichever officer.
    Submitter,
    /// May submit for this person, and so hand in papers.
    Filer,
    /// The office that has it.
    Office,
    /// The home area, or an office inside it that has it.
    Home,
    /// No caller: the rules, by which what needs nobody to look at it is completed at once.
    Rule,
    /// No caller: time.
    Clock,
    /// No caller: a filing that takes its place.
    Successor,
    /// No caller: what became of the person in enrollment's register.
    Enrollment,
}

impl Role {
    /// What callers can be.
    pub const CALLERS: [Role; 5] = [Role::Person, Role::Submitter, Role::Filer, Role::Office, Role::Home];
    /// Who decides.
    pub const OFFICES: [Role; 2] = [Role::Office, Role::Home];
}

/// What a step needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// What was to come has come, and nobody has looked at it yet.
    SomethingToLookAt,
    /// A paper that nobody has settled.
    UnsettledPaper,
    /// Something is still to come.
    SomethingMissing,
    /// Not the officer who submitted it.
    AnotherOfficer,
    /// Every paper that can neither come later nor be promised.
    Papers,
    /// The time in which it can be neither changed nor cancelled is over.
    Unlocked,
}

const STEPS: &[Step<State, Action, Role, Need>] = {
    use {Action::*, Need::*, Role::*, State::*};
    &[
        step(Accept, &[Submitted], &[Office], To::State(Accepted)),
        step(Complete, &[Accepted], &[Home], To::OneOf(&[InForce, Provisional]))
            .needs(&[AnotherOfficer, Papers]),
        step(Complete, &[Provisional], &[Home], To::OneOf(&[InForce, Provisional])).needs(&[
            SomethingToLookAt,
            AnotherOfficer,
            Papers,
        ]),
        step(Reject, &[Accepted], &[Home], To::State(Rejected)).needs(&[AnotherOfficer]).says_why(),
        step(Return, &[Submitted, Accepted], &[Office], To::State(Returned)).says_why().aside(),
        step(Return, &[Provisional], &[Office], To::Stay).needs(&[UnsettledPaper]).says_why().aside(),
        step(Supply, &[Returned], &[Filer], To::OneOf(&[Submitted, Accepted])),
        step(Supply, &[Provisional], &[Filer], To::Stay).needs(&[SomethingMissing]),
        step(Supply, &[Submitted, Accepted, Provisional], &[Filer], To::Stay).aside(),
        step(HandOver, &[Submitted, Accepted, Provisional], &[Office, Home], To::Stay).says_why().aside(),
        step(Withdraw, &[Submitted, Accepted, Returned], &[Person, Submitter, Home], To::State(Withdrawn))
            .says_why()
            .aside(),
        step(Cancel, &[InForce, Provisional], &[Person, Home], To::State(Cancelled))
            .needs(&[Unlocked])
            .says_why()
            .aside(),
        step(Complete, &[Submitted], &[Rule], To::OneOf(&[InForce, Provisional])).aside(),
        step(Expire, &[InForce, Provisional], &[Clock], To::State(Expired)).aside(),
        step(Lapse, &[Provisional], &[Clock], To::State(Lapsed)).aside(),
        step(Replace, &[InForce, Provisional], &[Successor], To::State(Replaced)).aside(),
        step(Follow, &[Submitted, Accepted, Returned], &[Enrollment], To::State(Withdrawn)).aside(),
        step(Follow, &[InForce, Provisional], &[Enrollment], To::State(Cancelled)).aside(),
    ]
};

/// Filings, from the window to the day on which they cover nothing any more. What is taken over from an earlier system begins in force; that
/// a filing follows a person whose record was merged moves no state and is no row.
pub const FILINGS: Workflow<State, Action, Role, Need> = {
    use State::*;
    Workflow {
        steps: STEPS,
        begins: &[Submitted, InForce],
        ends: &[Rejected, Withdrawn, Cancelled, Replaced, Expired, Lapsed],
    }
};

#[cfg(test)]
mod tests {
    use super::Action::{Cancel, Withdraw};
    use super::*;

    #[test]
    fn the_table_is_good() {
        assert_eq!(FILINGS.flaws(State::ALL), [""; 0]);
    }

    /// What lies below the table knows these states by themselves: as standings do.
    #[test]
    fn open_is_what_can_be_withdrawn_and_in_force_what_can_be_cancelled() {
        let can_be = |action, state| {
            FILINGS.steps.iter().any(|step| step.action == action && step.from.contains(&state))
        };
        for &state in State::ALL {
            assert_eq!(state.is_open(), can_be(Withdraw, state), "{state:?}");
            assert_eq!(state.is_in_force(), can_be(Cancel, state), "{state:?}");
        }
    }

    #[test]
    fn nothing_waits_for_an_office_that_it_cannot_decide() {
        assert_eq!(
            FILINGS.waits_for(&Role::OFFICES),
            [State::Submitted, State::Accepted, State::Provisional]
        );
    }
}
