//! Transactions that change something.

use crate::Reason;
use std::future::Future;
use std::time::{Duration, Instant, SystemTime};

use sea_orm::DbErr;

use super::{DatabaseConnection, DatabaseTransaction, Failure, classify};
use crate::error::{ErrorKind, ServiceError};

/// How often a transaction is run before its clash is reported.
const ATTEMPTS: u32 = 8;
/// How long after the first attempt another one is begun: who waited for a lock in vain does not wait again and again.
pub const KEEP_TRYING: Duration = Duration::from_secs(5);
/// Pause before the second attempt; doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(2);

/// Begins a transaction that will write. On SQLite it takes the write lock at once (BEGIN IMMEDIATE): a transaction that
/// reads first and writes later would fail at once when another one wrote in between, however long the busy timeout.
pub async fn begin_write(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    db.begin().await
}

/// Whether running the whole transaction again may help.
pub trait Transient {
    /// True when another transaction was in the way.
    fn is_transient(&self) -> bool;
}

impl Transient for DbErr {
    fn is_transient(&self) -> bool {
        matches!(classify(self), Failure::Clash | Failure::UniqueViolation)
    }
}

impl Transient for ServiceError {
    fn is_transient(&self) -> bool {
        self.kind() == ErrorKind::Aborted && self.reason() == Reason::ConcurrentChange
    }
}

/// Runs `attempt` (which begins and commits its own transaction) until it succeeds or fails for a reason that a repeat
/// cannot cure; at most 8 times within [`KEEP_TRYING`], with growing pauses. Of what is run again it is known that it was rolled back:
/// an attempt during which the database went away is not.
///
/// ```ignore
/// retry_transient(|| async {
///     let tx = begin_write(db).await?;
///     …
///     tx.commit().await?;
///     Ok(outcome)
/// }).await
/// ```
pub async fn retry_transient<T, E, F>(mut attempt: impl FnMut() -> F) -> Result<T, E>
where
    E: Transient,
    F: Future<Output = Result<T, E>>,
{
    let (began, mut pause) = (Instant::now(), FIRST_PAUSE);
    for _ in 1..ATTEMPTS {
        match attempt().await {
            Err(error) if error.is_transient() && began.elapsed() < KEEP_TRYING => {
                tokio::time::sleep(jittered(pause)).await;
            }
            outcome => return outcome,
        }
        pause *= 2;
    }
    attempt().await
}

/// Half to one and a half of the pause, so that clashing transactions do not meet again in step.
fn jittered(pause: Duration) -> Duration {
    let nanos = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |now| now.subsec_nanos());
    pause / 2 + pause * (nanos % 1024) / 1024
}
