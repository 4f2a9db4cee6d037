//! A streaming replica of PostgreSQL, for lists and figures: what is read of it may be a few seconds old, and nothing is decided on it
//! (docs/decisions/0076).
//!
//! How old is measured, not believed: every so often the primary is asked how far its log is, and the replica how far it has replayed; what the
//! primary had written at a moment that the replica has passed is there. No clock of either is used, and a primary that is idle is not
//! behind. Where the replica is further behind than allowed, away, or of another database, the primary is asked as if there were no replica; what
//! it refuses, the primary is asked again.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement};

use super::{DatabaseConnection, connect};
use crate::config::ReplicaConfig;
use crate::metrics::{self, Metric};

/// How often it is looked how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long an answer of the replica may take, before the primary is asked.
const REPLICA_ANSWERS_WITHIN: Duration = Duration::from_secs(3);
/// Moments of the primary that are remembered: of so long a lag it is only known that it is longer.
const MOMENTS: usize = 600;

/// Which database it is (of which cluster, by which number), and how far its log is: on the disk of a primary, where every commit is that anybody
/// sees, replayed by a standby.
const HOW_FAR: &str = "SELECT (SELECT system_identifier::text FROM pg_control_system()) || ' ' || \
    (SELECT oid::text FROM pg_database WHERE datname = current_database()) AS which, \
    ((CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END) - '0/0'::pg_lsn)::bigint AS far";

/// A replica.
pub(super) struct Replica {
    db: DatabaseConnection,
    most_behind: Duration,
    /// The moment of the primary of which it is known that everything of it is there.
    known: Mutex<Option<Instant>>,
}

impl fmt::Debug for Replica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replica").field("most_behind", &self.most_behind).finish_non_exhaustive()
    }
}

impl Replica {
    /// Connects when first asked: a replica that is away keeps nobody from starting.
    pub async fn open(config: &ReplicaConfig, primary: &DatabaseConnection) -> Result<Arc<Replica>, DbErr> {
        let db = connect::replica_pool(config).await?.answering_within(REPLICA_ANSWERS_WITHIN);
        let replica = Arc::new(Replica { db, most_behind: config.max_lag, known: Mutex::default() });
        let told = Arc::downgrade(&replica);
        metrics::sample(Metric::DbReplicaLag, [], move || Some(told.upgrade()?.behind()?.as_secs()));
        tokio::spawn(watch(Arc::downgrade(&replica), primary.clone()));
        Ok(replica)
    }

    /// For how long it is behind, or may be; `None` while that is not known.
    fn behind(&self) -> Option<Duration> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).map(|moment| moment.elapsed())
    }

    /// Whether it may be read; otherwise it is counted that it was not.
    pub fn is_near(&self) -> bool {
        let near = self.behind().is_some_and(|behind| behind <= self.most_behind);
        if !near {
            metrics::replica_read("behind");
        }
        near
    }

    /// What it answers; `None` where the primary is to be asked.
    pub async fn ask(&self, statement: &Statement) -> Option<Vec<QueryResult>> {
        match self.db.query_all_raw(statement.clone()).await {
            Ok(rows) => {
                metrics::replica_read("replica");
                Some(rows)
            }
            Err(error) => {
                tracing::debug!(%error, "the replica did not answer; the primary is asked");
                metrics::replica_read("failed");
                None
            }
        }
    }

    /// Closes its connections.
    pub async fn close(&self) -> Result<(), DbErr> {
        self.db.clone().close().await
    }
}

/// Looks how far it is, until nobody has it any more.
async fn watch(replica: Weak<Replica>, primary: DatabaseConnection) {
    let (mut moments, mut failing) = (Moments::default(), false);
    while let Some(replica) = replica.upgrade() {
        match look(&primary, &replica, &mut moments).await {
            Ok(()) if failing => {
                failing = false;
                tracing::info!("the replica answers again");
            }
            Ok(()) => {}
            Err(error) if !failing => {
                failing = true;
                tracing::warn!(%error, "it is not known how far the replica is; lists and figures are read from the primary");
            }
            Err(_) => {}
        }
        drop(replica);
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn look(primary: &DatabaseConnection, replica: &Replica, moments: &mut Moments) -> Result<(), DbErr> {
    let at = Instant::now();
    let (which, written) = how_far(primary).await?;
    moments.wrote(at, written);
    let (theirs, replayed) = how_far(&replica.db).await?;
    if which != theirs {
        *replica.known.lock().unwrap_or_else(PoisonError::into_inner) = None;
        return Err(DbErr::Custom("it is no replica of this database".to_owned()));
    }
    if let Some(moment) = moments.replayed(replayed) {
        *replica.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(moment);
    }
    Ok(())
}

async fn how_far(db: &DatabaseConnection) -> Result<(String, i64), DbErr> {
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, HOW_FAR)).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("how far the log is".to_owned()))?;
    Ok((row.try_get("", "which")?, row.try_get("", "far")?))
}

/// Moments of the primary that the replica has not passed yet, with how far its log was, the earliest first.
#[derive(Debug, Default)]
struct Moments(VecDeque<(Instant, i64)>);

impl Moments {
    /// The primary is so far.
    fn wrote(&mut self, at: Instant, written: i64) {
        // A primary that is less far than it was is another one, or was restored.
        if self.0.back().is_some_and(|(_, before)| *before > written) {
            self.0.clear();
        }
        if self.0.len() < MOMENTS {
            self.0.push_back((at, written));
        }
    }

    /// The last moment that the replica has passed, which is so far; `None` where it has passed none since.
    fn replayed(&mut self, replayed: i64) -> Option<Instant> {
        let passed = self.0.iter().take_while(|(_, written)| *written <= replayed).count();
        self.0.drain(..passed).next_back().map(|(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_replica_has_passed_is_there() {
        let (begun, mut moments) = (Instant::now(), Moments::default());
        let at = |second| begun + Duration::from_secs(second);
        moments.wrote(at(1), 100);
        assert_eq!(moments.replayed(99), None, "something of it is missing");
        moments.wrote(at(2), 100);
        moments.wrote(at(3), 200);
        assert_eq!(moments.replayed(150), Some(at(2)), "an idle primary is not behind");
        assert_eq!(moments.replayed(150), None, "no news");
        assert_eq!(moments.replayed(200), Some(at(3)));
        moments.wrote(at(4), 300);
        moments.wrote(at(5), 50);
        assert_eq!(moments.replayed(60), Some(at(5)), "restored");
    }
}
