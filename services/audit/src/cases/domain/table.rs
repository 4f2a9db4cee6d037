//! The one table of steps: who may take which, from where, what it needs, where it leads.

use yizhan_workflow::{Step, To, Workflow, named, step};

named! {
    /// Where a case stands.
    State {
        Screening = 1, "SCREENING", "初审";
        Review = 2, "REVIEW", "复核";
        Appealable = 3, "APPEALABLE", "申诉期";
        ReReview = 4, "RE_REVIEW", "复审";
        JointReview = 5, "JOINT_REVIEW", "会审";
        Feedback = 6, "FEEDBACK", "反馈";
        Handling = 7, "HANDLING", "处理";
        Archived = 8, "ARCHIVED", "归档";
        Dismissed = 9, "DISMISSED", "不予处理";
    }
}

named! {
    /// A step.
    Action {
        Open = 1, "OPEN", "立案";
        Supplement = 2, "SUPPLEMENT", "补充材料";
        Screen = 3, "SCREEN", "初审通过";
        Confirm = 4, "CONFIRM", "复核通过";
        Return = 5, "RETURN", "退回初审";
        Dismiss = 6, "DISMISS", "不予处理";
        Appeal = 7, "APPEAL", "申诉";
        Accept = 8, "ACCEPT", "认可";
        Convene = 9, "CONVENE", "提请会审";
        GiveOpinion = 10, "GIVE_OPINION", "会审意见";
        Decide = 11, "DECIDE", "复审决定";
        Tell = 12, "TELL", "反馈";
        Book = 13, "BOOK", "追回入账";
        Archive = 14, "ARCHIVE", "归档";
        Correct = 15, "CORRECT", "纠正";
    }
}

/// What somebody is to a case. One may be several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An officer of the area's agency.
    Screener,
    /// The same, as who reviews what others decided.
    Reviewer,
    /// An officer who was named in a joint review.
    Expert,
    /// The institution.
    Institution,
    /// An agency above the area.
    Higher,
    /// No caller: time.
    Clock,
    /// No caller: settlement, which tells what it recovered.
    Settlement,
}

impl Role {
    /// What callers can be.
    pub const CALLERS: [Role; 5] =
        [Role::Screener, Role::Reviewer, Role::Expert, Role::Institution, Role::Higher];
    /// Whose queue it is.
    pub const OFFICERS: [Role; 3] = [Role::Screener, Role::Reviewer, Role::Expert];
}

/// What a step needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Not an officer who entered something of the case.
    NotOwn,
    /// Not an officer who decided in an earlier review of it.
    AnotherOfficer,
    /// A paper, or that every line is a finding.
    Evidence,
    /// A paper with this step.
    Paper,
    /// So many opinions as are needed.
    Opinions,
    /// The expert gave none yet.
    FirstOpinion,
    /// Settlement has told of everything.
    Booked,
}

const STEPS: &[Step<State, Action, Role, Need>] = {
    use {Action::*, Need::*, Role::*, State::*};
    &[
        step(Screen, &[Screening], &[Screener], To::State(Review)).needs(&[NotOwn, Evidence]),
        step(Confirm, &[Review], &[Reviewer], To::State(Appealable)).needs(&[NotOwn, AnotherOfficer]),
        step(Return, &[Review], &[Reviewer], To::State(Screening))
            .needs(&[NotOwn, AnotherOfficer])
            .says_why()
            .aside(),
        step(Dismiss, &[Screening], &[Screener], To::State(Dismissed)).needs(&[NotOwn]).says_why(),
        step(Dismiss, &[Review], &[Reviewer], To::State(Dismissed))
            .needs(&[NotOwn, AnotherOfficer])
            .says_why(),
        step(Appeal, &[Appealable], &[Institution], To::State(ReReview)).needs(&[Paper]).says_why(),
        step(Accept, &[Appealable], &[Institution, Clock], To::State(Feedback)),
        step(Convene, &[ReReview], &[Reviewer], To::State(JointReview))
            .needs(&[NotOwn, AnotherOfficer])
            .aside(),
        step(GiveOpinion, &[JointReview], &[Expert], To::Stay).needs(&[FirstOpinion]).says_why(),
        step(Decide, &[ReReview], &[Reviewer], To::State(Feedback))
            .needs(&[NotOwn, AnotherOfficer])
            .says_why(),
        step(Decide, &[JointReview], &[Reviewer], To::State(Feedback))
            .needs(&[NotOwn, AnotherOfficer, Opinions])
            .says_why(),
        step(Dismiss, &[ReReview], &[Reviewer], To::State(Dismissed))
            .needs(&[NotOwn, AnotherOfficer])
            .says_why(),
        step(Dismiss, &[JointReview], &[Reviewer], To::State(Dismissed))
            .needs(&[NotOwn, AnotherOfficer, Opinions])
            .says_why(),
        step(Tell, &[Feedback], &[Screener], To::State(Handling)),
        step(Book, &[Handling], &[Settlement], To::OneOf(&[Handling, Archived])).aside(),
        step(Archive, &[Handling], &[Screener], To::State(Archived)).needs(&[Booked]).says_why(),
        step(Correct, &[Handling, Archived], &[Higher], To::State(ReReview))
            .needs(&[NotOwn, AnotherOfficer, Paper])
            .says_why()
            .aside(),
        step(Supplement, &[Screening, Review, ReReview, JointReview], &[Screener], To::Stay)
            .needs(&[Paper])
            .aside(),
    ]
};

/// Cases, from the officer who opens one to the archive; what is archived can be corrected.
pub const CASES: Workflow<State, Action, Role, Need> =
    Workflow { steps: STEPS, begins: &[State::Screening], ends: &[State::Dismissed] };

impl State {
    /// By its number in the contract; what is none was never stored.
    pub fn of(number: i32) -> State {
        State::ALL.iter().copied().find(|state| state.number() == number).unwrap_or(State::Dismissed)
    }

    /// Whether nobody goes on with it by themselves.
    pub fn is_closed(self) -> bool {
        matches!(self, State::Archived | State::Dismissed)
    }
}

impl Action {
    /// One that a caller takes, by its number in the contract.
    pub fn asked(number: i32) -> Option<Action> {
        CASES.actions(&Role::CALLERS).into_iter().find(|action| action.number() == number)
    }
}
