//! Following a feed: every event counts exactly once, whoever is killed, away or wrong in between.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use sea_orm::{ConnectionTrait, Statement};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use tokio::task::JoinHandle;
use tonic::{Status, async_trait};
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db::{DatabaseConnection, DatabaseTransaction};
use yizhan_runtime::follow::{CreateFollowedFeeds, Events, Follower, follow};
use yizhan_runtime::{Reason, ServiceError, db};
use yizhan_testkit::{TestDatabase, both_databases};

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateFollowedFeeds)]
    }
}

/// A feed of the numbers from 1 on, whose tokens are the numbers; and what its followers are to go through.
#[derive(Default)]
struct Peer {
    length: AtomicUsize,
    /// So often it is away when somebody opens it.
    away: AtomicUsize,
    /// The stream breaks behind every so many events; 0: never.
    breaks_behind: AtomicUsize,
    /// So often the events cannot be dealt with.
    fails: AtomicUsize,
    /// Tokens it was opened behind.
    opened: Mutex<Vec<String>>,
    /// Events that were told to those who asked for what was committed.
    committed: AtomicUsize,
}

fn take_one(left: &AtomicUsize) -> bool {
    left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok()
}

struct Counting(Arc<Peer>);

#[async_trait]
impl Follower for Counting {
    type Event = (usize, String);
    type Work = Vec<usize>;
    type Changed = usize;

    fn feed(&self) -> &'static str {
        "test.numbers"
    }

    async fn open(&self, resume_token: String) -> Result<Events<(usize, String)>, Status> {
        self.0.opened.lock().unwrap().push(resume_token.clone());
        if take_one(&self.0.away) {
            return Err(Status::unavailable("away"));
        }
        let from = if resume_token.is_empty() { Ok(0) } else { resume_token.parse::<usize>() };
        let from = from.map_err(|_| {
            Status::from(ServiceError::invalid_field(
                "resume_token",
                Reason::ResumeTokenInvalid.saying("无效"),
            ))
        })?;
        let peer = Arc::clone(&self.0);
        let numbers = stream::unfold((peer, from, 0), |(peer, at, told)| async move {
            let breaks_behind = peer.breaks_behind.load(SeqCst);
            if breaks_behind > 0 && told == breaks_behind {
                return Some((Err(Status::unavailable("lost")), (peer, at, told + 1)));
            }
            while peer.length.load(SeqCst) <= at {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Some((Ok((at + 1, (at + 1).to_string())), (peer, at + 1, told + 1)))
        });
        Ok(numbers.boxed())
    }

    fn resume_token(event: &Self::Event) -> &str {
        &event.1
    }

    async fn prepare(&self, events: Vec<Self::Event>) -> Result<Self::Work, ServiceError> {
        tokio::task::yield_now().await;
        Ok(events.into_iter().map(|(number, _)| number).collect())
    }

    async fn apply(&self, tx: &DatabaseTransaction, work: &Vec<usize>) -> Result<usize, ServiceError> {
        for number in work {
            let sql = "INSERT INTO counted (number) VALUES ($1)";
            let values = [(*number as i32).into()];
            tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
        }
        if take_one(&self.0.fails) {
            return Err(ServiceError::internal(anyhow::anyhow!("not now")));
        }
        Ok(work.len())
    }

    async fn committed(&self, changed: usize) {
        self.0.committed.fetch_add(changed, SeqCst);
    }
}

/// A follower's database. A number can be counted twice: only following it exactly once keeps it from that.
async fn open(test: &TestDatabase) -> DatabaseConnection {
    let connection = db::connect(&DatabaseConfig::at(test.url())).await.unwrap();
    db::migrate::<Migrator>(&connection).await.unwrap();
    connection.execute_unprepared("CREATE TABLE counted (number integer NOT NULL)").await.unwrap();
    connection
}

fn start(db: &DatabaseConnection, peer: &Arc<Peer>) -> JoinHandle<()> {
    tokio::spawn(follow(db.clone(), Counting(Arc::clone(peer))))
}

async fn counted(db: &DatabaseConnection) -> BTreeMap<i32, i64> {
    let sql = "SELECT number, count(*) AS times FROM counted GROUP BY number";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    rows.iter().map(|row| (row.try_get("", "number").unwrap(), row.try_get("", "times").unwrap())).collect()
}

async fn until(db: &DatabaseConnection, number: usize) {
    let begun = Instant::now();
    while counted(db).await.len() < number {
        assert!(begun.elapsed() < Duration::from_secs(30), "only {} of {number}", counted(db).await.len());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn assert_each_once(db: &DatabaseConnection, number: usize) {
    let expected: BTreeMap<i32, i64> = (1..=number as i32).map(|number| (number, 1)).collect();
    assert_eq!(counted(db).await, expected);
}

async fn stop(follower: JoinHandle<()>) {
    follower.abort();
    assert!(follower.await.unwrap_err().is_cancelled());
}

both_databases! {
    async fn killed_at_any_moment_each_event_counts_once(test: TestDatabase) {
        let (db, peer) = (open(&test).await, Arc::new(Peer::default()));
        for round in 0..40 {
            peer.length.fetch_add(37, SeqCst);
            let follower = start(&db, &peer);
            tokio::time::sleep(Duration::from_micros(400 * round)).await;
            stop(follower).await;
        }
        let follower = start(&db, &peer);
        until(&db, 40 * 37).await;
        stop(follower).await;
        assert_each_once(&db, 40 * 37).await;
        assert!(peer.opened.lock().unwrap().len() > 1);
    }

    async fn two_followers_of_one_service_count_each_event_once(test: TestDatabase) {
        let (db, peer) = (open(&test).await, Arc::new(Peer::default()));
        let followers = [start(&db, &peer), start(&db, &peer)];
        for _ in 0..30 {
            peer.length.fetch_add(20, SeqCst);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        until(&db, 600).await;
        for follower in followers {
            stop(follower).await;
        }
        assert_each_once(&db, 600).await;
    }

    async fn a_feed_that_is_away_or_breaks_is_gone_on_with(test: TestDatabase) {
        let (db, peer) = (open(&test).await, Arc::new(Peer::default()));
        peer.length.store(50, SeqCst);
        peer.away.store(2, SeqCst);
        peer.breaks_behind.store(10, SeqCst);
        peer.fails.store(1, SeqCst);
        let follower = start(&db, &peer);
        until(&db, 50).await;
        stop(follower).await;
        assert_each_once(&db, 50).await;
        assert_eq!(peer.committed.load(SeqCst), 50, "what failed was not told of");
        let opened = peer.opened.lock().unwrap().clone();
        assert_eq!(opened[..4], ["", "", "", ""], "away twice, then failed once, then behind nothing still");
        assert_eq!(opened[4..8], ["10", "20", "30", "40"]);
    }

    async fn a_token_that_is_refused_begins_nothing_anew(test: TestDatabase) {
        let (db, peer) = (open(&test).await, Arc::new(Peer::default()));
        peer.length.store(5, SeqCst);
        let follower = start(&db, &peer);
        until(&db, 5).await;
        stop(follower).await;
        let put = async |token: &str| {
            let sql = format!("UPDATE followed_feed SET resume_token = '{token}' WHERE feed = 'test.numbers'");
            assert_eq!(db.execute_unprepared(&sql).await.unwrap().rows_affected(), 1);
        };
        put("damaged").await;
        peer.length.store(8, SeqCst);
        let follower = start(&db, &peer);
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_each_once(&db, 5).await;
        put("5").await;
        until(&db, 8).await;
        stop(follower).await;
        assert_each_once(&db, 8).await;
    }
}
