//! Entries of the change log, and reading them.

use chrono::{DateTime, Utc};
use sea_orm::{DbBackend, DbErr, FromQueryResult, Statement, Value};

use super::Position;

use crate::db::DatabaseConnection;

/// An entry of the change log.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Change {
    txid: i64,
    seq: i64,
    /// Pooling area (admdvs) it belongs to.
    pub area: String,
    /// What kind of change, stable UPPER_SNAKE.
    pub kind: String,
    /// Whom or what it is about.
    pub subject: String,
    /// The change itself: an encoded protobuf message.
    pub payload: Vec<u8>,
    /// When it was made.
    pub recorded_at: DateTime<Utc>,
}

impl Change {
    /// The place behind this entry: where a follower goes on once it has dealt with it.
    pub fn position(&self) -> Position {
        Position { txid: self.txid, seq: self.seq }
    }
}

/// Up to `limit` entries behind a position, in order; empty when there is nothing new that is safe to read.
pub(super) async fn behind(
    db: &DatabaseConnection,
    after: Position,
    limit: u64,
) -> Result<Vec<Change>, DbErr> {
    let sql = match db.get_database_backend() {
        DbBackend::Postgres => {
            "WHERE (txid, seq) > ($1, $2) AND txid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint \
             ORDER BY txid, seq LIMIT $3"
        }
        _ => "WHERE txid >= $1 AND seq > $2 ORDER BY seq LIMIT $3",
    };
    read(db, sql, [after.txid.into(), after.seq.into(), (limit as i64).into()]).await
}

/// The entry at a place.
pub(super) async fn at(db: &DatabaseConnection, place: Position) -> Result<Option<Change>, DbErr> {
    Ok(read(db, "WHERE txid = $1 AND seq = $2", [place.txid.into(), place.seq.into()]).await?.pop())
}

/// Behind the last entry that is safe to read.
pub(super) async fn end(db: &DatabaseConnection) -> Result<Position, DbErr> {
    let sql = match db.get_database_backend() {
        DbBackend::Postgres => {
            "WHERE txid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint ORDER BY txid DESC, seq DESC LIMIT 1"
        }
        _ => "ORDER BY seq DESC LIMIT 1",
    };
    Ok(read(db, sql, []).await?.first().map_or(Position::START, Change::position))
}

async fn read<const N: usize>(
    db: &DatabaseConnection,
    which: &str,
    values: [Value; N],
) -> Result<Vec<Change>, DbErr> {
    let sql = format!("SELECT txid, seq, area, kind, subject, payload, recorded_at FROM change_log {which}");
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    Change::find_by_statement(statement).all(db).await
}
