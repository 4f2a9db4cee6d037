//! Applying rows: the next persons of a sealed roster, within one transaction.

use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::{Reason, ServiceError};

use crate::app::{Register, Write};
use crate::person::store::edit::Edit;
use crate::person::store::timelines::{self, StoredTimeline};
use crate::register::changes;
use crate::rosters::domain::roster::{Action, Claim, Outcome, duplicates, follow, place};
use crate::rosters::store::entities::roster;
use crate::rosters::store::roster_rows::{self, ADD, PendingRow};
use crate::rosters::store::rosters::{Position, json};
use crate::rules::{Department, Departments};
use yizhan_runtime::once::Cause;
use yizhan_terms::Area;

/// Rows of one batch. A batch locks its persons until it is committed: at this size for some tens of milliseconds.
const ROWS_PER_BATCH: usize = 2000;

/// The rows of one person.
struct OnePerson {
    psn_no: String,
    claims: Vec<Claim>,
}

/// Who changes persons by a roster: whoever opened it, under the department's own id.
pub fn cause_of(roster: &roster::Model) -> Cause {
    Cause { method: "LoadRoster", caller: roster.caller.clone(), request_id: roster.roster_id.clone() }
}

/// What the department of the roster produces, by the rules of its day.
pub async fn department_of(
    tx: &DatabaseTransaction,
    register: &Register,
    roster: &roster::Model,
) -> Result<Option<Department>, ServiceError> {
    let Some(area) = Area::parse(&roster.poolarea_no) else { return Ok(None) };
    let rules = register.rules.load(tx).await?;
    let departments = rules.find::<Departments>(area, roster.effective_date).ok();
    Ok(departments.and_then(|departments| departments.rule.of(&roster.department)).cloned())
}

/// Applies the next rows, and moves the roster on; gives whether there were none left.
pub async fn batch(
    tx: &DatabaseTransaction,
    register: &Register,
    roster: &mut roster::Model,
) -> Result<bool, ServiceError> {
    let position = roster.reached()?;
    let mut rows =
        roster_rows::pending(tx, roster, &position.psn_no, position.row, ROWS_PER_BATCH as u64).await?;
    let Some(last) = rows.last().map(|row| row.psn_no.clone()) else {
        roster.applied_rows = roster.total_rows;
        roster.position = json(&Position::default())?;
        return Ok(true);
    };
    // A person is not split, unless their rows alone fill a batch.
    if rows.len() == ROWS_PER_BATCH && rows[0].psn_no != last {
        rows.retain(|row| row.psn_no != last);
    }
    let department = department_of(tx, register, roster).await?;
    let brings = |name: &str| {
        let kind = department.as_ref().and_then(|department| department.kind(name, ""));
        kind.is_some_and(|kind| kind.membership.is_some())
    };
    let mut counts = roster.counted()?;
    let mut outcomes = Vec::new();
    let mut persons = Vec::new();
    for same_person in rows.chunk_by(|one, other| one.psn_no == other.psn_no) {
        let claims: Vec<Claim> = same_person.iter().map(claim).collect();
        if same_person[0].psn_no == position.psn_no {
            // More rows than a batch holds, and the persons's identities were written with the first of them.
            let refused = |claim: &Claim| (claim.row, Outcome::Refused(Reason::TooManyEntries));
            outcomes.extend(claims.iter().map(refused));
        } else if same_person.iter().all(|row| row.known && !brings(&row.name))
            && duplicates(&claims).is_empty()
        {
            counts.unchanged += claims.len() as i64;
        } else {
            persons.push(OnePerson { psn_no: same_person[0].psn_no.clone(), claims });
        }
    }
    let edits = place_all(tx, (roster, department.as_ref()), persons, &mut outcomes).await?;
    let write = Write { tx, service: register, cause: &cause_of(roster) };
    counts.changed_persons += changes::record(write, edits).await?.len() as i64;
    counts.add(&outcomes);
    roster_rows::insert_outcomes(tx, roster, &outcomes).await?;
    roster.applied_rows += rows.len() as i64;
    roster.counts = json(&counts)?;
    if let Some(last) = rows.last() {
        roster.position = json(&Position { psn_no: last.psn_no.clone(), row: last.row_no })?;
    }
    Ok(false)
}

/// Locks the persons and edits those whose identities the rows change.
async fn place_all(
    tx: &DatabaseTransaction,
    (roster, department): (&roster::Model, Option<&Department>),
    persons: Vec<OnePerson>,
    outcomes: &mut Vec<(i64, Outcome)>,
) -> Result<Vec<Edit>, ServiceError> {
    let psn_nos: Vec<String> = persons.iter().map(|person| person.psn_no.clone()).collect();
    if psn_nos.is_empty() {
        return Ok(Vec::new());
    }
    let mut held = timelines::lock(tx, psn_nos).await?;
    let mut edits = Vec::new();
    for person in persons {
        match addressable(held.remove(&person.psn_no), &roster.poolarea_no) {
            Ok(stored) => {
                let mut edit = Edit::of(stored);
                let identities = &mut edit.after.timeline.identities;
                outcomes.extend(place(identities, &roster.department, &person.claims));
                if let Some(department) = department {
                    follow(&mut edit.after.timeline, department);
                }
                edits.push(edit);
            }
            Err(refusal) => {
                outcomes.extend(person.claims.iter().map(|claim| (claim.row, Outcome::Refused(refusal))));
            }
        }
    }
    Ok(edits)
}

/// The person, if this roster can speak of them.
pub(super) fn addressable(held: Option<StoredTimeline>, poolarea_no: &str) -> Result<StoredTimeline, Reason> {
    let held = held.ok_or(Reason::PersonUnknown)?;
    if held.poolarea_no.as_str() != poolarea_no {
        return Err(Reason::PersonOfOtherArea);
    }
    if held.timeline.merged_into.is_some() {
        return Err(Reason::PersonMerged);
    }
    Ok(held)
}

fn claim(row: &PendingRow) -> Claim {
    Claim {
        row: row.row_no,
        action: if row.action == ADD { Action::Add } else { Action::Remove },
        psn_idet_type: row.psn_idet_type.clone(),
        name: row.name.clone(),
        day: row.day,
        begndate: row.begndate,
        enddate: row.enddate,
    }
}
