//! An assessment, or conduct, as its entries leave it.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use yizhan_documents::value::plain_number;
use yizhan_proto::credit::v1::{Entry, EntryKind};
use yizhan_rules::months::{day_after, last_day_after};
use yizhan_runtime::clock::parse_date;

use super::facts::{repairs, year_of};
use super::table::{Action, Need, State};
use crate::schemes::scorecard::Scorecard;

/// Steps with the entries they write, and where these leave a matter.
const STEPS: [(Action, EntryKind, State); 9] = [
    (Action::Propose, EntryKind::GradeProposed, State::Proposed),
    (Action::Notice, EntryKind::GradeNoticed, State::Noticed),
    (Action::Object, EntryKind::GradeObjected, State::Objected),
    (Action::DecideObjection, EntryKind::GradeObjectionDecided, State::ObjectionDecided),
    (Action::Finalise, EntryKind::GradeFinal, State::Final),
    (Action::Record, EntryKind::Conduct, State::Recorded),
    (Action::ApplyRepair, EntryKind::ConductRepairApplied, State::Repairing),
    (Action::Repair, EntryKind::ConductRepaired, State::Repaired),
    (Action::RefuseRepair, EntryKind::ConductRepairRefused, State::Recorded),
];

/// The entry that a step writes; none of taking back, which withdraws.
pub fn kind_of(action: Action) -> Option<EntryKind> {
    STEPS.iter().find(|step| step.0 == action).map(|step| step.1)
}

/// Whether an entry begins a matter of these.
pub fn begins(entry: &Entry) -> bool {
    matches!(entry.kind(), EntryKind::GradeProposed | EntryKind::Conduct)
}

/// A matter among everything that stands about the institution in its area.
#[derive(Clone, Copy, Debug)]
pub struct Matter<'e> {
    standing: &'e [&'e Entry],
    id: &'e str,
}

impl<'e> Matter<'e> {
    /// Among these.
    pub fn of(standing: &'e [&'e Entry], id: &'e str) -> Matter<'e> {
        Matter { standing, id }
    }

    /// The assessment of a year, if one stands.
    pub fn of_year(standing: &'e [&'e Entry], year: i32) -> Option<Matter<'e>> {
        let of_it =
            |entry: &&&Entry| entry.kind() == EntryKind::GradeProposed && year_of(entry) == Some(year);
        standing.iter().find(of_it).map(|entry| Matter { standing, id: &entry.matter_id })
    }

    fn entries(&self) -> impl DoubleEndedIterator<Item = &'e Entry> {
        let id = self.id;
        self.standing.iter().copied().filter(move |entry| entry.matter_id == id)
    }

    /// Its id.
    pub fn id(&self) -> &'e str {
        self.id
    }

    /// The last step and where it left the matter.
    pub fn last(&self) -> Option<(&'e Entry, State)> {
        // What an objection undid is nothing any more, whatever was repaired of it.
        self.entries().find(|entry| begins(entry))?;
        let (entry, state) = self.entries().rev().find_map(|entry| {
            let step = STEPS.iter().find(|step| step.1 == entry.kind())?;
            Some((entry, step.2))
        })?;
        // What was repaired before stays so when more is refused.
        let before = state == State::Recorded && !repairs(self.standing, self.id).is_empty();
        Some((entry, if before { State::Repaired } else { state }))
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.last().map_or(State::Withdrawn, |(_, state)| state)
    }

    /// The day of the last step.
    pub fn last_day(&self) -> Option<NaiveDate> {
        self.last().and_then(|(entry, _)| parse_date(&entry.decided_on))
    }

    /// Of an assessment the last entry that has a score and a grade.
    pub fn assessed(&self) -> Option<&'e Entry> {
        use EntryKind::{GradeFinal, GradeObjectionDecided, GradeProposed};
        self.entries()
            .rev()
            .find(|entry| matches!(entry.kind(), GradeProposed | GradeObjectionDecided | GradeFinal))
    }

    /// Of conduct what it cost when it was recorded, and what of that was repaired.
    pub fn points(&self) -> (Decimal, Decimal) {
        let act = self.entries().find(|entry| entry.kind() == EntryKind::Conduct);
        let points = act.and_then(|act| plain_number(&act.value)).unwrap_or_default();
        (points, repairs(self.standing, self.id).into_iter().sum())
    }

    /// The last day for the step that is next; of who was told, for an objection.
    pub fn due(&self, scheme: &Scorecard, add: impl Fn(NaiveDate, u32) -> NaiveDate) -> Option<NaiveDate> {
        let days = match self.state() {
            State::Proposed => scheme.notice_days,
            State::Noticed => scheme.objection_days,
            State::Objected => scheme.decision_days,
            State::Repairing => scheme.repair_review_days,
            State::ObjectionDecided | State::Final | State::Recorded | State::Repaired | State::Withdrawn => {
                return None;
            }
        };
        Some(add(self.last_day()?, days))
    }

    /// Whether a step's need is met on a day.
    pub fn is_met(&self, need: Need, day: NaiveDate, due: Option<NaiveDate>, scheme: &Scorecard) -> bool {
        match need {
            Need::InTime => due.is_some_and(|due| day <= due),
            Need::TimeOver => due.is_some_and(|due| due < day),
            Need::Clean => clean_from(self.standing, scheme).is_some_and(|clean| clean <= day),
            Need::Left => {
                let ((points, repaired), lifted) =
                    (self.points(), !repairs(self.standing, self.id).is_empty());
                if points.is_zero() { !lifted } else { repaired < points }
            }
        }
    }

    /// What taking back the last step withdraws, last first: with a proposal its figures.
    pub fn last_step(&self) -> Vec<&'e Entry> {
        let Some((last, _)) = self.last() else { return Vec::new() };
        let proposal = last.kind() == EntryKind::GradeProposed;
        let of_it = |entry: &&Entry| {
            entry.entry_id == last.entry_id || proposal && entry.kind() == EntryKind::GradeFigure
        };
        self.entries().rev().filter(of_it).collect()
    }
}

/// The first day on which so many months without conduct are over as the scheme asks for before a repair; `None`: there is no conduct.
pub fn clean_from(standing: &[&Entry], scheme: &Scorecard) -> Option<NaiveDate> {
    let conduct = standing.iter().filter(|entry| entry.kind() == EntryKind::Conduct);
    let last = conduct.filter_map(|entry| parse_date(&entry.decided_on)).max()?;
    Some(day_after(last_day_after(last, scheme.repair_after_months)))
}
