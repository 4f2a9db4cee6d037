//! Rosters as the contract's messages.

use sea_orm::DbErr;
use yizhan_proto::enrollment::v1 as pb;
use yizhan_runtime::Reason;
use yizhan_runtime::clock::timestamp;

use crate::rosters::domain::steps::State;
use crate::rosters::store::entities::roster::Model;
use crate::rosters::store::roster_rows::ToldRow;

/// A row with what became of it, and whether all rows are applied.
pub struct Told {
    /// The row.
    pub row: ToldRow,
    /// Then a row of which nothing is noted is unchanged.
    pub all_applied: bool,
}

/// How far it is.
pub fn state(roster: &Model) -> pb::RosterState {
    match roster.stage {
        State::Staging => pb::RosterState::Staging,
        State::Rows | State::Absence => pb::RosterState::Applying,
        State::Done => pb::RosterState::Done,
        State::Abandoned => pb::RosterState::Abandoned,
    }
}

/// How far it is, in rows.
pub fn progress(roster: &Model) -> pb::RosterProgress {
    pb::RosterProgress {
        state: state(roster).into(),
        staged_rows: roster.staged_rows,
        applied_rows: applied_rows(roster),
    }
}

/// Rows refused when they came count as applied once the others begin to be.
fn applied_rows(roster: &Model) -> i64 {
    if roster.sealed_at.is_some() { roster.applied_rows } else { 0 }
}

/// What it did so far.
pub fn summary(roster: &Model) -> Result<pb::RosterSummary, DbErr> {
    let counts = roster.counted()?;
    Ok(pb::RosterSummary {
        row_count: roster.total_rows,
        added_count: counts.added,
        updated_count: counts.updated,
        ended_count: counts.ended,
        ended_by_absence_count: counts.ended_by_absence,
        unchanged_count: counts.unchanged,
        refused_count: counts.refused.values().sum(),
        changed_person_count: counts.changed_persons,
        refusals: counts
            .refused
            .into_iter()
            .map(|(reason, count)| pb::RosterRefusals { reason, count })
            .collect(),
    })
}

/// The header as it was sent first.
pub fn header(roster: &Model) -> Result<pb::RosterHeader, DbErr> {
    prost::Message::decode(roster.header.as_slice())
        .map_err(|error: prost::DecodeError| DbErr::Custom(error.to_string()))
}

/// All of it.
pub fn roster(roster: &Model) -> Result<pb::Roster, DbErr> {
    Ok(pb::Roster {
        header: Some(header(roster)?),
        state: state(roster).into(),
        staged_rows: roster.staged_rows,
        applied_rows: applied_rows(roster),
        summary: Some(summary(roster)?),
        opened_at: Some(timestamp(roster.opened_at)),
        sealed_at: roster.sealed_at.map(timestamp),
        done_at: roster.done_at.map(timestamp),
    })
}

/// What became of a row.
pub fn row_result(told: Told) -> pb::RosterRowResult {
    let row = told.row;
    let noted = row.outcome.and_then(|code| pb::RosterRowOutcome::try_from(code as i32).ok());
    let outcome = match noted {
        Some(outcome) => outcome,
        None if told.all_applied => pb::RosterRowOutcome::Unchanged,
        None => pb::RosterRowOutcome::Unspecified,
    };
    let reason = row.reason.unwrap_or_default();
    let text = Reason::from_code(&reason).map(Reason::text).unwrap_or_default();
    pb::RosterRowResult {
        row_number: row.row_no,
        psn_no: row.psn_no,
        name: row.name,
        outcome: outcome.into(),
        reason_text: text.to_owned(),
        reason,
    }
}
