//! Applying rows: the next persons of a sealed roster, within one transaction.

use chrono::NaiveDate;
use sea_orm::DatabaseTransaction;
use yizhan_runtime::ServiceError;
use yizhan_runtime::clock::parse_date;

use crate::app::{Register, Write};
use crate::person::store::edit::Edit;
use crate::person::store::timelines::{self, StoredTimeline};
use crate::register::changes;
use crate::rosters::domain::roster::{Action, Claim, Outcome, Refusal, duplicates, place};
use crate::rosters::store::entities::roster;
use crate::rosters::store::roster_rows::{self, ADD, PendingRow, REFUSED, StagedOutcome};
use crate::rosters::store::rosters::{ABSENCE, Counts, DONE, MODE_FULL, Position, json};
use yizhan_runtime::once::Cause;

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

/// Applies the next rows, and moves the roster on.
pub async fn batch(
    tx: &DatabaseTransaction,
    register: &Register,
    roster: &mut roster::Model,
) -> Result<(), ServiceError> {
    let position = roster.reached()?;
    let mut rows =
        roster_rows::pending(tx, roster, &position.psn_no, position.row, ROWS_PER_BATCH as u64).await?;
    let Some(last) = rows.last().map(|row| row.psn_no.clone()) else {
        return finish(register, roster);
    };
    // A person is not split, unless their rows alone fill a batch.
    if rows.len() == ROWS_PER_BATCH && rows[0].psn_no != last {
        rows.retain(|row| row.psn_no != last);
    }
    let mut counts = roster.counted()?;
    let mut outcomes = Vec::new();
    let mut persons = Vec::new();
    for same_person in rows.chunk_by(|one, other| one.psn_no == other.psn_no) {
        let claims = same_person.iter().map(claim).collect::<Result<Vec<Claim>, ServiceError>>()?;
        if same_person[0].psn_no == position.psn_no {
            // More rows than a batch holds, and the persons's identities were written with the first of them.
            let refused = |claim: &Claim| (claim.row, Outcome::Refused(Refusal::TooManyEntries));
            outcomes.extend(claims.iter().map(refused));
        } else if same_person.iter().all(|row| row.known) && duplicates(&claims).is_empty() {
            counts.unchanged += claims.len() as i64;
        } else {
            persons.push(OnePerson { psn_no: same_person[0].psn_no.clone(), claims });
        }
    }
    let edits = place_all(tx, roster, persons, &mut outcomes).await?;
    let write = Write { tx, service: register, cause: &cause_of(roster) };
    counts.changed_persons += changes::record(write, edits).await?.len() as i64;
    note(tx, roster, &outcomes, &mut counts).await?;
    roster.applied_rows += rows.len() as i64;
    roster.counts = json(&counts)?;
    if let Some(last) = rows.last() {
        roster.position = json(&Position { psn_no: last.psn_no.clone(), row: last.row_no })?;
    }
    Ok(())
}

/// All rows are applied.
fn finish(register: &Register, roster: &mut roster::Model) -> Result<(), ServiceError> {
    roster.applied_rows = roster.total_rows;
    if roster.mode == MODE_FULL {
        roster.stage = ABSENCE.to_owned();
        roster.position = json(&Position::default())?;
    } else {
        roster.stage = DONE.to_owned();
        roster.done_at = Some(register.clock.now());
    }
    Ok(())
}

/// Locks the persons and edits those whose identities the rows change.
async fn place_all(
    tx: &DatabaseTransaction,
    roster: &roster::Model,
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
fn addressable(held: Option<StoredTimeline>, poolarea_no: &str) -> Result<StoredTimeline, Refusal> {
    let held = held.ok_or(Refusal::PersonUnknown)?;
    if held.poolarea_no.as_str() != poolarea_no {
        return Err(Refusal::PersonOfOtherArea);
    }
    if held.timeline.merged_into.is_some() {
        return Err(Refusal::PersonMerged);
    }
    Ok(held)
}

/// Counts what became of rows, and keeps it of those that did something or were refused.
async fn note(
    tx: &DatabaseTransaction,
    roster: &roster::Model,
    outcomes: &[(i64, Outcome)],
    counts: &mut Counts,
) -> Result<(), ServiceError> {
    let mut kept = Vec::with_capacity(outcomes.len());
    for (row_no, outcome) in outcomes {
        let (code, reason) = match outcome {
            Outcome::Added => (1, ""),
            Outcome::Updated => (2, ""),
            Outcome::Ended => (3, ""),
            Outcome::Unchanged => (4, ""),
            Outcome::Refused(refusal) => (REFUSED, refusal.reason().code()),
        };
        match outcome {
            Outcome::Added => counts.added += 1,
            Outcome::Updated => counts.updated += 1,
            Outcome::Ended => counts.ended += 1,
            Outcome::Unchanged => counts.unchanged += 1,
            Outcome::Refused(_) => *counts.refused.entry(reason.to_owned()).or_default() += 1,
        }
        if *outcome != Outcome::Unchanged {
            kept.push(StagedOutcome { row_no: *row_no, outcome: code, reason });
        }
    }
    roster_rows::insert_outcomes(tx, roster, &kept).await?;
    Ok(())
}

fn claim(row: &PendingRow) -> Result<Claim, ServiceError> {
    Ok(Claim {
        row: row.row_no,
        action: if row.action == ADD { Action::Add } else { Action::Remove },
        psn_idet_type: row.psn_idet_type.clone(),
        name: row.name.clone(),
        day: kept_day(&row.day)?
            .ok_or_else(|| ServiceError::internal(anyhow::anyhow!("a row without a day")))?,
        begndate: kept_day(&row.begndate)?,
        enddate: kept_day(&row.enddate)?,
    })
}

fn kept_day(text: &str) -> Result<Option<NaiveDate>, ServiceError> {
    if text.is_empty() {
        return Ok(None);
    }
    let day = parse_date(text);
    day.map(Some)
        .ok_or_else(|| ServiceError::internal(anyhow::anyhow!("a row was kept with a malformed day")))
}
