//! The table `change_log`, and writing to it.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, RuntimeErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::db::insert_values;

/// A change to be logged.
#[derive(Clone, Debug)]
pub struct NewChange {
    /// Pooling area (admdvs) it belongs to, for followers that own an area.
    pub area: String,
    /// What kind of change, stable UPPER_SNAKE.
    pub kind: &'static str,
    /// Whom or what it is about: a psn_no, a setl_id.
    pub subject: String,
    /// The change itself: an encoded protobuf message.
    pub payload: Vec<u8>,
    /// When it was made.
    pub recorded_at: DateTime<Utc>,
}

/// Logs changes inside the caller's transaction, in the order given. Call
/// [`Feed::wake`](super::Feed::wake) after the commit.
pub async fn append<C: ConnectionTrait>(tx: &C, changes: Vec<NewChange>) -> Result<(), DbErr> {
    let columns = ["area", "kind", "subject", "payload", "recorded_at"];
    let row = |change: NewChange| {
        let NewChange { area, kind, subject, payload, recorded_at } = change;
        vec![area.into(), kind.into(), subject.into(), payload.into(), recorded_at.into()]
    };
    insert_values(tx, "change_log", &columns, changes.into_iter().map(row).collect()).await
}

/// Refuses a PostgreSQL cluster whose transaction ids are behind those recorded (see the module's text). Call it once
/// after migrating.
pub async fn check<C: ConnectionTrait>(db: &C) -> Result<(), DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    const AHEAD: &str =
        "SELECT max(txid) >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS ahead FROM change_log";
    let statement = sea_orm::Statement::from_string(DbBackend::Postgres, AHEAD);
    let row = db.query_one_raw(statement).await?;
    match row.map(|row| row.try_get::<Option<bool>>("", "ahead")).transpose()?.flatten() {
        Some(true) => Err(DbErr::Conn(RuntimeErr::Internal(
            "the change log holds transaction ids this PostgreSQL cluster has not reached: it was restored from a dump of \
             another cluster. Before starting use up its ids beyond max(txid) of change_log, or stop it and begin a later epoch \
             (pg_resetwal --epoch): docs/BACKUP.md"
                .to_owned(),
        ))),
        _ => Ok(()),
    }
}

/// The migration that makes the table; every service that has a feed lists it in its Migrator.
#[derive(Debug)]
pub struct CreateChangeLog;

impl MigrationName for CreateChangeLog {
    fn name(&self) -> &str {
        "m20260101_000000_change_log"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateChangeLog {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        db.execute_unprepared(match manager.get_database_backend() {
            DbBackend::Postgres => POSTGRES,
            _ => SQLITE,
        })
        .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP TABLE change_log").await?;
        Ok(())
    }
}

/// The key is the order it is read in.
const POSTGRES: &str = "CREATE TABLE change_log (
    txid bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    area text NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    payload bytea NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (txid, seq)
)";

const SQLITE: &str = "CREATE TABLE change_log (
    txid integer NOT NULL DEFAULT 0,
    seq integer PRIMARY KEY AUTOINCREMENT,
    area text NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    payload blob NOT NULL,
    recorded_at timestamp_with_timezone_text NOT NULL
)";
