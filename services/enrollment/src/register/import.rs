//! What all imports share: all rows or none, and a count of what was done.

use std::collections::{BTreeMap, BTreeSet};

use yizhan_proto::enrollment::v1::ImportOutcome;
use yizhan_runtime::once::RequestKey;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations, once};

use crate::app::{Done, Register, Write};
use crate::person::domain::entry::{Entry, Put};
use crate::person::domain::timeline::{MAX_ENTRIES, Timeline};
use crate::person::store::edit::Edit;
use crate::register::changes;
use crate::register::keeper::{Reported, lock_rows, lock_rows_reported};
use crate::rules::Fact;
use yizhan_terms::Area;

/// Rows of one import at most.
pub const MAX_ROWS: usize = 1000;

/// Reads the rows of a request, all of them even if some are wrong.
pub fn read_rows<R, T>(
    rows: &[R],
    violations: &mut Violations,
    read: impl Fn(&R, Fields) -> Option<T>,
) -> Option<Vec<T>> {
    violations.require(!rows.is_empty(), "rows", Reason::RowsEmpty);
    if rows.len() > MAX_ROWS {
        violations.push("rows", Reason::TooManyRows).with("limit", MAX_ROWS).with("count", rows.len());
    }
    let read = rows.iter().enumerate().map(|(at, row)| read(row, Fields::row(at, violations)));
    read.collect::<Vec<_>>().into_iter().collect()
}

/// Refuses a key that an earlier row of the same request has.
pub fn check_duplicates<K: Ord>(keys: impl Iterator<Item = K>, field: &str, violations: &mut Violations) {
    let mut seen = BTreeSet::new();
    for (row, key) in keys.enumerate() {
        Fields::row(row, violations).require(seen.insert(key), field, Reason::DuplicateRow);
    }
}

/// A row of an import of dated entries.
pub trait Row: Sync {
    /// What it makes of the person's timeline.
    type Entry: Entry + Send + Sync;
    /// The field that is wrong in a row with the key of an earlier one.
    const TWICE: &'static str = "begndate";

    /// What rows are told apart by.
    fn key(&self) -> impl Ord;

    /// The entry as told.
    fn read(&self, fields: Fields) -> Option<DatedRow<Self::Entry>>;

    /// Whose agency decides: by field and number.
    fn keeper(row: &DatedRow<Self::Entry>) -> (&'static str, &str) {
        ("psn_no", &row.psn_no)
    }

    /// A further person that must be registered, anywhere: by field and number.
    fn other(_row: &DatedRow<Self::Entry>) -> Option<(&'static str, &str)> {
        None
    }

    /// An entry as it replaces the one of the same key.
    fn over(told: &Self::Entry, _held: &Self::Entry) -> Self::Entry {
        told.clone()
    }

    /// The entry of a person whose register this area keeps.
    fn of_area(told: &Self::Entry, _poolarea_no: Area) -> Self::Entry {
        told.clone()
    }

    /// Sees an entry with the person's timeline after all rows are in it, and notes what is wrong.
    fn check(_entry: &Self::Entry, _person: &Timeline, _fields: &mut Fields) {}
}

/// One row of an import of dated entries, read.
#[derive(Clone, Debug)]
pub struct DatedRow<E> {
    /// Whose.
    pub psn_no: String,
    /// What.
    pub entry: E,
    /// Whether it was never so: the entry of its key goes.
    pub withdrawn: bool,
}

/// Puts dated entries into the timelines of registered persons, all or none.
pub async fn import<R: Row>(
    register: &Register,
    caller: &Caller,
    opened: (RequestKey, Violations),
    rows: &[R],
) -> Result<ImportOutcome, ServiceError> {
    import_reported(register, caller, opened, rows, None).await
}

/// The same; where a fact is named, also by a department that reports it.
pub async fn import_reported<R: Row>(
    register: &Register,
    caller: &Caller,
    (key, mut violations): (RequestKey, Violations),
    rows: &[R],
    fact: Option<Fact>,
) -> Result<ImportOutcome, ServiceError> {
    check_duplicates(rows.iter().map(Row::key), R::TWICE, &mut violations);
    let read = read_rows(rows, &mut violations, R::read);
    let rows = &violations.finish(read)?;
    once::once(register, &key, |write| Box::pin(put::<R>(write, caller, rows, fact))).await
}

async fn put<R: Row>(
    write: Write<'_>,
    caller: &Caller,
    rows: &[DatedRow<R::Entry>],
    fact: Option<Fact>,
) -> Result<Done<ImportOutcome>, ServiceError> {
    let mut edits = lock_persons::<R>(&write, caller, rows, fact).await?;
    let mut answer = ImportOutcome { row_count: rows.len() as i32, ..ImportOutcome::default() };
    let mut violations = Violations::new();
    for (at, row) in rows.iter().enumerate() {
        if let Some(edit) = edits.get_mut(&row.psn_no) {
            let timeline = &mut edit.after.timeline;
            if row.withdrawn {
                let gone = timeline.withdraw(&row.entry);
                Fields::row(at, &mut violations).require(gone, "withdrawn", Reason::EntryUnknown);
                answer.withdrawn_count += i32::from(gone);
                continue;
            }
            let held = R::Entry::list(timeline).iter().find(|held| held.same_key(&row.entry));
            let told = R::of_area(&row.entry, edit.after.poolarea_no);
            let entry = held.map_or_else(|| told.clone(), |held| R::over(&told, held));
            count(timeline.put(entry), &mut answer);
        }
    }
    violations.none()?;
    check_all::<R>(rows, &edits)?;
    let changed = changes::record(write, edits.into_values().collect()).await?;
    answer.changed_person_count = changed.len() as i32;
    Ok(Done { answer, changed })
}

async fn lock_persons<R: Row>(
    Write { tx, service: register, .. }: &Write<'_>,
    caller: &Caller,
    rows: &[DatedRow<R::Entry>],
    fact: Option<Fact>,
) -> Result<BTreeMap<String, Edit>, ServiceError> {
    let Some(fact) = fact else {
        let kept: Vec<_> = rows.iter().map(R::keeper).collect();
        let others: Vec<_> = rows.iter().filter_map(R::other).collect();
        return lock_rows(tx, caller, &kept, &others).await;
    };
    let psn_nos: Vec<&str> = rows.iter().map(|row| row.psn_no.as_str()).collect();
    let rules = register.rules.load(*tx).await?;
    let reported = Reported { fact, rules: &rules, today: register.clock.today() };
    lock_rows_reported(tx, caller, &psn_nos, reported).await
}

fn check_all<R: Row>(
    rows: &[DatedRow<R::Entry>],
    edits: &BTreeMap<String, Edit>,
) -> Result<(), ServiceError> {
    let mut violations = Violations::new();
    for (at, row) in rows.iter().enumerate().filter(|(_, row)| !row.withdrawn) {
        let person = &edits[&row.psn_no].after.timeline;
        let mut fields = Fields::row(at, &mut violations);
        let fits = R::Entry::list(person).len() <= MAX_ENTRIES;
        fields.require(fits, "psn_no", Reason::TooManyEntries);
        R::check(&row.entry, person, &mut fields);
    }
    violations.none()
}

/// Counts one row.
pub fn count(put: Put, outcome: &mut ImportOutcome) {
    match put {
        Put::Created => outcome.created_count += 1,
        Put::Updated => outcome.updated_count += 1,
        Put::Unchanged => outcome.unchanged_count += 1,
    }
}
