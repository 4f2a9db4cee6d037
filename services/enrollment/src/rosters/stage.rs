//! Keeping rows as they come.

use std::collections::BTreeMap;

use sea_orm::DbErr;
use yizhan_proto::enrollment::v1::RosterRows;
use yizhan_runtime::db::{DatabaseTransaction, begin_write, retry_transient};
use yizhan_runtime::{Reason, ServiceError};

use super::check::{CheckedRow, MAX_ROWS_PER_MESSAGE, RowRules, roster_unknown};
use super::digest;
use crate::app::Register;
use crate::person::store::{persons, timelines};
use crate::rosters::domain::roster::Outcome;
use crate::rosters::domain::steps::{Action, Role};
use crate::rosters::store::entities::roster;
use crate::rosters::store::roster_rows::{self, NOTHING, StagedRow};
use crate::rosters::store::rosters::{self, json};

/// Keeps the rows of one message, durably, if they come next and on the stream that was opened last.
pub async fn stage(
    register: &Register,
    opened: &roster::Model,
    rules: &RowRules,
    message: &RosterRows,
) -> Result<roster::Model, ServiceError> {
    if opened.sealed_at.is_some() {
        return Err(row_unexpected(opened, message.first_row_number));
    }
    let count = message.rows.len();
    if !(1..=MAX_ROWS_PER_MESSAGE).contains(&count) {
        return Err(ServiceError::invalid_field(
            "rows.rows",
            Reason::CountInvalid.saying("每条消息 1 至 1000 行"),
        ));
    }
    // Before anything is counted on from a number that may be any.
    if message.first_row_number != opened.staged_rows + 1 {
        return Err(row_unexpected(opened, message.first_row_number));
    }
    let numbered = message.rows.iter().zip(message.first_row_number..);
    let mut checked: Vec<CheckedRow> = numbered.map(|(row, row_no)| rules.check(row_no, row)).collect();
    find_persons(register, &opened.poolarea_no, &mut checked).await?;
    let rows: Vec<&StagedRow> = checked.iter().map(|checked| &checked.row).collect();
    let refusals =
        checked.iter().map(|checked| Some((checked.row.row_no, Outcome::Refused(checked.refusal?))));
    let refused: Vec<(i64, Outcome)> = refusals.flatten().collect();
    retry_transient(|| async {
        let tx = begin_write(&register.db).await?;
        let mut held = take_step(&tx, register, opened, Action::Send).await?;
        if message.first_row_number != held.staged_rows + 1 {
            return Err(row_unexpected(&held, message.first_row_number));
        }
        held.staged_rows += count as i64;
        if held.staged_rows > held.total_rows {
            return Err(row_unexpected(&held, held.total_rows + 1));
        }
        held.digest = digest::with(&held.digest, message)?;
        let mut counts = held.counted()?;
        counts.add(&refused);
        held.counts = json(&counts)?;
        held.applied_rows += refused.len() as i64;
        roster_rows::insert(&tx, &held, &rows).await?;
        roster_rows::insert_outcomes(&tx, &held, &refused).await?;
        rosters::update(&tx, &held).await?;
        tx.commit().await?;
        Ok(held)
    })
    .await
}

/// Puts the number of the person where a certificate was given. Who is registered elsewhere is nobody: a department may not
/// ask about persons of other areas, and learns neither that they are registered nor their number.
async fn find_persons(register: &Register, poolarea_no: &str, rows: &mut [CheckedRow]) -> Result<(), DbErr> {
    let digests = rows.iter().filter_map(|row| row.certno_digest.clone());
    let found: BTreeMap<String, String> =
        persons::find_psn_nos_by_certificates(&register.db, digests).await?;
    let areas = timelines::areas_of(&register.db, found.values().cloned()).await?;
    let is_here = |psn_no: &&String| areas.get(*psn_no).is_some_and(|area| area == poolarea_no);
    for row in rows {
        let Some(digest) = &row.certno_digest else { continue };
        match found.get(digest).filter(is_here) {
            Some(psn_no) => row.row.psn_no.clone_from(psn_no),
            None => {
                row.row.action = NOTHING;
                row.refusal.get_or_insert(Reason::PersonUnknown);
            }
        }
    }
    Ok(())
}

/// The roster, for this transaction, behind a step of the department; unless another stream took it over or it is sealed.
pub async fn take_step(
    tx: &DatabaseTransaction,
    register: &Register,
    opened: &roster::Model,
    action: Action,
) -> Result<roster::Model, ServiceError> {
    let held = rosters::lock(tx, &opened.poolarea_no, &opened.department, &opened.roster_id).await?;
    let mut held = held.ok_or_else(|| roster_unknown(&opened.roster_id))?;
    match held.next(action, Role::Department) {
        Ok(state) if held.stream_id == opened.stream_id => {
            held.touched_at = register.clock.now();
            held.enter(state, held.touched_at);
            Ok(held)
        }
        _ => Err(ServiceError::new(
            Reason::RosterStreamSuperseded,
            "another stream of this roster was opened later, or it was sealed or given up",
        )
        .with("roster_id", &opened.roster_id)),
    }
}

/// A row that does not come next.
pub fn row_unexpected(held: &roster::Model, came: i64) -> ServiceError {
    ServiceError::new(Reason::RosterRowUnexpected, "this row does not come next")
        .with("next_row_number", held.staged_rows.min(held.total_rows) + 1)
        .with("row_number", came)
}
