//! Checks of institutions: 准备 → 实施 → 处理 → 归档.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use yizhan_workflow::{Case, Step, To, Workflow, step};

use super::{Columns, Head, Kept, Said, Waits};
use crate::plan_rules::Checks;

yizhan_workflow::named! {
    /// What a check begins with.
    #[derive(Serialize, Deserialize)]
    Start {
        Plan = 1, "PLAN", "年度计划";
        Report = 2, "REPORT", "举报线索";
        Screening = 3, "SCREENING", "大数据筛查";
        Media = 4, "MEDIA", "媒体曝光";
        Other = 5, "OTHER", "其他";
    }
}

yizhan_workflow::named! {
    /// Where it stands.
    #[derive(Serialize, Deserialize)]
    State {
        Preparing = 1, "PREPARING", "准备";
        Noticed = 2, "NOTICED", "已送达检查通知书";
        OnSite = 3, "ON_SITE", "现场检查";
        Answering = 4, "ANSWERING", "待陈述申辩";
        Handling = 5, "HANDLING", "待处理";
        Following = 6, "FOLLOWING", "待报告整改进展";
        Rectifying = 7, "RECTIFYING", "整改中";
        Reporting = 8, "REPORTING", "待书面报告";
        Closing = 9, "CLOSING", "待归档";
        Archived = 10, "ARCHIVED", "已归档";
        Cancelled = 11, "CANCELLED", "已取消";
    }
}

yizhan_workflow::named! {
    /// What is done.
    Action {
        Start = 1, "START", "启动";
        Assign = 2, "ASSIGN", "更换检查人员";
        GiveNotice = 3, "GIVE_NOTICE", "送达检查通知书";
        RecordOnSite = 4, "RECORD_ON_SITE", "现场笔录";
        TellResult = 5, "TELL_RESULT", "反馈检查结果";
        AddFinding = 6, "ADD_FINDING", "记录问题";
        NameCase = 7, "NAME_CASE", "关联案件";
        DropFinding = 8, "DROP_FINDING", "撤销问题";
        Answer = 9, "ANSWER", "陈述申辩";
        CloseAnswering = 10, "CLOSE_ANSWERING", "逾期未申辩";
        Handle = 11, "HANDLE", "集体决策并移交";
        Clear = 12, "CLEAR", "未发现问题";
        ReportProgress = 13, "REPORT_PROGRESS", "报告整改进展";
        Finish = 14, "FINISH", "整改完成";
        Report = 15, "REPORT", "书面报告";
        Archive = 16, "ARCHIVE", "归档";
        Cancel = 17, "CANCEL", "取消";
        TakeBack = 18, "TAKE_BACK", "撤回上一步";
        Talk = 19, "TALK", "约谈";
    }
}

/// Who somebody is to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The agency that checks.
    Office,
    /// Who is checked.
    Institution,
}

/// What a step needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// As many officers as the area asks for, none with a stake.
    Officers,
    /// Findings stand, and each has its case.
    Cases,
    /// No finding stands.
    NoFinding,
    /// The day for the answer is over.
    DayOver,
    /// The last step was the agency's, and not the first.
    OwnStep,
}

const STEPS: &[Step<State, Action, Role, Need>] = {
    use {Action::*, Need::*, Role::*, State::*};
    const BACK: &[State] = &[
        Preparing, Noticed, OnSite, Answering, Handling, Following, Rectifying, Reporting, Closing, Archived,
        Cancelled,
    ];
    const FOUND: &[State] = &[OnSite, Answering, Handling];
    &[
        step(Assign, &[Preparing, Noticed], &[Office], To::Stay).says_why().aside(),
        step(GiveNotice, &[Preparing], &[Office], To::State(Noticed)).needs(&[Officers]),
        step(RecordOnSite, &[Noticed], &[Office], To::State(OnSite)).needs(&[Officers]),
        step(AddFinding, FOUND, &[Office], To::Stay).says_why().aside(),
        step(NameCase, FOUND, &[Office], To::Stay).aside(),
        step(DropFinding, FOUND, &[Office], To::Stay).says_why().aside(),
        step(TellResult, &[OnSite], &[Office], To::State(Answering)),
        step(Answer, &[Answering], &[Institution, Office], To::State(Handling)),
        step(CloseAnswering, &[Answering], &[Office], To::State(Handling)).needs(&[DayOver]),
        step(Talk, &[Handling], &[Office], To::State(Answering)).aside(),
        step(Handle, &[Handling], &[Office], To::State(Following)).needs(&[Cases]),
        step(Clear, &[Handling], &[Office], To::State(Closing)).needs(&[NoFinding]).says_why(),
        step(ReportProgress, &[Following], &[Office], To::State(Rectifying)),
        step(Finish, &[Rectifying], &[Office], To::State(Reporting)),
        step(Report, &[Reporting], &[Office], To::State(Closing)),
        step(Archive, &[Closing], &[Office], To::State(Archived)),
        step(Cancel, &[Preparing, Noticed], &[Office], To::State(Cancelled)).says_why().aside(),
        step(TakeBack, BACK, &[Office], To::OneOf(BACK)).needs(&[OwnStep]).says_why().aside(),
    ]
};

/// From naming the officers to the archive. There is no end that a mistake could not be taken back from.
pub const INSPECTIONS: Workflow<State, Action, Role, Need> =
    Workflow { steps: STEPS, begins: &[State::Preparing], ends: &[] };

/// What was found on site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// From 1 on.
    pub finding_no: i32,
    /// What.
    pub text: String,
    /// The paper.
    pub file_id: String,
    /// The case it became.
    pub case_id: String,
}

/// A check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspection {
    /// What all have alike.
    pub head: Head,
    /// Who is checked.
    pub subject: String,
    /// What it began with.
    pub start: Start,
    /// Why.
    pub basis: String,
    /// The plan it is of.
    pub plan_id: String,
    /// What drew the subject, and the officers.
    pub selection_ids: [String; 2],
    /// Who checks.
    pub officers: Vec<String>,
    /// Who has a stake.
    pub recused: Vec<String>,
    /// Where it stands.
    pub state: State,
    /// The day of the last step that led on.
    pub last_day: NaiveDate,
    /// The day the result was told.
    pub result_on: Option<NaiveDate>,
    /// What is waited for.
    pub waits: Option<Waits>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// Numbers of findings are not given twice.
    pub last_finding: i32,
    /// Whether it answered late.
    pub answered_late: bool,
    /// Whether the last step was the institution's.
    pub answered_itself: bool,
}

impl Kept for Inspection {
    const KIND: i32 = 3;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self) -> &mut Head {
        &mut self.head
    }

    fn state(&self) -> (i32, &'static str) {
        (self.state.number(), self.state.name())
    }

    fn columns(&self) -> Columns {
        let (parent, subject) = (self.plan_id.clone(), self.subject.clone());
        Columns { parent, subject, day: self.result_on, waits: self.waits }
    }
}

/// A step that is to be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What.
    pub action: Action,
    /// Why, by whom, with what paper.
    pub said: Said,
    /// The day it was; `None`: today.
    pub day: Option<NaiveDate>,
    /// Other officers, and who has a stake.
    pub officers: [Vec<String>; 2],
    /// Which finding.
    pub finding_no: i32,
    /// The case it became.
    pub case_id: String,
}

/// What holds when it is taken.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'r> {
    /// Today.
    pub today: NaiveDate,
    /// The last day for what is waited for.
    pub due: Option<NaiveDate>,
    /// The rules of the area on the day of the step.
    pub rules: &'r Checks,
}

impl Inspection {
    /// The check as its table sees it.
    pub fn case<'c>(
        &'c self,
        occasion: Occasion<'c>,
    ) -> Case<'c, State, Action, Role, Need, impl Fn(Need) -> bool> {
        INSPECTIONS.case(self.state, move |need| match need {
            Need::Officers => officers_fit(&self.officers, &self.recused, occasion.rules),
            Need::Cases => {
                !self.findings.is_empty() && self.findings.iter().all(|found| !found.case_id.is_empty())
            }
            Need::NoFinding => self.findings.is_empty(),
            Need::DayOver => occasion.due.is_some_and(|due| due < occasion.today),
            Need::OwnStep => self.head.standing.len() > 1 && !self.answered_itself,
        })
    }

    /// As who is checked sees it: not who reported them or has a stake, and what was found once it was told.
    pub fn for_the_checked(&self) -> Inspection {
        let findings = if self.result_on.is_some() { self.findings.clone() } else { Vec::new() };
        Inspection { basis: String::new(), recused: Vec::new(), findings, ..self.clone() }
    }

    /// The check behind a step that leads on or changes what was found; taking back is not one of them.
    pub fn after(&self, asked: &Asked, day: NaiveDate, by: Role, occasion: Occasion) -> Inspection {
        let mut after = self.clone();
        let wait = |working_days| Some(Waits { since: day, working_days });
        let rules = occasion.rules;
        after.answered_itself = by == Role::Institution;
        if moves_on(asked.action) {
            (after.last_day, after.waits) = (day, None);
        }
        match asked.action {
            Action::Assign => [after.officers, after.recused] = asked.officers.clone(),
            Action::TellResult => (after.result_on, after.waits) = (Some(day), wait(rules.answer_days)),
            Action::Talk => after.waits = wait(rules.talk_days),
            Action::AddFinding => {
                after.last_finding += 1;
                after.findings.push(Finding {
                    finding_no: after.last_finding,
                    text: asked.said.reason.clone(),
                    file_id: asked.said.file_id.clone(),
                    case_id: String::new(),
                });
            }
            Action::NameCase => {
                let found = after.findings.iter_mut().find(|found| found.finding_no == asked.finding_no);
                found.into_iter().for_each(|found| found.case_id.clone_from(&asked.case_id));
            }
            Action::DropFinding => after.findings.retain(|found| found.finding_no != asked.finding_no),
            Action::Answer => after.answered_late |= occasion.due.is_some_and(|due| due < day),
            Action::Handle => after.waits = wait(rules.progress_days),
            Action::Finish => after.waits = wait(rules.report_days),
            _ => {}
        }
        after
    }
}

/// Whether an action leads on, and so has a day of its own.
pub fn moves_on(action: Action) -> bool {
    let leads = |step: &&Step<State, Action, Role, Need>| matches!(step.to, To::State(_));
    INSPECTIONS.steps.iter().filter(leads).any(|step| step.action == action)
}

/// As many as the area asks for, none of them with a stake.
pub fn officers_fit(officers: &[String], recused: &[String], rules: &Checks) -> bool {
    officers.len() >= rules.officers as usize && !officers.iter().any(|officer| recused.contains(officer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_good() {
        assert_eq!(INSPECTIONS.flaws(State::ALL), [""; 0]);
        assert!(moves_on(Action::Answer) && moves_on(Action::Cancel));
        assert!(![Action::Assign, Action::AddFinding, Action::TakeBack].into_iter().any(moves_on));
    }

    #[test]
    fn institutions_only_answer() {
        assert_eq!(INSPECTIONS.actions(&[Role::Institution]), [Action::Answer]);
    }
}
