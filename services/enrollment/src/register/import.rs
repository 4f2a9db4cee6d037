//! What all imports share: all rows or none, and a count of what was done.

use std::collections::{BTreeMap, BTreeSet};

use yizhan_proto::enrollment::v1::ImportOutcome;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};

use crate::app::{Done, Write};
use crate::person::domain::entry::{Entry, Put};
use crate::person::domain::timeline::MAX_ENTRIES;
use crate::person::store::edit::Edit;
use crate::person::store::timelines::{self, StoredTimeline};
use crate::register::changes;
use crate::register::row_check::RowCheck;

/// Rows of one import at most.
pub const MAX_ROWS: usize = 1000;

/// Checks how many rows a request has.
pub fn check_row_count(row_count: usize, violations: &mut Violations) {
    violations.require(row_count > 0, "rows", Reason::RowsEmpty);
    if row_count > MAX_ROWS {
        violations.push("rows", Reason::TooManyRows).with("limit", MAX_ROWS).with("count", row_count);
    }
}

/// Refuses a key that an earlier row of the same request has.
pub fn check_duplicates<K: Ord>(keys: impl Iterator<Item = K>, field: &str, violations: &mut Violations) {
    let mut seen = BTreeSet::new();
    for (row, key) in keys.enumerate() {
        if !seen.insert(key) {
            RowCheck::new(row, violations).wrong(field, Reason::DuplicateRow);
        }
    }
}

/// Refuses a caller who keeps no register at all, before any person is looked for: so they cannot learn who is registered.
pub fn check_keeper(caller: &Caller) -> Result<(), ServiceError> {
    if matches!(caller, Caller::Agency { .. } | Caller::LocalAdministrator) {
        return Ok(());
    }
    Err(ServiceError::area_not_owned(""))
}

/// Persons whose register the caller keeps. Those of other areas are left out, as if nobody had registered them: whether and
/// where somebody is registered is told only to those who may ask about them.
pub fn kept_by<K: Ord>(caller: &Caller, held: BTreeMap<K, StoredTimeline>) -> BTreeMap<K, StoredTimeline> {
    held.into_iter().filter(|(_, person)| caller.may_manage_area(person.poolarea_no)).collect()
}

/// One row of an import of dated entries.
#[derive(Clone, Debug)]
pub struct DatedRow<E> {
    /// Whose.
    pub psn_no: String,
    /// What.
    pub entry: E,
}

/// Dated entries to be put into the timelines of registered persons.
pub struct DatedImport<'a, E> {
    /// Who asks.
    pub caller: &'a Caller,
    /// The rows, in the order of the request.
    pub rows: Vec<DatedRow<E>>,
    /// Further persons that must be registered: by row, field and number.
    pub others: Vec<(usize, &'static str, String)>,
    /// An entry as it replaces the one of the same key.
    pub over: fn(&E, &E) -> E,
    /// Sees each entry with the person's timeline after all rows are in it, and notes what is wrong.
    pub check: fn(&E, &StoredTimeline, &mut RowCheck),
}

impl<E: Entry + Send + Sync> DatedImport<'_, E> {
    /// Writes them, all or none.
    pub async fn write(
        &self,
        write @ Write { tx, .. }: Write<'_>,
    ) -> Result<Done<ImportOutcome>, ServiceError> {
        let owners = self.rows.iter().map(|row| row.psn_no.clone());
        let psn_nos: BTreeSet<String> =
            owners.chain(self.others.iter().map(|other| other.2.clone())).collect();
        check_keeper(self.caller)?;
        let held = timelines::lock(tx, psn_nos).await?;
        self.check_registered(&held)?;
        let mut edits: BTreeMap<String, Edit> =
            held.into_iter().map(|(psn_no, person)| (psn_no, Edit::of(person))).collect();
        let mut answer = ImportOutcome { row_count: self.rows.len() as i32, ..ImportOutcome::default() };
        for row in &self.rows {
            if let Some(edit) = edits.get_mut(&row.psn_no) {
                let timeline = &mut edit.after.timeline;
                let held = E::list(timeline).iter().find(|held| held.same_key(&row.entry));
                let entry = held.map_or_else(|| row.entry.clone(), |held| (self.over)(&row.entry, held));
                count(timeline.put(entry), &mut answer);
            }
        }
        self.check_all(&edits)?;
        let changed = changes::record(write, edits.into_values().collect()).await?;
        answer.changed_person_count = changed.len() as i32;
        Ok(Done { answer, changed })
    }
}

impl<E: Entry> DatedImport<'_, E> {
    fn check_registered(&self, held: &BTreeMap<String, StoredTimeline>) -> Result<(), ServiceError> {
        let owners = self.rows.iter().enumerate().map(|(at, row)| (at, "psn_no", &row.psn_no));
        let others = self.others.iter().map(|(at, field, psn_no)| (*at, *field, psn_no));
        let mut violations = Violations::new();
        for (at, field, psn_no) in owners.chain(others) {
            let mut check = RowCheck::new(at, &mut violations);
            match held.get(psn_no) {
                None => check.wrong(field, Reason::PersonUnknown),
                // Whose account is shared may be registered elsewhere.
                Some(person) if field == "psn_no" && !self.caller.may_manage_area(person.poolarea_no) => {
                    check.wrong(field, Reason::PersonUnknown);
                }
                Some(person) if person.timeline.merged_into.is_some() => {
                    check.wrong(field, Reason::PersonMerged)
                }
                Some(_) => {}
            }
        }
        violations.none()
    }

    fn check_all(&self, edits: &BTreeMap<String, Edit>) -> Result<(), ServiceError> {
        let mut violations = Violations::new();
        for (at, row) in self.rows.iter().enumerate() {
            let person = &edits[&row.psn_no].after;
            let mut check = RowCheck::new(at, &mut violations);
            if E::list(&person.timeline).len() > MAX_ENTRIES {
                check.wrong("psn_no", Reason::TooManyEntries);
            }
            (self.check)(&row.entry, person, &mut check);
        }
        violations.none()
    }
}

/// Counts one row.
pub fn count(put: Put, outcome: &mut ImportOutcome) {
    match put {
        Put::Created => outcome.created_count += 1,
        Put::Updated => outcome.updated_count += 1,
        Put::Unchanged => outcome.unchanged_count += 1,
    }
}
