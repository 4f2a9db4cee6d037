//! What the entries of an institution say for a year: values, and conduct that counts.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use yizhan_documents::value::plain_number;
use yizhan_proto::credit::v1::{Entry, EntryKind};
use yizhan_runtime::clock::parse_date;

use crate::ledger::standing;
use crate::schemes::scorecard::Scorecard;

/// A measured value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// What was measured.
    pub value: Decimal,
    /// Its entry; empty: there is none yet.
    pub entry_id: String,
    /// Calculated from feeds.
    pub computed: bool,
}

/// Conduct that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Its entry.
    pub entry_id: String,
    /// The row of the scheme.
    pub item: String,
    /// The day it was decided.
    pub decided_on: NaiveDate,
    /// Points of it that were repaired.
    pub repaired: Decimal,
    /// It was repaired, if only in part; a veto is then lifted.
    pub is_repaired: bool,
}

/// What a score is made from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// By indicator.
    pub values: BTreeMap<String, Value>,
    /// In the order recorded.
    pub acts: Vec<Act>,
}

impl Facts {
    /// Of the entries that stand. An imported value goes before a calculated one, a later before an earlier one. Conduct counts from the year in which it was
    /// decided on, in as many years as the scheme says of its item; what the scheme has no item for does not count.
    pub fn of(standing: &[&Entry], scheme: &Scorecard, year: i32) -> Facts {
        let mut facts = Facts::default();
        for computed in [true, false] {
            let kind = if computed { EntryKind::GradeFigure } else { EntryKind::GradeIndicator };
            for entry in standing.iter().filter(|entry| entry.kind() == kind && year_of(entry) == Some(year))
            {
                if let Some(value) = plain_number(&entry.value) {
                    let value = Value { value, entry_id: entry.entry_id.clone(), computed };
                    facts.values.insert(entry.item.clone(), value);
                }
            }
        }
        // An act counts once: it may stand twice where an objection undid it, it was recorded anew, and the objection was taken back.
        let mut seen = BTreeSet::new();
        let conduct = standing.iter().filter(|entry| entry.kind() == EntryKind::Conduct);
        let conduct = conduct.filter(|entry| entry.act_id.is_empty() || seen.insert(&entry.act_id));
        facts.acts.extend(conduct.filter_map(|entry| {
            let decided_on = parse_date(&entry.decided_on)?;
            let (_, _, cycles) = scheme.item(&entry.item)?;
            let counts = (decided_on.year()..decided_on.year() + cycles).contains(&year);
            let repairs = repairs(standing, &entry.matter_id);
            counts.then(|| Act {
                entry_id: entry.entry_id.clone(),
                item: entry.item.clone(),
                decided_on,
                repaired: repairs.iter().copied().sum(),
                is_repaired: !repairs.is_empty(),
            })
        }));
        facts
    }
}

/// What was repaired of conduct, time by time.
pub fn repairs(standing: &[&Entry], matter_id: &str) -> Vec<Decimal> {
    let of_it = |entry: &&&Entry| entry.kind() == EntryKind::ConductRepaired && entry.matter_id == matter_id;
    standing.iter().filter(of_it).map(|entry| plain_number(&entry.value).unwrap_or_default()).collect()
}

/// The year that an entry of a value or an assessment is about.
pub fn year_of(entry: &Entry) -> Option<i32> {
    parse_date(&entry.from_date).map(|day| day.year())
}

/// Entries of an area as they stood on a day: those that count from that day or an earlier one, and what they undid.
pub fn as_of(entries: &[Entry], poolarea_no: &str, day: NaiveDate) -> Vec<Entry> {
    let day = day.to_string();
    let there = entries.iter().filter(|entry| entry.poolarea_no == poolarea_no && entry.decided_on <= day);
    let there: Vec<Entry> = there.cloned().collect();
    standing(&there).into_iter().cloned().collect()
}
