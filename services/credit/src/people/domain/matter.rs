//! Conduct and defaults of a person, each with its entries.

use chrono::NaiveDate;
use yizhan_proto::credit::v1::{Entry, EntryKind};
use yizhan_runtime::clock::parse_date;

use super::table::{Action, State};
use crate::ledger::standing;
use crate::schemes::pay_later::PayLater;

/// Steps with the entries they write, and where these leave a matter.
const STEPS: [(Action, EntryKind, State); 4] = [
    (Action::Record, EntryKind::PersonConduct, State::Recorded),
    (Action::Object, EntryKind::ConductObjected, State::Objected),
    (Action::Uphold, EntryKind::ObjectionUpheld, State::Struck),
    (Action::Refuse, EntryKind::ObjectionRefused, State::Settled),
];

/// The entry that a step writes; none of taking back, which withdraws.
pub fn kind_of(action: Action) -> Option<EntryKind> {
    STEPS.iter().find(|step| step.0 == action).map(|step| step.1)
}

/// One of them.
#[derive(Clone, Debug)]
pub struct Matter<'e> {
    /// What began it, whether it stands or not.
    pub first: &'e Entry,
    /// What of it stands, in the order recorded.
    pub stands: Vec<&'e Entry>,
    /// All its entries, the undone ones included.
    pub count: usize,
}

impl<'e> Matter<'e> {
    /// All of a person, in the order of the first entries.
    pub fn all(entries: &'e [Entry]) -> Vec<Matter<'e>> {
        let stands = standing(entries);
        let of = |first: &'e Entry| Matter {
            first,
            stands: stands.iter().copied().filter(|entry| entry.matter_id == first.entry_id).collect(),
            count: entries.iter().filter(|entry| entry.matter_id == first.entry_id).count(),
        };
        let begins = |entry: &&Entry| {
            let kind = matches!(entry.kind(), EntryKind::PersonConduct | EntryKind::PersonDefaulted);
            kind && entry.matter_id == entry.entry_id
        };
        entries.iter().filter(begins).map(of).collect()
    }

    /// One of them.
    pub fn find(entries: &'e [Entry], matter_id: &str) -> Option<Matter<'e>> {
        Matter::all(entries).into_iter().find(|matter| matter.first.entry_id == matter_id)
    }

    /// Of a default, not of conduct.
    pub fn is_default(&self) -> bool {
        self.first.kind() == EntryKind::PersonDefaulted
    }

    /// The entry of a kind that stands.
    pub fn last_of(&self, kind: EntryKind) -> Option<&'e Entry> {
        self.stands.iter().rev().copied().find(|entry| entry.kind() == kind)
    }

    /// The last step of conduct, and where it left it.
    pub fn last_step(&self) -> Option<(&'e Entry, State)> {
        self.stands.iter().rev().find_map(|entry| {
            let step = STEPS.iter().find(|step| step.1 == entry.kind())?;
            Some((*entry, step.2))
        })
    }

    /// Where the last step left it, whatever the day.
    pub fn left_in(&self) -> State {
        self.last_step().map_or(State::Withdrawn, |(_, state)| state)
    }

    /// The last day for the step that is next.
    pub fn due(&self, scheme: &PayLater, add: impl Fn(NaiveDate, u32) -> NaiveDate) -> Option<NaiveDate> {
        let (entry, state) = self.last_step()?;
        let days = match state {
            State::Recorded => scheme.objection_days,
            State::Objected => scheme.decision_days,
            State::Settled | State::Struck | State::Withdrawn => return None,
        };
        Some(add(parse_date(&entry.decided_on)?, days))
    }

    /// Where it stands on a day: who did not object in time does not any more.
    pub fn state(&self, day: NaiveDate, due: Option<NaiveDate>) -> State {
        match self.left_in() {
            State::Recorded if due.is_some_and(|due| due < day) => State::Settled,
            state => state,
        }
    }

    /// The first day on which it counts, if it ever did: not where it was undone, or the objection was right.
    pub fn counts_from(&self) -> Option<NaiveDate> {
        let entry = if self.is_default() {
            self.last_of(EntryKind::PersonDefaulted)?
        } else {
            self.last_of(EntryKind::PersonConduct).filter(|_| self.left_in() != State::Struck)?
        };
        parse_date(if self.is_default() { &entry.from_date } else { &entry.decided_on })
    }

    /// Of a default the day on which the last of it was repaid.
    pub fn repaid_on(&self) -> Option<NaiveDate> {
        self.last_of(EntryKind::DefaultRepaid).and_then(|entry| parse_date(&entry.decided_on))
    }
}
