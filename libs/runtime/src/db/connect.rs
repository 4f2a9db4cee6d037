//! Connecting, with the settings every service needs.

use std::path::Path;
use std::time::Duration;

use sea_orm::sqlx::Connection;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr, RuntimeErr, SqlxError};

use super::retry_transient;
use crate::config::DatabaseConfig;

/// How long a request waits for a free connection before it is told the database is away.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long SQLite waits for the one writer.
const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a statement may take in PostgreSQL.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long it may wait for a lock.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a transaction may do nothing.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Connections that were idle for this long are tested before use.
const TEST_AFTER_IDLE: Duration = Duration::from_secs(5);

/// Connects to `postgres://…` or `sqlite://…`, creating the SQLite file and its folder if need be.
pub async fn connect(config: &DatabaseConfig) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(config.url.as_str());
    options
        .max_connections(config.max_connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // With either of these, sqlx 0.9.0 sweeps the pool from time to time, and a sweep that meets a connection on its
        // way back may never end: it keeps a core busy and the process from stopping (sqlx issue 3645).
        .idle_timeout(None)
        .max_lifetime(None)
        .sqlx_logging(false)
        .record_stmt_in_spans(false);
    if config.url.starts_with("sqlite:") {
        create_folder_of(config.url.as_str())?;
        sqlite_settings(&mut options);
    } else {
        postgres_settings(&mut options);
    }
    // While a SQLite file is switched to WAL or recovered after a crash, the pool's first connections can be in each
    // other's way, and SQLite then fails at once, whatever the busy timeout.
    retry_transient(|| Database::connect(options.clone())).await
}

fn sqlite_settings(options: &mut ConnectOptions) {
    options.min_connections(1).test_before_acquire(false);
    options.map_sqlx_sqlite_opts(|sqlite| {
        sqlite
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(SQLITE_BUSY_TIMEOUT)
            .foreign_keys(true)
    });
    options
        .map_sqlx_sqlite_pool_opts(|pool| pool.after_release(|connection, _| Box::pin(is_clean(connection))));
}

fn postgres_settings(options: &mut ConnectOptions) {
    options.set_application_name("yizhan").test_before_acquire_if_idle_for(TEST_AFTER_IDLE);
    // No statement, lock wait or forgotten transaction may hold others up (and the feed, which waits for the oldest
    // transaction) for longer than this.
    let millis = |timeout: Duration| format!("{}ms", timeout.as_millis());
    options.map_sqlx_postgres_opts(move |postgres| {
        postgres.options([
            ("statement_timeout", millis(STATEMENT_TIMEOUT)),
            ("lock_timeout", millis(LOCK_TIMEOUT)),
            ("idle_in_transaction_session_timeout", millis(IDLE_TIMEOUT)),
        ])
    });
    options.map_sqlx_postgres_pool_opts(|pool| {
        pool.after_release(|connection, _| Box::pin(is_clean(connection)))
    });
}

/// Whether a connection that comes back may be used again: not when its transaction could not be ended. SQLite ends one by itself when the
/// disk is full; sqlx, which still counts it, would then take the next BEGIN for a savepoint, whose commit commits nothing.
async fn is_clean(connection: &mut impl Connection) -> Result<bool, SqlxError> {
    // A rollback may be under way still: it comes before the answer.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

fn create_folder_of(url: &str) -> Result<(), DbErr> {
    let path = url.trim_start_matches("sqlite:").trim_start_matches("//");
    let path = path.split('?').next().unwrap_or_default();
    match Path::new(path).parent() {
        Some(folder) if !path.starts_with(":memory:") => std::fs::create_dir_all(folder).map_err(|error| {
            DbErr::Conn(RuntimeErr::Internal(format!("cannot create folder {}: {error}", folder.display())))
        }),
        _ => Ok(()),
    }
}
