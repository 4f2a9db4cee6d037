//! What went wrong, in terms that decide what to do next.

use sea_orm::{DbErr, RuntimeErr, SqlxError};

/// What a database error calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Another transaction was in the way (serialization failure, deadlock, lock timeout, SQLITE_BUSY): run the whole
    /// transaction again.
    Clash,
    /// A key exists already. Either an answer in itself, or somebody else made it a moment ago: run again and see it.
    UniqueViolation,
    /// The database cannot be reached, is shutting down, has no connection or no room on its disk to spare, or may not be written
    /// to (a standby). Whether a commit under way happened is not known.
    Away,
    /// Anything else: a mistake of ours.
    Other,
}

/// Sorts an error into the four.
pub fn classify(error: &DbErr) -> Failure {
    match error {
        DbErr::ConnectionAcquire(_) => Failure::Away,
        DbErr::Conn(runtime) => match runtime_failure(runtime) {
            Failure::Other => Failure::Away,
            failure => failure,
        },
        DbErr::Exec(runtime) | DbErr::Query(runtime) => runtime_failure(runtime),
        _ => Failure::Other,
    }
}

fn runtime_failure(error: &RuntimeErr) -> Failure {
    let RuntimeErr::SqlxError(error) = error else { return Failure::Other };
    match error.as_ref() {
        SqlxError::Database(error) => error.code().map_or(Failure::Other, |code| code_failure(&code)),
        SqlxError::Io(_) | SqlxError::Tls(_) | SqlxError::PoolTimedOut | SqlxError::PoolClosed => {
            Failure::Away
        }
        // The server has answered, but not begun.
        SqlxError::BeginFailed | SqlxError::WorkerCrashed => Failure::Away,
        _ => Failure::Other,
    }
}

/// SQLSTATE of PostgreSQL (five characters), or extended result code of SQLite (a number).
fn code_failure(code: &str) -> Failure {
    match code {
        // serialization_failure, deadlock_detected, lock_not_available
        "40001" | "40P01" | "55P03" => Failure::Clash,
        // check_violation: a partition was made for a row while it was written to the default one. There are no other checks.
        "23514" => Failure::Clash,
        // SQLITE_BUSY, _RECOVERY, _SNAPSHOT, _TIMEOUT, SQLITE_LOCKED, _SHAREDCACHE
        "5" | "261" | "517" | "773" | "6" | "262" => Failure::Clash,
        // unique_violation; SQLITE_CONSTRAINT_PRIMARYKEY, _UNIQUE
        "23505" | "1555" | "2067" => Failure::UniqueViolation,
        // read_only_sql_transaction, idle_in_transaction_session_timeout, io_error
        "25006" | "25P03" | "58030" => Failure::Away,
        // SQLITE_READONLY, _IOERR, _FULL, _CANTOPEN, whatever more an extended code says
        code if code.len() < 5
            && code.parse().is_ok_and(|code: u32| [8, 10, 13, 14].contains(&(code & 0xff))) =>
        {
            Failure::Away
        }
        // connection_exception; insufficient_resources (disk_full, too_many_connections); operator_intervention (query_canceled by its
        // time limit, admin_shutdown, crash_shutdown, cannot_connect_now)
        code if code.len() == 5 && ["08", "53", "57"].iter().any(|class| code.starts_with(class)) => {
            Failure::Away
        }
        _ => Failure::Other,
    }
}
