//! Rosters of departments.

use sea_orm::entity::prelude::*;

use crate::rosters::domain::steps::State;

/// One file.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "roster")]
pub struct Model {
    /// Its number here.
    #[sea_orm(primary_key)]
    pub roster_no: i64,
    /// 统筹区.
    pub poolarea_no: String,
    /// Code of the department.
    pub department: String,
    /// The department's own id.
    pub roster_id: String,
    /// The contract's RosterHeader, encoded.
    pub header: Vec<u8>,
    /// The contract's RosterMode.
    pub mode: i32,
    /// The day it holds from.
    pub effective_date: Date,
    /// Rows of the file.
    pub total_rows: i64,
    /// Who opened it, as the caller header says it.
    pub caller: String,
    /// How far it is.
    pub stage: State,
    /// The stream that may send rows: the one opened last.
    pub stream_id: String,
    /// While staging the digest of the rows so far; keyed once sealed, so that it tells nothing about them.
    pub digest: String,
    /// Rows kept.
    pub staged_rows: i64,
    /// Rows applied.
    pub applied_rows: i64,
    /// Behind which person and row (or identity) applying goes on; JSON.
    pub position: String,
    /// What it did so far; JSON.
    pub counts: String,
    /// Whether its rows are still there.
    pub rows_kept: bool,
    /// When it was opened first.
    pub opened_at: DateTimeUtc,
    /// When a row or the seal came last.
    pub touched_at: DateTimeUtc,
    /// When it was sealed.
    pub sealed_at: Option<DateTimeUtc>,
    /// When it was done.
    pub done_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
