//! A case: what is told of it, and what only its officers' steps ask about.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use yizhan_proto::audit::v1::{Case as Told, CaseAmount, CaseLine};
use yizhan_runtime::Caller;
use yizhan_terms::Area;

use super::table::{Kind, Role, State};
use crate::findings::may_see_area;
use crate::plan_rules::{Checks, Terms};

/// Longest number of a paper, finding, rule or case.
pub const MAX_ID: usize = 64;

/// Whether a text can be the id of a case.
pub fn is_id(text: &str) -> bool {
    text.len() <= MAX_ID && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// A case of an area, mostly about one institution, as it was left: ask [`on`](super::on) whether time has passed over it.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// What is told of it; the day for its next step is not in it.
    pub told: Told,
    /// The rest.
    pub inside: Inside,
}

/// What is not told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inside {
    /// 统筹区 that paid.
    pub area: Area,
    /// 违规标识 of the findings it is about.
    pub findings: Vec<String>,
    /// All of it was found by audit itself: nobody entered it.
    pub found: bool,
    /// How many working days there are for each step, and how many opinions are needed, as the rule said when it was opened.
    pub terms: Terms,
    /// The same of checks, and how many officers there are at least.
    pub checks: Checks,
    /// Working days for the review of a sample.
    pub review_days: u32,
    /// The day from which on the time for the next step is counted: of a check that of the last step that led on.
    pub clock_from: NaiveDate,
    /// So many working days there are for the step that is next; 0: nobody counts them.
    pub working_days: u32,
    /// Officers who entered something: lines or papers.
    pub entered: Vec<Actor>,
    /// Who decided in 初审.
    pub screened_by: Option<Actor>,
    /// Who decided in 复核, then in 复审, each time.
    pub decided_by: Vec<Actor>,
    /// What was confirmed of each line, fen: the institution was told so, and no decision goes above it. Empty before.
    pub confirmed_fen: Vec<i64>,
    /// The last day of the appeal, once that is over without one.
    pub silent_since: Option<NaiveDate>,
    /// Of a check whose officers were drawn: of each stratum how many, and whom in the order of the draw.
    pub drawn: Vec<(usize, Vec<String>)>,
    /// Steps of a check or sample that can be taken back; empty of what cannot.
    pub standing: Vec<i32>,
    /// The last step of a check was the institution's, and stays.
    pub answered_itself: bool,
}

/// Who acts: no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// As the caller header says it; `clock` and `service:settlement` act too.
    pub who: String,
    /// 经办人编号; empty where no officer acts.
    pub opter: String,
}

impl Actor {
    /// The caller, acting as this officer.
    pub fn of(caller: &Caller, opter: &str) -> Actor {
        Actor { who: caller.to_string(), opter: opter.to_owned() }
    }

    /// Whether it is the same officer, also where they act for an office above or below.
    pub fn is(&self, other: &Actor) -> bool {
        let area =
            |actor: &Actor| actor.who.strip_prefix("agency:").and_then(Area::parse).unwrap_or(Area::NATION);
        self.opter == other.opter && !self.opter.is_empty() && area(self).overlaps(area(other))
    }
}

impl Case {
    /// Where it was left; what is no state was never stored.
    pub fn state(&self) -> State {
        State::of(self.told.state).unwrap_or(State::Dismissed)
    }

    /// What it is; what is no kind was never stored.
    pub fn kind(&self) -> Kind {
        Kind::of(self.told.kind).unwrap_or(Kind::Recovery)
    }

    /// Puts it where it goes on from, since this day.
    pub fn move_to(&mut self, state: State, since: NaiveDate) {
        (self.told.state, self.inside.clock_from) = (state.number(), since);
        let Inside { terms, checks, review_days, .. } = &self.inside;
        self.inside.working_days = match state {
            State::Screening => terms.screening_days,
            State::Review => terms.review_days,
            State::Appealable => terms.appeal_days,
            State::ReReview | State::JointReview => terms.re_review_days,
            State::Feedback => terms.feedback_days,
            State::Handling => terms.handling_days,
            State::Answering => checks.answer_days,
            State::Following => checks.progress_days,
            State::Reporting => checks.report_days,
            State::Sampled => *review_days,
            _ => 0,
        };
    }

    /// What is decided to be wrong: lines with an amount.
    pub fn decided(&self) -> impl Iterator<Item = (&CaseLine, &CaseAmount)> {
        self.told.lines.iter().zip(&self.told.amounts).filter(|(_, amount)| amount.amount_fen > 0)
    }

    /// Whether settlement has told of everything that it was to recover; `wholly`: that it recovered it.
    pub fn is_booked(&self, wholly: bool) -> bool {
        let told = |line: &CaseLine| {
            let of_line = |one: &&_| is_line(one, line);
            let found = self.told.recoveries.iter().find(of_line);
            found.is_some_and(|told| !wholly || told.refusal.is_empty())
        };
        self.decided().all(|(line, _)| told(line))
    }

    /// Everything that a caller, acting as this officer, is to it.
    pub fn roles(&self, caller: &Caller, opter: &str) -> Vec<Role> {
        let officer = caller.may_manage_area(self.inside.area);
        let local = matches!(caller, Caller::LocalAdministrator);
        let above = caller.owned_area().is_some_and(|own| own != self.inside.area);
        let roles = [
            (officer, Role::Screener),
            (officer, Role::Reviewer),
            (officer && self.told.experts.iter().any(|expert| expert == opter), Role::Expert),
            (local || self.is_of(caller), Role::Institution),
            (local || officer && above, Role::Higher),
        ];
        roles.into_iter().filter(|(held, _)| *held).map(|(_, role)| role).collect()
    }

    /// Whether the caller is its institution.
    pub fn is_of(&self, caller: &Caller) -> bool {
        caller.institution_code().is_some_and(|code| code == self.told.fixmedins_code)
    }

    /// Whether the institution was told of it.
    pub fn is_told(&self) -> bool {
        let begun = !matches!(self.state(), State::Preparing | State::Cancelled);
        if self.kind() == Kind::Inspection { begun } else { !self.inside.confirmed_fen.is_empty() }
    }

    /// Whether the caller may see it: who sees the findings of the area, and the institution once it was told.
    pub fn is_seen_by(&self, caller: &Caller) -> bool {
        may_see_area(caller, &self.told.poolarea_no) || self.is_told() && self.is_of(caller)
    }
}

/// Whether a draw, of each stratum how many and whom in its order, gives all these, if those who are recused are passed over and who comes next
/// takes their place.
pub fn gives(drawn: &[(usize, Vec<String>)], wanted: &[String], recused: &[String]) -> bool {
    let given = |(count, ids): &(usize, Vec<String>)| -> Vec<String> {
        ids.iter().filter(|id| !recused.contains(id)).take(*count).cloned().collect()
    };
    let given: Vec<String> = drawn.iter().flat_map(given).collect();
    wanted.iter().all(|id| given.contains(id))
}

fn is_line(told: &yizhan_proto::audit::v1::CaseRecovery, line: &CaseLine) -> bool {
    (&told.setl_id, &told.feedetl_sn) == (&line.setl_id, &line.feedetl_sn)
}
