//! Connecting, with the settings every service needs.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{Connection, Executor, PgConnection, Row, SqliteConnection};
use sea_orm::{ConnectOptions, Database, DbErr, RuntimeErr, SqlxError};
use tokio::time::timeout;

use super::handle::Begins;
use super::replica::Replica;
use super::{DatabaseConnection, retry_transient};
use crate::config::{DatabaseConfig, ReplicaConfig};

/// How long a request waits for a free connection before it is told the database is away.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// The same of a replica.
const REPLICA_ACQUIRE_TIMEOUT: Duration = Duration::from_secs(1);
/// How long SQLite waits for the one writer.
pub(super) const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a statement may take in PostgreSQL.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long it may wait for a lock: less than this side waits for it.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a transaction may do nothing.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Connections that were idle for this long are tested before use.
const TEST_AFTER_IDLE: Duration = Duration::from_secs(5);
/// How long such a test may take, and what was under way on a connection that comes back: then another one is made.
const TEST_WITHIN: Duration = Duration::from_secs(2);

/// Connects to `postgres://…` or `sqlite://…`, creating the SQLite file and its folder if need be.
pub async fn connect(config: &DatabaseConfig) -> Result<DatabaseConnection, DbErr> {
    let begins = Begins::default();
    let mut options = pool_options(config.url.as_str(), config.max_connections);
    if config.url.starts_with("sqlite:") {
        create_file_of(config.url.as_str())?;
        sqlite_settings(&mut options);
    } else {
        postgres_settings(&mut options, begins.clone());
    }
    // While a SQLite file is switched to WAL or recovered after a crash, the pool's first connections can be in each
    // other's way, and SQLite then fails at once, whatever the busy timeout.
    let pool = retry_transient(|| Database::connect(options.clone())).await?;
    let connection = DatabaseConnection::new(pool, begins);
    connection.tell_of_pool(config.max_connections);
    match &config.replica {
        Some(replica) => Ok(connection.with_replica(Replica::open(replica, &connection).await?)),
        None => Ok(connection),
    }
}

/// Connections to a replica, made when first needed.
pub(super) async fn replica_pool(config: &ReplicaConfig) -> Result<DatabaseConnection, DbErr> {
    let begins = Begins::default();
    let mut options = pool_options(config.url.as_str(), config.max_connections);
    postgres_settings(&mut options, begins.clone());
    // Who waits for it would be answered by the primary meanwhile.
    options.acquire_timeout(REPLICA_ACQUIRE_TIMEOUT).connect_lazy(true);
    Ok(DatabaseConnection::new(Database::connect(options).await?, begins))
}

fn pool_options(url: &str, max_connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(max_connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // With either of these, sqlx 0.9.0 sweeps the pool from time to time, and a sweep that meets a connection on its
        // way back may never end: it keeps a core busy and the process from stopping (sqlx issue 3645).
        .idle_timeout(None)
        .max_lifetime(None)
        .sqlx_logging(false)
        .record_stmt_in_spans(false);
    options
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
    options.map_sqlx_sqlite_pool_opts(|pool| {
        pool.after_release(|connection, _| Box::pin(is_clean_sqlite(connection)))
    });
}

fn postgres_settings(options: &mut ConnectOptions, begins: Begins) {
    options.set_application_name("yizhan").test_before_acquire(false);
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
    options.map_sqlx_postgres_before_acquire(|connection, idle| {
        Box::pin(async move {
            if idle.idle_for >= TEST_AFTER_IDLE {
                timeout(TEST_WITHIN, connection.ping()).await.map_err(silent)??;
            }
            Ok(true)
        })
    });
    options.map_sqlx_postgres_pool_opts(move |pool| {
        let begins = begins.clone();
        pool.after_release(move |connection, _| {
            let suspect = begins.given_up_lately();
            Box::pin(is_clean_postgres(connection, suspect))
        })
    });
}

/// Whether a connection that comes back may be used again: not when its transaction could not be ended. SQLite ends one by itself when the
/// disk is full; sqlx, which still counts it, would then take the next BEGIN for a savepoint, whose commit commits nothing.
async fn is_clean_sqlite(connection: &mut SqliteConnection) -> Result<bool, SqlxError> {
    // A rollback may be under way still: it comes before the answer.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// The same of PostgreSQL, in limited time: a server that is silent would keep the connection's place in the pool. Where nothing is under
/// way nothing is asked, for sqlx itself pings once more (without a limit, but only what has answered up to here).
async fn is_clean_postgres(connection: &mut PgConnection, suspect: bool) -> Result<bool, SqlxError> {
    let clean = async {
        // What was given up half-way and the rollback behind it.
        connection.flush().await?;
        if connection.is_in_transaction() {
            return Ok(false);
        }
        Ok(!suspect || is_outside_transactions(connection).await?)
    };
    timeout(TEST_WITHIN, clean).await.map_err(silent)?
}

/// Asks the server, for sqlx does not tell: in a transaction time stands still.
async fn is_outside_transactions(connection: &mut PgConnection) -> Result<bool, SqlxError> {
    connection.fetch_one("SELECT now() = statement_timestamp()").await?.try_get(0)
}

fn silent(_: tokio::time::error::Elapsed) -> SqlxError {
    SqlxError::Io(ErrorKind::TimedOut.into())
}

/// Makes the file if it is not there, and its folders, for the owner alone. What SQLite keeps next to it, it makes with the rights of the file.
fn create_file_of(url: &str) -> Result<(), DbErr> {
    let path = url.trim_start_matches("sqlite:").trim_start_matches("//");
    let path = path.split('?').next().unwrap_or_default();
    if path.starts_with(":memory:") {
        return Ok(());
    }
    create_privately(Path::new(path)).map_err(|error| {
        DbErr::Conn(RuntimeErr::Internal(format!("cannot create the database file {path}: {error}")))
    })
}

fn create_privately(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
