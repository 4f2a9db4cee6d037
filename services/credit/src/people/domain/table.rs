//! The one table of steps of a matter of conduct: who may take which, from where, where it leads.

use yizhan_workflow::{Never, Step, To, Workflow, named, step};

named! {
    /// Where a matter of conduct stands.
    State {
        Recorded = 1, "RECORDED", "已记录";
        Objected = 2, "OBJECTED", "异议中";
        Settled = 3, "SETTLED", "已生效";
        Struck = 4, "STRUCK", "异议成立";
        Withdrawn = 5, "WITHDRAWN", "已撤销";
    }
}

named! {
    /// A step.
    Action {
        Record = 1, "RECORD", "记录";
        Object = 2, "OBJECT", "提出异议";
        Uphold = 3, "UPHOLD", "异议成立";
        Refuse = 4, "REFUSE", "异议不成立";
        TakeBack = 5, "TAKE_BACK", "撤回上一步";
    }
}

/// What somebody is to a matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An officer of the agency that entered it.
    Officer,
    /// Whose conduct it is.
    Person,
}

const STEPS: &[Step<State, Action, Role, Never>] = {
    use {Action::*, Role::*, State::*};
    const BACK: &[State] = &[Recorded, Objected, Settled, Struck];
    &[
        step(Object, &[Recorded], &[Person, Officer], To::State(Objected)).says_why(),
        step(Uphold, &[Objected], &[Officer], To::State(Struck)).says_why(),
        step(Refuse, &[Objected], &[Officer], To::State(Settled)).says_why(),
        step(TakeBack, BACK, &[Officer], To::OneOf(BACK)).says_why().aside(),
    ]
};

/// Matters of conduct, until they are withdrawn.
pub const MATTERS: Workflow<State, Action, Role, Never> =
    Workflow { steps: STEPS, begins: &[State::Recorded], ends: &[] };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_no_flaw() {
        let all: Vec<State> = State::ALL.iter().copied().filter(|state| *state != State::Withdrawn).collect();
        assert!(MATTERS.flaws(&all).is_empty(), "{:?}", MATTERS.flaws(&all));
    }
}
