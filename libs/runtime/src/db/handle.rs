//! The database as services hold it: sea-orm's connection and transaction, with a deadline on our side for every call.
//!
//! The server's own limits do not help when it stands still or its packets are lost: then no answer comes, and no end of the
//! connection. Who is told late by this side hears that the database is away ([`Failure::Away`](super::Failure)); the connection is
//! looked at before it is used again (see [`super::connect`]). Whether a statement, or a commit, that was given up happened all the same is
//! not known: it is never tried again under the same call, only by the caller who repeats the request under its id.

use std::fmt;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, SqliteTransactionMode, SqlxError,
    Statement, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::{IntoSchemaManagerConnection, SchemaManagerConnection};
use tonic::async_trait;
use tracing::{Instrument, Span};

use super::connect::SQLITE_BUSY_TIMEOUT;
use super::replica::Replica;
use super::traced::{self, named, step};
use super::{Failure, classify};
use crate::metrics::{self, Metric};

/// How long PostgreSQL may take to answer one statement, to begin and to commit, the wait for a free connection included.
const ANSWER_WITHIN: Duration = Duration::from_secs(8);
/// The same for work that reads or writes very much in one statement: longer than PostgreSQL lets a statement run.
const PATIENT_WITHIN: Duration = Duration::from_secs(35);
/// How long anybody waits while the last one who waited got no answer: those who stand behind others are not kept for the sum of it.
const SILENT_WITHIN: Duration = Duration::from_secs(1);

/// A pool of connections. Cheap to clone.
#[derive(Clone, Debug)]
pub struct DatabaseConnection {
    pool: sea_orm::DatabaseConnection,
    deadline: Deadline,
    begins: Begins,
    replica: Option<Arc<Replica>>,
    /// Whether what is read outside transactions may come from the replica.
    reading: bool,
}

impl DatabaseConnection {
    pub(super) fn new(pool: sea_orm::DatabaseConnection, begins: Begins) -> Self {
        let answer_within = match pool.get_database_backend() {
            // There is no network in between, but one writer that others may wait for.
            DbBackend::Sqlite => SQLITE_BUSY_TIMEOUT + Duration::from_secs(2),
            _ => ANSWER_WITHIN,
        };
        let deadline = Deadline { answer_within, silent: Arc::default() };
        DatabaseConnection { pool, deadline, begins, replica: None, reading: false }
    }

    pub(super) fn with_replica(&self, replica: Arc<Replica>) -> Self {
        DatabaseConnection { replica: Some(replica), ..self.clone() }
    }

    /// The same database for a list or a figure, which may be some seconds old, by which nothing is decided, and which no cache keeps: its
    /// replica, where there is one that is near enough now. Which calls read so is told in docs/OPERATIONS.md.
    #[must_use]
    pub fn reading(&self) -> Self {
        let reading = self.replica.as_ref().is_some_and(|replica| replica.is_near());
        DatabaseConnection { reading, ..self.clone() }
    }

    /// What the replica answers, if it is to be asked and does.
    async fn of_replica(&self, statement: &Statement) -> Option<Vec<QueryResult>> {
        let replica = self.replica.as_ref().filter(|_| self.reading)?;
        replica.ask(statement).await
    }

    /// The same database, for work of which one statement may take half a minute: whole books, whole registers.
    #[must_use]
    pub fn patient(&self) -> Self {
        self.answering_within(PATIENT_WITHIN)
    }

    pub(super) fn answering_within(&self, answer_within: Duration) -> Self {
        let deadline = Deadline { answer_within, ..self.deadline.clone() };
        DatabaseConnection { deadline, ..self.clone() }
    }

    /// Which database it is.
    pub fn get_database_backend(&self) -> DbBackend {
        self.pool.get_database_backend()
    }

    /// The same database, whose statements are counted: in the ones that are cloned from this one, too.
    #[must_use]
    pub fn counting(mut self, statements: Arc<AtomicU64>) -> Self {
        self.pool.set_metric_callback(move |_| {
            statements.fetch_add(1, Relaxed);
        });
        self
    }

    /// Closes every connection.
    pub async fn close(self) -> Result<(), DbErr> {
        if let Some(replica) = &self.replica {
            Box::pin(replica.close()).await?;
        }
        self.pool.close().await
    }

    /// Begins a transaction; on SQLite one that takes the write lock at once. See [`begin_write`](super::begin_write).
    pub(super) async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let mut under_way = GivenUp(Some(&self.begins));
        let (span, timed) = (step("transaction"), metrics::transaction());
        let begun = self.deadline.of(self.pool.begin_with_options(options)).instrument(named(&span, "BEGIN"));
        let tx = begun.await?;
        under_way.0 = None;
        let (deadline, committed) = (self.deadline.clone(), Mutex::default());
        Ok(DatabaseTransaction { tx, deadline, span, committed, _timed: timed })
    }

    /// Tells how its connections are used, when somebody collects.
    pub(super) fn tell_of_pool(&self, most: u32) {
        if !metrics::installed() {
            return;
        }
        let [used, idle] = [self.pool.clone(), self.pool.clone()].map(|pool| move || connections(&pool));
        let used = move || used().map(|(all, idle)| all.saturating_sub(idle));
        metrics::sample(Metric::DbPoolConnections, ["used"], used);
        metrics::sample(Metric::DbPoolConnections, ["idle"], move || idle().map(|(_, idle)| idle));
        metrics::sample(Metric::DbPoolMax, [], move || Some(u64::from(most)));
    }
}

/// All connections of a pool, and those of them that nobody uses.
fn connections(pool: &sea_orm::DatabaseConnection) -> Option<(u64, u64)> {
    let (all, idle) = match pool.get_database_backend() {
        DbBackend::Postgres => {
            let pool = pool.get_postgres_connection_pool();
            (pool.size(), pool.num_idle())
        }
        DbBackend::Sqlite => {
            let pool = pool.get_sqlite_connection_pool();
            (pool.size(), pool.num_idle())
        }
        _ => return None,
    };
    Some((u64::from(all), idle as u64))
}

/// A transaction: never one inside another, so that its commit is the outermost. Dropped without a commit it is rolled back.
pub struct DatabaseTransaction {
    tx: sea_orm::DatabaseTransaction,
    deadline: Deadline,
    span: Span,
    committed: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
    _timed: metrics::Transaction,
}

impl fmt::Debug for DatabaseTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseTransaction").field("tx", &self.tx).finish_non_exhaustive()
    }
}

impl DatabaseTransaction {
    /// Which database it is.
    pub fn get_database_backend(&self) -> DbBackend {
        ConnectionTrait::get_database_backend(&self.tx)
    }

    /// Does something once it is committed, and not otherwise: counts it.
    pub fn once_committed(&self, then: impl FnOnce() + Send + 'static) {
        self.committed.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(then));
    }

    /// Commits. After an error that says the database is away it is not known whether it did.
    pub async fn commit(self) -> Result<(), DbErr> {
        self.deadline.of(self.tx.commit()).instrument(named(&self.span, "COMMIT")).await?;
        let committed = self.committed.into_inner().unwrap_or_else(PoisonError::into_inner);
        committed.into_iter().for_each(|then| then());
        Ok(())
    }

    /// Rolls back.
    pub async fn rollback(self) -> Result<(), DbErr> {
        self.deadline.of(self.tx.rollback()).instrument(named(&self.span, "ROLLBACK")).await
    }
}

#[async_trait]
impl ConnectionTrait for DatabaseConnection {
    fn get_database_backend(&self) -> DbBackend {
        self.pool.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let span = traced::statement(None, &statement.sql);
        self.deadline.of(self.pool.execute_raw(statement)).instrument(span).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let span = traced::statement(None, sql);
        self.deadline.of(self.pool.execute_unprepared(sql)).instrument(span).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        if let Some(rows) = self.of_replica(&statement).await {
            return Ok(rows.into_iter().next());
        }
        let span = traced::statement(None, &statement.sql);
        self.deadline.of(self.pool.query_one_raw(statement)).instrument(span).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        if let Some(rows) = self.of_replica(&statement).await {
            return Ok(rows);
        }
        let span = traced::statement(None, &statement.sql);
        self.deadline.of(self.pool.query_all_raw(statement)).instrument(span).await
    }
}

#[async_trait]
impl ConnectionTrait for DatabaseTransaction {
    fn get_database_backend(&self) -> DbBackend {
        ConnectionTrait::get_database_backend(&self.tx)
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let span = traced::statement(Some(&self.span), &statement.sql);
        self.deadline.of(self.tx.execute_raw(statement)).instrument(span).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let span = traced::statement(Some(&self.span), sql);
        self.deadline.of(self.tx.execute_unprepared(sql)).instrument(span).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let span = traced::statement(Some(&self.span), &statement.sql);
        self.deadline.of(self.tx.query_one_raw(statement)).instrument(span).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let span = traced::statement(Some(&self.span), &statement.sql);
        self.deadline.of(self.tx.query_all_raw(statement)).instrument(span).await
    }
}

/// Migrations have no deadlines here: the server's limits hold, see [`migrate`](super::migrate).
impl<'c> IntoSchemaManagerConnection<'c> for &'c DatabaseConnection {
    fn into_database_executor(self) -> SchemaManagerConnection<'c> {
        (&self.pool).into()
    }
}

impl<'c> IntoSchemaManagerConnection<'c> for &'c DatabaseTransaction {
    fn into_database_executor(self) -> SchemaManagerConnection<'c> {
        (&self.tx).into()
    }
}

/// How long an answer may take.
#[derive(Clone, Debug)]
struct Deadline {
    answer_within: Duration,
    /// Whether the last call that was given up got no answer, and none has come since.
    silent: Arc<AtomicBool>,
}

impl Deadline {
    async fn of<T>(&self, call: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        let silent = self.silent.load(Relaxed);
        let limit = if silent { self.answer_within.min(SILENT_WITHIN) } else { self.answer_within };
        let Ok(answer) = tokio::time::timeout(limit, call).await else {
            self.silent.store(true, Relaxed);
            return Err(too_late(limit));
        };
        if silent && !answer.as_ref().is_err_and(|error| classify(error) == Failure::Away) {
            self.silent.store(false, Relaxed);
        }
        answer
    }
}

fn too_late(limit: Duration) -> DbErr {
    let late = format!("no answer within {} s", limit.as_secs());
    let late = std::io::Error::new(std::io::ErrorKind::TimedOut, late);
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(SqlxError::Io(late))))
}

/// When a BEGIN was last given up half-way, by its deadline or because its caller went away. sqlx 0.9.0 forgets such a BEGIN: its
/// connection comes back with a transaction open on the server that nobody counts, in which later statements would be lost.
#[derive(Clone, Debug, Default)]
pub(super) struct Begins(Arc<Mutex<Option<Instant>>>);

impl Begins {
    /// Connections that come back within this time may be the one: far longer than the way back takes.
    const SUSPECT_FOR: Duration = Duration::from_secs(30);

    /// Whether a connection that comes back may have such a BEGIN.
    pub(super) fn given_up_lately(&self) -> bool {
        let given_up = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        given_up.is_some_and(|at| at.elapsed() < Begins::SUSPECT_FOR)
    }
}

/// Notes a BEGIN that did not succeed when dropped.
struct GivenUp<'b>(Option<&'b Begins>);

impl Drop for GivenUp<'_> {
    fn drop(&mut self) {
        if let Some(begins) = self.0 {
            *begins.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
    }
}
