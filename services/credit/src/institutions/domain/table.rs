//! The one table of steps of assessments and of conduct: who may take which, from where, what it needs, where it leads.

use yizhan_workflow::{Step, To, Workflow, named, step};

named! {
    /// Where a matter stands.
    State {
        Proposed = 1, "PROPOSED", "已初评";
        Noticed = 2, "NOTICED", "已告知";
        Objected = 3, "OBJECTED", "异议中";
        ObjectionDecided = 4, "OBJECTION_DECIDED", "异议已处理";
        Final = 5, "FINAL", "已定级";
        Recorded = 6, "RECORDED", "已记录";
        Repairing = 7, "REPAIRING", "申请修复";
        Repaired = 8, "REPAIRED", "已修复";
        Withdrawn = 9, "WITHDRAWN", "已撤销";
    }
}

named! {
    /// A step.
    Action {
        Propose = 1, "PROPOSE", "初评";
        Notice = 2, "NOTICE", "告知";
        Object = 3, "OBJECT", "异议";
        DecideObjection = 4, "DECIDE_OBJECTION", "异议处理";
        Finalise = 5, "FINALISE", "定级";
        Record = 6, "RECORD", "记录行为";
        ApplyRepair = 7, "APPLY_REPAIR", "申请修复";
        Repair = 8, "REPAIR", "同意修复";
        RefuseRepair = 9, "REFUSE_REPAIR", "不同意修复";
        TakeBack = 10, "TAKE_BACK", "撤回上一步";
    }
}

/// What somebody is to a matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An officer of the area's agency.
    Officer,
    /// The institution itself.
    Institution,
}

/// What a step needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The last day of an objection has not passed.
    InTime,
    /// It has.
    TimeOver,
    /// No conduct in so many months as the scheme asks for.
    Clean,
    /// Something is left that could be repaired.
    Left,
}

const STEPS: &[Step<State, Action, Role, Need>] = {
    use {Action::*, Need::*, Role::*, State::*};
    const BACK: &[State] =
        &[Proposed, Noticed, Objected, ObjectionDecided, Final, Recorded, Repairing, Repaired];
    &[
        step(Notice, &[Proposed], &[Officer], To::State(Noticed)),
        step(Object, &[Noticed], &[Institution, Officer], To::State(Objected))
            .needs(&[InTime])
            .says_why()
            .aside(),
        step(DecideObjection, &[Objected], &[Officer], To::State(ObjectionDecided)).says_why(),
        step(Finalise, &[Noticed], &[Officer], To::State(Final)).needs(&[TimeOver]),
        step(Finalise, &[ObjectionDecided], &[Officer], To::State(Final)),
        step(ApplyRepair, &[Recorded, Repaired], &[Institution, Officer], To::State(Repairing))
            .needs(&[Left, Clean])
            .aside(),
        step(Repair, &[Repairing], &[Officer], To::State(Repaired)).needs(&[Clean]),
        step(RefuseRepair, &[Repairing], &[Officer], To::OneOf(&[Recorded, Repaired])).says_why(),
        step(TakeBack, BACK, &[Officer], To::OneOf(BACK)).says_why().aside(),
    ]
};

/// Assessments and conduct, until they are withdrawn.
pub const MATTERS: Workflow<State, Action, Role, Need> =
    Workflow { steps: STEPS, begins: &[State::Proposed, State::Recorded], ends: &[] };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_no_flaw() {
        let all: Vec<State> = State::ALL.iter().copied().filter(|state| *state != State::Withdrawn).collect();
        assert!(MATTERS.flaws(&all).is_empty(), "{:?}", MATTERS.flaws(&all));
    }
}
