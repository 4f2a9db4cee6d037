//! The one table of steps of an item.

use yizhan_workflow::{Step, To, Workflow, named, step};

named! {
    /// Why somebody is on the worklist.
    Kind {
        OwnShare = 1, "OWN_SHARE", "高额费用";
        InsuredAfterDeath = 2, "INSURED_AFTER_DEATH", "死亡后参保";
        InsuredTwice = 3, "INSURED_TWICE", "重复参保";
    }
}

named! {
    /// How far an item was worked on.
    State {
        New = 1, "NEW", "待核实";
        Seen = 2, "SEEN", "已核实";
        Contacted = 3, "CONTACTED", "已联系";
        Applied = 4, "APPLIED", "已申请";
        Granted = 5, "GRANTED", "已救助";
        Declined = 6, "DECLINED", "未予救助";
        Closed = 7, "CLOSED", "已办结";
    }
}

named! {
    /// A step.
    Action {
        See = 1, "SEE", "核实";
        Contact = 2, "CONTACT", "联系";
        Apply = 3, "APPLY", "申请";
        Grant = 4, "GRANT", "救助";
        Decline = 5, "DECLINE", "不予救助";
        Close = 6, "CLOSE", "办结";
        Reopen = 7, "REOPEN", "重新办理";
        Follow = 8, "FOLLOW", "随数据变化";
    }
}

/// Who takes steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An officer of the area's agency.
    Officer,
}

/// What a step needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// What the item rests on stands.
    Stands,
    /// It is of an own share: of who is insured wrongly nobody asks for assistance.
    OwnShare,
}

const STEPS: &[Step<State, Action, Role, Need>] = {
    use {Action::*, Need::*, Role::*, State::*};
    &[
        step(See, &[New], &[Officer], To::State(Seen)).needs(&[Stands]),
        step(Contact, &[New, Seen], &[Officer], To::State(Contacted)).needs(&[Stands]),
        step(Apply, &[New, Seen, Contacted], &[Officer], To::State(Applied)).needs(&[OwnShare, Stands]),
        step(Grant, &[Applied], &[Officer], To::State(Granted)),
        step(Decline, &[New, Seen, Contacted], &[Officer], To::State(Declined))
            .needs(&[OwnShare, Stands])
            .says_why(),
        step(Decline, &[Applied], &[Officer], To::State(Declined)).says_why(),
        step(Close, &[New, Seen, Contacted, Applied], &[Officer], To::State(Closed)).says_why(),
        step(Reopen, &[Granted, Declined, Closed], &[Officer], To::State(Seen)).says_why().aside(),
    ]
};

/// Items, until they come to an end, which may be taken back.
pub const ITEMS: Workflow<State, Action, Role, Need> =
    Workflow { steps: STEPS, begins: &[State::New], ends: &[] };

impl State {
    /// As it is stored; what is no state was never.
    pub fn stored(number: i32) -> State {
        State::of(number).unwrap_or(State::Closed)
    }

    /// Whether somebody brought it to an end.
    pub fn is_over(self) -> bool {
        matches!(self, State::Granted | State::Declined | State::Closed)
    }
}

/// Whether it is to be worked on: what has come to an end is not, nor what does not stand any more, unless an application runs.
pub fn is_open(state: State, stands: bool) -> bool {
    !state.is_over() && (stands || state == State::Applied)
}
