//! Reading the change log.

use std::collections::VecDeque;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::stream::{self, Stream};
use sea_orm::{DbBackend, DbErr, FromQueryResult, Statement};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Position;

use crate::db::DatabaseConnection;

/// How often the log is looked at when nobody wakes the follower: changes by other processes are seen this late at most.
const POLL_INTERVAL: Duration = Duration::from_millis(200);
/// Entries read at a time while tailing.
const TAIL_BATCH: u64 = 500;

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
    /// The place behind this entry: what a follower stores once it has dealt with it.
    pub fn position(&self) -> Position {
        Position { txid: self.txid, seq: self.seq }
    }
}

/// A service's own change log. Cheap to clone; clones wake one another.
#[derive(Clone, Debug)]
pub struct Feed {
    db: DatabaseConnection,
    commits: watch::Sender<()>,
}

impl Feed {
    /// The log in this database.
    pub fn new(db: DatabaseConnection) -> Self {
        Feed { db, commits: watch::Sender::new(()) }
    }

    /// Tells followers in this process that something was committed, so that they need not wait for the next poll.
    pub fn wake(&self) {
        self.commits.send_replace(());
    }

    /// Up to `limit` entries behind a position, in order; empty when there is nothing new that is safe to read.
    pub async fn read_after(&self, after: Position, limit: u64) -> Result<Vec<Change>, DbErr> {
        let backend = self.db.get_database_backend();
        let sql = if backend == DbBackend::Postgres { POSTGRES } else { SQLITE };
        let values = [after.txid.into(), after.seq.into(), (limit as i64).into()];
        Change::find_by_statement(Statement::from_sql_and_values(backend, sql, values)).all(&self.db).await
    }

    /// Every entry behind a position, as they come, each exactly once, until `stop` is cancelled (a server cancels it when
    /// it shuts down: see [`Server::stopping`](crate::server::Server::stopping)). After an error the stream ends; follow
    /// again from the last position.
    pub fn tail(
        &self,
        after: Position,
        stop: CancellationToken,
    ) -> impl Stream<Item = Result<Change, DbErr>> + use<> {
        let tail = Tail {
            commits: self.commits.subscribe(),
            feed: self.clone(),
            after,
            stop,
            read: VecDeque::new(),
            failed: false,
        };
        stream::unfold(tail, async |mut tail| tail.next().await.map(|item| (item, tail)))
    }
}

/// A follower's state between two entries.
struct Tail {
    feed: Feed,
    commits: watch::Receiver<()>,
    after: Position,
    stop: CancellationToken,
    read: VecDeque<Change>,
    failed: bool,
}

impl Tail {
    async fn next(&mut self) -> Option<Result<Change, DbErr>> {
        while self.read.is_empty() {
            if self.failed || self.stop.is_cancelled() {
                return None;
            }
            // Marked before reading: a commit during the read wakes the wait below at once.
            self.commits.mark_unchanged();
            match self.feed.read_after(self.after, TAIL_BATCH).await {
                Ok(changes) if changes.is_empty() => self.wait().await,
                Ok(changes) => self.read = changes.into(),
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            }
        }
        let change = self.read.pop_front()?;
        self.after = change.position();
        Some(Ok(change))
    }

    async fn wait(&mut self) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            _ = self.commits.changed() => {}
            () = tokio::time::sleep(POLL_INTERVAL) => {}
        }
    }
}

const POSTGRES: &str = "SELECT txid, seq, area, kind, subject, payload, recorded_at FROM change_log \
    WHERE (txid, seq) > ($1, $2) AND txid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint \
    ORDER BY txid, seq LIMIT $3";

const SQLITE: &str = "SELECT txid, seq, area, kind, subject, payload, recorded_at FROM change_log \
    WHERE txid >= $1 AND seq > $2 ORDER BY seq LIMIT $3";
