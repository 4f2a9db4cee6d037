//! Items with a version, and writers and caches of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DbErr, Statement, Value};
use sea_orm_migration::{MigrationTrait, MigratorTrait, async_trait};
use tokio::sync::watch;
use yizhan_runtime::cache::{CacheConfig, Cached, CreateCacheState, Source, VersionedCache};
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db::{self, DatabaseConnection, DatabaseTransaction, begin_write};
use yizhan_runtime::feed::{self, Change, CreateChangeLog, NewChange};
use yizhan_testkit::TestDatabase;

pub const NAME: &str = "items";

struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateChangeLog), Box::new(CreateCacheState)]
    }
}

/// The value of a key is its name and version, so that a wrong one is recognised.
#[derive(Debug, PartialEq, Eq)]
pub struct Item {
    pub key: String,
    pub version: i64,
}

impl Cached for Item {
    fn version(&self) -> i64 {
        self.version
    }

    fn encode(&self) -> Vec<u8> {
        format!("{} at {}", self.key, self.version).into_bytes()
    }

    fn decode(key: &str, version: i64, bytes: &[u8]) -> Option<Self> {
        let item = Item { key: key.to_owned(), version };
        (item.encode() == bytes).then_some(item)
    }
}

/// Where the test's database is read for the cache. A test can hold loads back after they have read.
#[derive(Clone)]
pub struct Items {
    db: DatabaseConnection,
    queries: Arc<AtomicUsize>,
    hold: Arc<watch::Sender<bool>>,
    dawdles: Arc<AtomicBool>,
}

#[async_trait::async_trait]
impl Source<Item> for Items {
    async fn load(&self, keys: Vec<String>) -> Result<Vec<Option<Arc<Item>>>, DbErr> {
        let mut found = Vec::new();
        for key in keys {
            let version = version_of(&self.db, &key).await?;
            found.push(version.map(|version| Arc::new(Item { key, version })));
        }
        let number = self.queries.fetch_add(1, Ordering::SeqCst);
        if number.is_multiple_of(8) && self.dawdles.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(350)).await;
        }
        self.hold.subscribe().wait_for(|held| !held).await.expect("the test holds it");
        Ok(found)
    }

    fn changed(&self, change: &Change) -> Option<(String, i64)> {
        let version = str::from_utf8(&change.payload).ok()?.parse().ok()?;
        (change.kind == "ITEM_CHANGED").then(|| (change.subject.clone(), version))
    }
}

impl Items {
    pub fn of(db: &DatabaseConnection) -> Self {
        Items {
            db: db.clone(),
            queries: Arc::default(),
            hold: Arc::new(watch::Sender::new(false)),
            dawdles: Arc::default(),
        }
    }

    /// Queries that have read.
    pub fn queries(&self) -> usize {
        self.queries.load(Ordering::SeqCst)
    }

    pub fn hold(&self) {
        self.hold.send_replace(true);
    }

    /// Whether every eighth load takes longer than a pass from now on.
    pub fn dawdle(&self, dawdle: bool) {
        self.dawdles.store(dawdle, Ordering::SeqCst);
    }

    pub fn release(&self) {
        self.hold.send_replace(false);
    }
}

pub async fn connect(test: &TestDatabase) -> DatabaseConnection {
    let db = db::connect(&DatabaseConfig::at(test.url())).await.unwrap();
    db::migrate::<Migrator>(&db).await.unwrap();
    let table = "CREATE TABLE IF NOT EXISTS item (name text PRIMARY KEY, version bigint NOT NULL)";
    db.execute_unprepared(table).await.unwrap();
    db
}

/// With nothing in front of Redis, so that it is asked every time.
pub fn start(db: &DatabaseConnection, url: &str) -> (VersionedCache<Item>, Items) {
    let default = CacheConfig::at(url);
    let local_entries = if url.is_empty() { default.local_entries } else { 0 };
    start_with(db, CacheConfig { local_entries, ..default })
}

pub fn start_with(db: &DatabaseConnection, config: CacheConfig) -> (VersionedCache<Item>, Items) {
    let items = Items::of(db);
    let cache = VersionedCache::start(NAME, &config, db.clone(), items.clone()).unwrap();
    (cache, items)
}

/// Started, and trusted by now.
pub async fn ready(db: &DatabaseConnection, url: &str) -> (VersionedCache<Item>, Items) {
    let (cache, items) = start(db, url);
    trusted(&cache).await;
    (cache, items)
}

pub async fn trusted(cache: &VersionedCache<Item>) {
    until("trusted", || cache.stats().confirmed_age.is_some_and(|age| age < Duration::from_secs(1))).await;
}

pub async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let give_up = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < give_up, "not {what} in time");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The next version of a key, in a transaction that is the caller's to commit.
pub async fn change(tx: &DatabaseTransaction, key: &str) -> i64 {
    let sql = "INSERT INTO item (name, version) VALUES ($1, 1) \
               ON CONFLICT (name) DO UPDATE SET version = item.version + 1 RETURNING version";
    let row = tx.query_one_raw(statement(tx, sql, [key.into()])).await.unwrap().expect("a row");
    let version: i64 = row.try_get("", "version").unwrap();
    let entry = NewChange {
        area: "430200".to_owned(),
        kind: "ITEM_CHANGED",
        subject: key.to_owned(),
        payload: version.to_string().into_bytes(),
        recorded_at: chrono::DateTime::from_timestamp_micros(1_700_000_000_000_000).unwrap(),
    };
    feed::append(tx, vec![entry]).await.unwrap();
    version
}

/// Committed, and nobody told: as if the process had been killed between commit and replace.
pub async fn write(db: &DatabaseConnection, key: &str) -> i64 {
    let tx = begin_write(db).await.unwrap();
    let version = change(&tx, key).await;
    tx.commit().await.unwrap();
    version
}

pub async fn version_of(db: &DatabaseConnection, key: &str) -> Result<Option<i64>, DbErr> {
    let sql = "SELECT version FROM item WHERE name = $1";
    let row = db.query_one_raw(statement(db, sql, [key.into()])).await?;
    row.map(|row| row.try_get("", "version")).transpose()
}

pub async fn ask(cache: &VersionedCache<Item>, key: &str) -> Option<i64> {
    cache.get(key).await.unwrap().map(|item| {
        assert_eq!(item.key, key);
        item.version
    })
}

/// Asks until the answer is this one; it must come before the bound has passed.
pub async fn sees_within_bound(cache: &VersionedCache<Item>, key: &str, version: i64, committed: Instant) {
    loop {
        let asked = Instant::now();
        if ask(cache, key).await >= Some(version) {
            return;
        }
        assert!(asked < committed + Duration::from_secs(2), "older than the bound");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn statement<C: ConnectionTrait, const N: usize>(db: &C, sql: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}

/// Asks until it is answered from the cache. (A value is stored behind the answer, and refused if a pass came between.)
pub async fn warm(cache: &VersionedCache<Item>, key: &str) {
    let hits = cache.stats().hits;
    let give_up = Instant::now() + Duration::from_secs(30);
    while cache.stats().hits == hits {
        assert!(Instant::now() < give_up, "never a hit: {:?}", cache.stats());
        ask(cache, key).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
