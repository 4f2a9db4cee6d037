//! A points matter, as the entries that stand leave it.

use chrono::{Datelike, Months, NaiveDate};
use yizhan_proto::credit::v1::{Entry, EntryKind};
use yizhan_runtime::clock::parse_date;

use super::table::{Action, State};
use crate::schemes::points::Points;

/// Steps with the entries they write, and where these leave a matter.
const STEPS: [(Action, EntryKind, State); 13] = [
    (Action::Decide, EntryKind::PointsDecided, State::Decided),
    (Action::Notice, EntryKind::PointsNoticed, State::Noticed),
    (Action::Deliver, EntryKind::PointsDelivered, State::Delivered),
    (Action::Appeal, EntryKind::PointsAppealed, State::Appealed),
    (Action::Appraise, EntryKind::AppraisalBegun, State::Appraised),
    (Action::ReturnAppraisal, EntryKind::AppraisalReturned, State::Appealed),
    (Action::DecideAppeal, EntryKind::PointsAppealDecided, State::Settled),
    (Action::ApplyRestore, EntryKind::RestoreApplied, State::Restoring),
    (Action::Restore, EntryKind::Restored, State::Settled),
    (Action::RefuseRestore, EntryKind::RestoreRefused, State::Settled),
    (Action::ApplyRepair, EntryKind::RepairApplied, State::Repairing),
    (Action::Repair, EntryKind::Repaired, State::Settled),
    (Action::RefuseRepair, EntryKind::RepairRefused, State::Settled),
];

/// The entry that a step writes; none of taking back, which withdraws.
pub fn kind_of(action: Action) -> Option<EntryKind> {
    STEPS.iter().find(|step| step.0 == action).map(|step| step.1)
}

/// A points matter: its entries that stand.
#[derive(Debug)]
pub struct Matter<'e>(pub Vec<&'e Entry>);

impl<'e> Matter<'e> {
    /// Of the entries of a subject.
    pub fn of(standing: &[&'e Entry], matter_id: &str) -> Matter<'e> {
        Matter(standing.iter().copied().filter(|entry| entry.matter_id == matter_id).collect())
    }

    /// The acts.
    pub fn acts(&self) -> impl Iterator<Item = &'e Entry> + '_ {
        self.0.iter().copied().filter(|entry| entry.kind() == EntryKind::PointsDecided)
    }

    /// Points of an act as an appeal left them.
    pub fn points(&self, act: &Entry) -> u32 {
        let revised =
            self.0.iter().rev().find(|entry| {
                entry.kind() == EntryKind::PointsRevised && entry.about_entry_id == act.entry_id
            });
        points_of(revised.unwrap_or(&act))
    }

    /// Points of all acts.
    pub fn total(&self) -> u32 {
        self.acts().map(|act| self.points(act)).sum()
    }

    /// The last step and where it left the matter.
    fn last(&self) -> Option<(&'e Entry, State)> {
        self.0.iter().rev().find_map(|entry| {
            let step = STEPS.iter().find(|step| step.1 == entry.kind())?;
            Some((*entry, step.2))
        })
    }

    /// The day of the last step.
    pub fn last_day(&self) -> Option<NaiveDate> {
        self.last().and_then(|(entry, _)| parse_date(&entry.decided_on))
    }

    /// The day of the last step of a kind.
    fn day_of(&self, kind: EntryKind) -> Option<NaiveDate> {
        let entry = self.0.iter().rev().find(|entry| entry.kind() == kind)?;
        parse_date(&entry.decided_on)
    }

    /// The last day for the step that is next: of who delivered, for an appeal.
    pub fn due(
        &self,
        scheme: &Points,
        add: impl Fn(NaiveDate, u32) -> NaiveDate,
        between: impl Fn(NaiveDate, NaiveDate) -> u32,
    ) -> Option<NaiveDate> {
        let (entry, state) = self.last()?;
        let day = parse_date(&entry.decided_on)?;
        let days = match state {
            State::Decided => scheme.notice_days,
            State::Noticed => scheme.delivery_days,
            State::Delivered => scheme.appeal_days,
            State::Restoring => scheme.restore_review_days,
            State::Repairing => scheme.repair_review_days,
            State::Appealed => {
                let begun = self.day_of(EntryKind::AppraisalBegun);
                let away = begun.zip(self.day_of(EntryKind::AppraisalReturned));
                let away = away.map_or(0, |(begun, returned)| between(begun, returned));
                let appealed = self.day_of(EntryKind::PointsAppealed)?;
                return Some(add(appealed, scheme.decision_days + away));
            }
            State::Appraised | State::Settled | State::Withdrawn => return None,
        };
        Some(add(day, days))
    }

    /// Points that a repair on a day may give back at most: what the scheme lets the year get back, by all of its repairs, and what is left of the matter, of a decision
    /// of that year.
    pub fn repairable(&self, all: &[&Entry], scheme: &Points, day: NaiveDate) -> u32 {
        let same_year = |text: &str| parse_date(text).is_some_and(|other| other.year() == day.year());
        if !self.acts().next().is_some_and(|act| same_year(&act.decided_on)) {
            return 0;
        }
        let repaired = |entry: &&Entry| entry.kind() == EntryKind::Repaired;
        let of_year = all.iter().copied().filter(repaired).filter(|entry| same_year(&entry.decided_on));
        let of_year: u32 = of_year.map(points_of).sum();
        let of_matter: u32 = self.0.iter().copied().filter(repaired).map(points_of).sum();
        scheme.repair_points.saturating_sub(of_year).min(self.total().saturating_sub(of_matter))
    }

    /// The first day to which a repair may shorten a suspension.
    pub fn shortest(&self, scheme: &Points) -> Option<NaiveDate> {
        let decided = self.acts().next().and_then(|act| parse_date(&act.decided_on));
        decided.and_then(|day| day.checked_add_months(Months::new(scheme.repair_leaves_months)))
    }

    /// Where it stands on a day: who did not appeal in time does not any more (逾期视为无异议).
    pub fn state(&self, day: NaiveDate, due: Option<NaiveDate>) -> State {
        match self.last() {
            None => State::Withdrawn,
            Some((_, State::Delivered)) if due.is_some_and(|due| due < day) => State::Settled,
            Some((_, state)) => state,
        }
    }

    /// Where the last step left it, whatever the day.
    pub fn left_in(&self) -> State {
        self.last().map_or(State::Withdrawn, |(_, state)| state)
    }

    /// What taking back the last step withdraws, last first: what an appeal revised with its decision; a decision with all its acts.
    pub fn last_step(&self) -> Vec<&'e Entry> {
        let kind = self.last().map(|(entry, _)| entry.kind());
        let of_it = |entry: &&&Entry| Some(entry.kind()) == kind || entry.kind() == EntryKind::PointsRevised;
        let decided = kind == Some(EntryKind::PointsDecided);
        let mut step = Vec::new();
        for entry in self.0.iter().rev().take_while(of_it) {
            step.push(*entry);
            if entry.kind() != EntryKind::PointsRevised && !decided {
                break;
            }
        }
        step
    }
}

/// The points an entry tells.
pub fn points_of(entry: &Entry) -> u32 {
    entry.value.parse().unwrap_or_default()
}
