//! What holds the feed up: the oldest transaction of the whole PostgreSQL cluster, in whatever database of it, also one that was prepared
//! and forgotten. Followers hear of nothing until it ends, so somebody is told.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::{DbBackend, DbErr, FromQueryResult, Statement};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::db::DatabaseConnection;
use crate::metrics::{self, Metric};
use crate::task;

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Entries that have waited for this long are told of.
const LATE_AFTER: Duration = Duration::from_secs(20);

/// A transaction for whose end entries of the change log wait.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct HeldUp {
    /// Its id.
    pub txid: i64,
    /// The server process it runs in; none of a prepared one.
    pub pid: Option<i32>,
    /// The database it is in.
    pub database: Option<String>,
    /// The name of a prepared one.
    pub gid: Option<String>,
    /// Seconds since it began, or was prepared, where this role may know that.
    pub age_seconds: Option<i64>,
}

/// Whether entries wait, and for what. On SQLite none ever do.
pub async fn held_up(db: &DatabaseConnection) -> Result<Option<HeldUp>, DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(None);
    }
    HeldUp::find_by_statement(Statement::from_string(DbBackend::Postgres, HOLDER)).one(db).await
}

/// Looks now and then, until the server stops, and warns.
pub(crate) fn watch_lag(db: DatabaseConnection, stopping: &CancellationToken) {
    let seen = Arc::<Mutex<Held>>::default();
    let read = seen.clone();
    metrics::sample(Metric::FeedLag, [], move || Some(lag(&read)));
    task::keep("feed lag", stopping, move || look_now_and_then(db.clone(), seen.clone()));
}

async fn look_now_and_then(db: DatabaseConnection, seen: Arc<Mutex<Held>>) {
    let mut held = None;
    loop {
        sleep(LOOK_EVERY).await;
        // Where the database is away others say so.
        if let Ok(found) = held_up(&db).await {
            held = tell(held, found);
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = held;
        }
    }
}

/// For how long the feed has been held up.
fn lag(seen: &Mutex<Held>) -> u64 {
    seen.lock().unwrap_or_else(PoisonError::into_inner).map_or(0, |(_, since)| since.elapsed().as_secs())
}

/// By what transaction the feed is held up, and since when it was seen so.
type Held = Option<(i64, Instant)>;

fn tell(held: Held, found: Option<HeldUp>) -> Held {
    let late = |since: Instant| since.elapsed() >= LATE_AFTER;
    let Some(found) = found else {
        if held.is_some_and(|(_, since)| late(since)) {
            tracing::info!("the feed goes on");
        }
        return None;
    };
    let since = held.filter(|(txid, _)| *txid == found.txid).map_or_else(Instant::now, |(_, since)| since);
    if late(since) {
        let HeldUp { pid, database, gid, age_seconds, .. } = &found;
        tracing::warn!(
            seconds = since.elapsed().as_secs(),
            pid,
            database,
            gid,
            age_seconds,
            "followers wait: a transaction in the cluster stays open"
        );
    }
    Some((found.txid, since))
}

/// A running transaction holds a lock on its own id, which everybody may see; ids are told as 32 bits there.
const HOLDER: &str = "SELECT edge.txid, holder.pid, coalesce(activity.datname, prepared.database)::text AS database, prepared.gid, \
    extract(epoch FROM now() - coalesce(activity.xact_start, prepared.prepared))::bigint AS age_seconds \
    FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS txid) AS edge \
    LEFT JOIN pg_locks AS holder ON holder.locktype = 'transactionid' AND holder.mode = 'ExclusiveLock' \
    AND holder.transactionid = (edge.txid % 4294967296)::text::xid \
    LEFT JOIN pg_stat_activity AS activity ON activity.pid = holder.pid \
    LEFT JOIN pg_prepared_xacts AS prepared ON prepared.transaction = holder.transactionid \
    WHERE EXISTS (SELECT 1 FROM change_log WHERE change_log.txid >= edge.txid) LIMIT 1";
