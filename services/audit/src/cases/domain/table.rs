//! The one table of steps of every kind of case: who may take which, from where, what it needs, where it leads.

use yizhan_workflow::{Step, To, Workflow, named, step};

named! {
    /// What a case is.
    Kind {
        Recovery = 1, "RECOVERY", "违规案件";
        Inspection = 2, "INSPECTION", "检查";
        Sample = 3, "SAMPLE", "抽样评审";
    }
}

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
        Preparing = 10, "PREPARING", "准备";
        Noticed = 11, "NOTICED", "已送达检查通知书";
        OnSite = 12, "ON_SITE", "现场检查";
        Answering = 13, "ANSWERING", "待陈述申辩";
        Considering = 14, "CONSIDERING", "待集体决策";
        Following = 15, "FOLLOWING", "待报告整改进展";
        Rectifying = 16, "RECTIFYING", "整改中";
        Reporting = 17, "REPORTING", "待书面报告";
        Closing = 18, "CLOSING", "待归档";
        Sampled = 19, "SAMPLED", "待评审";
        Passed = 20, "PASSED", "评审通过";
        Cancelled = 21, "CANCELLED", "已取消";
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
        Assign = 16, "ASSIGN", "更换检查人员";
        GiveNotice = 17, "GIVE_NOTICE", "送达检查通知书";
        RecordOnSite = 18, "RECORD_ON_SITE", "现场笔录";
        TellResult = 19, "TELL_RESULT", "反馈检查结果";
        Answer = 20, "ANSWER", "陈述申辩";
        CloseAnswering = 21, "CLOSE_ANSWERING", "逾期未申辩";
        Talk = 22, "TALK", "约谈";
        HandOver = 23, "HAND_OVER", "集体决策并移交";
        Clear = 24, "CLEAR", "未发现问题";
        ReportProgress = 25, "REPORT_PROGRESS", "报告整改进展";
        Finish = 26, "FINISH", "整改完成";
        Report = 27, "REPORT", "书面报告";
        Cancel = 28, "CANCEL", "取消";
        TakeBack = 29, "TAKE_BACK", "撤回上一步";
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
    /// No caller: the selection of a sample, which is given up.
    Selection,
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
    /// Not an officer who declared a stake in the check.
    NoStake,
    /// The day for the answer is over.
    DayOver,
    /// The last step of a check or sample was the agency's, and not the first.
    OwnStep,
}

const STEPS: &[Step<State, Action, Role, Need>] = {
    use {Action::*, Need::*, Role::*, State::*};
    const SUPPLEMENTED: &[State] =
        &[Screening, Review, ReReview, JointReview, OnSite, Answering, Considering];
    const CHECKED: &[Need] = &[NoStake, Paper];
    const BACK: &[State] = &[
        Preparing,
        Noticed,
        OnSite,
        Answering,
        Considering,
        Following,
        Rectifying,
        Reporting,
        Closing,
        Archived,
        Sampled,
        Passed,
        Screening,
    ];
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
        step(Correct, &[Dismissed], &[Higher], To::State(Screening))
            .needs(&[NotOwn, AnotherOfficer, Paper])
            .says_why()
            .aside(),
        step(Supplement, SUPPLEMENTED, &[Screener], To::Stay).needs(&[Paper]).aside(),
        step(Assign, &[Preparing, Noticed], &[Screener], To::Stay).says_why().aside(),
        step(GiveNotice, &[Preparing], &[Screener], To::State(Noticed)).needs(CHECKED),
        step(RecordOnSite, &[Noticed], &[Screener], To::State(OnSite)).needs(CHECKED),
        step(TellResult, &[OnSite], &[Screener], To::State(Answering)).needs(CHECKED),
        step(Answer, &[Answering], &[Institution, Screener], To::State(Considering)).says_why(),
        step(CloseAnswering, &[Answering], &[Screener], To::State(Considering)).needs(&[NoStake, DayOver]),
        step(Talk, &[Considering], &[Screener], To::State(Answering)).needs(CHECKED).aside(),
        step(HandOver, &[Considering], &[Screener], To::State(Following)).needs(CHECKED),
        step(Clear, &[Considering], &[Screener], To::State(Closing)).needs(&[NoStake]).says_why(),
        step(ReportProgress, &[Following], &[Screener], To::State(Rectifying)).needs(CHECKED),
        step(Finish, &[Rectifying], &[Screener], To::State(Reporting)).needs(&[NoStake]),
        step(Report, &[Reporting], &[Screener], To::State(Closing)).needs(CHECKED),
        step(Archive, &[Closing], &[Screener], To::State(Archived)).needs(&[NoStake]).says_why(),
        step(Cancel, &[Preparing, Noticed], &[Screener], To::State(Cancelled)).says_why().aside(),
        step(GiveOpinion, &[Sampled], &[Reviewer], To::OneOf(&[Sampled, Passed, Screening]))
            .needs(&[FirstOpinion])
            .says_why(),
        step(Cancel, &[Sampled], &[Selection], To::State(Cancelled)).says_why().aside(),
        step(TakeBack, BACK, &[Screener], To::OneOf(BACK)).needs(&[OwnStep]).says_why().aside(),
    ]
};

/// Cases of every kind, to the archive: violations from 立案 on, checks of institutions from 准备 on, samples from their draw on. What is archived
/// or dismissed can be corrected, or taken back.
pub const CASES: Workflow<State, Action, Role, Need> = Workflow {
    steps: STEPS,
    begins: &[State::Screening, State::Preparing, State::Sampled],
    ends: &[State::Cancelled],
};

impl State {
    /// Whether nobody goes on with it by themselves.
    pub fn is_closed(self) -> bool {
        matches!(self, State::Archived | State::Dismissed | State::Cancelled | State::Passed)
    }
}

impl Action {
    /// Whether it leads on from one state of a check to another, and so has a day of its own.
    pub fn moves_check(self) -> bool {
        self == Action::Archive || (self.number() > Action::Assign.number() && self != Action::TakeBack)
    }

    /// One that a caller takes, by its number in the contract.
    pub fn asked(number: i32) -> Option<Action> {
        CASES.actions(&Role::CALLERS).into_iter().find(|action| action.number() == number)
    }
}
