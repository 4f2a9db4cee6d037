//! The grades of an institution in an area, as they were in force: what is asked often, stored beside the entries.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use yizhan_proto::credit::v1::{Entry, EntryKind};
use yizhan_rules::months::last_day_from;
use yizhan_runtime::clock::parse_date;

use super::facts::year_of;

/// A grade that was made final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Final {
    /// In force from that day on.
    pub since: NaiveDate,
    /// Taken back on that day: not in force from it on.
    pub until: Option<NaiveDate>,
    /// Of which year.
    pub year: i32,
    /// The grade.
    pub grade: String,
    /// Two digits.
    pub score: String,
    /// The version of the scheme.
    pub scheme: String,
    /// Its entry.
    pub entry_id: String,
}

/// How an institution stands in an area.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// First and last day of the agreement, as known today.
    pub agreement: Option<(NaiveDate, Option<NaiveDate>)>,
    /// In the order recorded.
    pub finals: Vec<Final>,
}

/// Why an agreement does not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lacks {
    /// None is known.
    Agreement,
    /// It is too young.
    Months,
    /// It has ended.
    Ended,
}

impl Standing {
    /// By all entries of an institution in one area.
    pub fn of(entries: &[&Entry]) -> Standing {
        let mut standing = Standing::default();
        let mut undone: BTreeMap<&str, Option<NaiveDate>> = BTreeMap::new();
        // From the last one back: what withdraws an entry was recorded behind it.
        for entry in entries.iter().rev() {
            let gone = undone.get(entry.entry_id.as_str()).copied();
            match entry.kind() {
                EntryKind::Withdrawn if gone.is_none() => {
                    undone.insert(&entry.undoes_entry_id, parse_date(&entry.decided_on));
                }
                EntryKind::Agreement if gone.is_none() && standing.agreement.is_none() => {
                    let signed_on = parse_date(&entry.from_date);
                    standing.agreement = signed_on.map(|day| (day, parse_date(&entry.until_date)));
                }
                EntryKind::GradeFinal => standing.finals.extend(made_final(entry, gone.flatten())),
                _ => {}
            }
        }
        standing.finals.reverse();
        standing
    }

    /// The grade in force on a day: of the latest year that was assessed.
    pub fn on(&self, day: NaiveDate) -> Option<&Final> {
        let holds = |one: &&Final| one.since <= day && one.until.is_none_or(|until| day < until);
        self.finals.iter().filter(holds).max_by_key(|one| one.year)
    }

    /// Whether the agreement lets somebody be assessed on a day; so many months must be over on `by`.
    pub fn lacks(&self, months: u32, by: NaiveDate, day: NaiveDate) -> Option<Lacks> {
        let Some((signed_on, ended_on)) = self.agreement else { return Some(Lacks::Agreement) };
        if ended_on.is_some_and(|ended_on| ended_on < day) {
            return Some(Lacks::Ended);
        }
        (by < last_day_from(signed_on, months)).then_some(Lacks::Months)
    }
}

fn made_final(entry: &Entry, until: Option<NaiveDate>) -> Option<Final> {
    Some(Final {
        since: parse_date(&entry.decided_on)?,
        until,
        year: year_of(entry)?,
        grade: entry.item.clone(),
        score: entry.value.clone(),
        scheme: entry.scheme.clone(),
        entry_id: entry.entry_id.clone(),
    })
}
