//! The one table of steps of a points matter: who may take which, from where, what it needs, where it leads.

use yizhan_workflow::{Step, To, Workflow, named, step};

named! {
    /// Where a points matter stands.
    State {
        Decided = 1, "DECIDED", "已作出";
        Noticed = 2, "NOTICED", "已制作通知书";
        Delivered = 3, "DELIVERED", "已送达";
        Appealed = 4, "APPEALED", "申诉中";
        Appraised = 5, "APPRAISED", "专家鉴定";
        Settled = 6, "SETTLED", "已生效";
        Restoring = 7, "RESTORING", "申请恢复";
        Repairing = 8, "REPAIRING", "申请修复";
        Withdrawn = 9, "WITHDRAWN", "已撤销";
    }
}

named! {
    /// A step.
    Action {
        Decide = 1, "DECIDE", "记分";
        Notice = 2, "NOTICE", "制作处理通知书";
        Deliver = 3, "DELIVER", "送达";
        Appeal = 4, "APPEAL", "申诉";
        Appraise = 5, "APPRAISE", "委托专家鉴定";
        ReturnAppraisal = 6, "RETURN_APPRAISAL", "鉴定意见";
        DecideAppeal = 7, "DECIDE_APPEAL", "申诉决定";
        ApplyRestore = 8, "APPLY_RESTORE", "申请恢复";
        Restore = 9, "RESTORE", "同意恢复";
        RefuseRestore = 10, "REFUSE_RESTORE", "不同意恢复";
        ApplyRepair = 11, "APPLY_REPAIR", "申请修复";
        Repair = 12, "REPAIR", "同意修复";
        RefuseRepair = 13, "REFUSE_REPAIR", "不同意修复";
        TakeBack = 14, "TAKE_BACK", "撤回上一步";
    }
}

/// What somebody is to a matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An officer of the area's agency.
    Officer,
    /// The institution where it was done, for the practitioner.
    Institution,
}

/// What a step needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The practitioner is suspended.
    Suspended,
    /// The suspension ends soon enough for restoring to be applied for.
    EndsSoon,
    /// The decision is long enough ago for a repair to be applied for.
    LongEnough,
}

const STEPS: &[Step<State, Action, Role, Need>] = {
    use {Action::*, Need::*, Role::*, State::*};
    const BACK: &[State] = &[Decided, Noticed, Delivered, Appealed, Appraised, Settled, Restoring, Repairing];
    &[
        step(Notice, &[Decided], &[Officer], To::State(Noticed)),
        step(Deliver, &[Noticed], &[Officer], To::State(Delivered)),
        step(Appeal, &[Delivered], &[Institution, Officer], To::State(Appealed)).says_why(),
        step(Appraise, &[Appealed], &[Officer], To::State(Appraised)).aside(),
        step(ReturnAppraisal, &[Appraised], &[Officer], To::State(Appealed)),
        step(DecideAppeal, &[Appealed], &[Officer], To::State(Settled)).says_why(),
        step(ApplyRestore, &[Settled], &[Institution, Officer], To::State(Restoring))
            .needs(&[Suspended, EndsSoon])
            .aside(),
        step(Restore, &[Restoring], &[Officer], To::State(Settled)).needs(&[Suspended]),
        step(RefuseRestore, &[Restoring], &[Officer], To::State(Settled)).says_why(),
        step(ApplyRepair, &[Settled], &[Institution, Officer], To::State(Repairing))
            .needs(&[LongEnough])
            .aside(),
        step(Repair, &[Repairing], &[Officer], To::State(Settled)),
        step(RefuseRepair, &[Repairing], &[Officer], To::State(Settled)).says_why(),
        step(TakeBack, BACK, &[Officer], To::OneOf(BACK)).says_why().aside(),
    ]
};

/// Points matters, until they are withdrawn.
pub const MATTERS: Workflow<State, Action, Role, Need> =
    Workflow { steps: STEPS, begins: &[State::Decided], ends: &[] };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_no_flaw() {
        let all: Vec<State> = State::ALL.iter().copied().filter(|state| *state != State::Withdrawn).collect();
        assert!(MATTERS.flaws(&all).is_empty(), "{:?}", MATTERS.flaws(&all));
    }
}
