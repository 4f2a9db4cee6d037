//! Many writers, many readers, two processes, and a Redis that is killed, paused and emptied all the time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use yizhan_runtime::cache::{CacheConfig, VersionedCache};
use yizhan_runtime::db::DatabaseConnection;
use yizhan_testkit::{RedisServer, TestDatabase, both_databases};

use crate::ledger::Ledger;
use crate::support::{Item, Items, connect, ready, start_with, trusted, version_of, warm};

const KEYS: usize = 200;
const WRITERS: usize = 4;
const READERS: usize = 8;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    /// Few keys are hot, so that the same one is written and read at once.
    fn key(&mut self) -> String {
        let within = if self.below(2) == 0 { 10 } else { KEYS };
        format!("hammer{}", self.below(within))
    }
}

/// Writes; replaces sometimes at once, sometimes late, sometimes never.
async fn writes(
    number: usize,
    db: DatabaseConnection,
    cache: VersionedCache<Item>,
    ledger: Arc<Ledger>,
    end: Instant,
) {
    let mut dice = Dice(number as u64);
    while Instant::now() < end {
        let key = dice.key();
        let version = ledger.write(&db, &key).await;
        let late = dice.below(400) as u64;
        match dice.below(4) {
            0 => {}
            1 => drop(tokio::spawn(replaces(cache.clone(), key, version, Duration::from_millis(late)))),
            _ => replaces(cache.clone(), key, version, Duration::ZERO).await,
        }
        tokio::time::sleep(Duration::from_millis(dice.below(8) as u64)).await;
    }
}

async fn replaces(cache: VersionedCache<Item>, key: String, version: i64, late: Duration) {
    tokio::time::sleep(late).await;
    cache.replace(&[(key.clone(), Arc::new(Item { key, version }))]).await;
}

async fn reads(number: usize, cache: VersionedCache<Item>, ledger: Arc<Ledger>, end: Instant) -> usize {
    let mut dice = Dice(1000 + number as u64);
    let mut asked = 0;
    while Instant::now() < end {
        ledger.ask(&cache, &dice.key()).await;
        asked += 1;
        if dice.below(20) == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
    asked
}

/// About ten seconds of trouble.
async fn trouble(redis: &mut RedisServer) {
    let wait = |millis| tokio::time::sleep(Duration::from_millis(millis));
    for round in 0..3 {
        wait(500).await;
        redis.pause();
        wait([300, 2600, 50][round]).await;
        redis.resume();
        wait(400).await;
        redis.flush();
        wait(400).await;
        redis.kill();
        wait([100, 1500, 0][round]).await;
        redis.start_again_empty();
        wait(600).await;
    }
}

async fn hammer(db: &DatabaseConnection, caches: &[VersionedCache<Item>], duration: Duration) {
    let ledger = Arc::new(Ledger::default());
    for key in (0..KEYS).map(|number| format!("hammer{number}")) {
        ledger.write(db, &key).await;
    }
    let end = Instant::now() + duration;
    let (mut writers, mut readers) = (JoinSet::new(), JoinSet::new());
    for number in 0..WRITERS {
        let cache = caches[number % caches.len()].clone();
        writers.spawn(writes(number, db.clone(), cache, ledger.clone(), end));
    }
    for number in 0..READERS {
        readers.spawn(reads(number, caches[number % caches.len()].clone(), ledger.clone(), end));
    }
    writers.join_all().await;
    let asked: usize = readers.join_all().await.into_iter().sum();
    assert!(asked > 100, "{asked} answers checked; {:?}", caches[0].stats());
}

/// After quiet: everything that counts is what the database says.
async fn all_equal(db: &DatabaseConnection, redis: &RedisServer) -> usize {
    let stored = redis.keys();
    let watermark = |key: &str| redis.get_raw(&key[..=key.find('}').unwrap()]).unwrap();
    let mut compared = 0;
    for full in stored.iter().filter(|key| !key.ends_with('}')) {
        let (value, key) = (redis.get_raw(full).unwrap(), &full[full.find('}').unwrap() + 2..]);
        if value[..16] == watermark(full)[..16] {
            let version = version_of(db, key).await.unwrap().unwrap();
            assert_eq!(String::from_utf8_lossy(&value[32..]), format!("{key} at {version}"));
            compared += 1;
        }
    }
    compared
}

/// Two processes, whose loads are slow at times, and what loads them.
async fn two(test: &TestDatabase, url: &str) -> ([VersionedCache<Item>; 2], [Items; 2]) {
    let ((one, items), (two, others)) =
        (ready(&connect(test).await, url).await, ready(&connect(test).await, url).await);
    items.dawdle(true);
    others.dawdle(true);
    ([one, two], [items, others])
}

/// The same with values in front of Redis.
async fn two_with_near(test: &TestDatabase, url: &str) -> [VersionedCache<Item>; 2] {
    let one = async || {
        let (cache, items) = start_with(&connect(test).await, CacheConfig::at(url));
        trusted(&cache).await;
        items.dawdle(true);
        cache
    };
    [one().await, one().await]
}

both_databases! {
    async fn no_answer_is_ever_too_old_with_values_in_front_of_redis(test: TestDatabase) {
        let db = connect(&test).await;
        let mut redis = RedisServer::start();
        let caches = two_with_near(&test, &redis.url()).await;
        tokio::join!(hammer(&db, &caches, Duration::from_secs(11)), trouble(&mut redis));
        trusted(&caches[0]).await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        let before = caches[0].stats().near_hits;
        for round in 0..2 {
            for (number, cache) in (0..KEYS).flat_map(|number| caches.iter().map(move |cache| (number, cache))) {
                let key = format!("hammer{number}");
                let known = cache.get(&key).await.unwrap().map(|item| item.version);
                assert_eq!(known, version_of(&db, &key).await.unwrap(), "round {round}");
            }
        }
        assert!(caches[0].stats().near_hits - before >= KEYS as u64 / 2, "{:?}", caches[0].stats());
        all_equal(&db, &redis).await;
    }

    async fn no_answer_is_ever_too_old_whatever_happens_to_redis(test: TestDatabase) {
        let db = connect(&test).await;
        let mut redis = RedisServer::start();
        let (caches, items) = two(&test, &redis.url()).await;
        tokio::join!(hammer(&db, &caches, Duration::from_secs(11)), trouble(&mut redis));
        trusted(&caches[0]).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        all_equal(&db, &redis).await;
        items.iter().for_each(|items| items.dawdle(false));
        for number in 0..KEYS {
            warm(&caches[number % 2], &format!("hammer{number}")).await;
        }
        assert_eq!(all_equal(&db, &redis).await, KEYS);
    }

    async fn no_answer_is_ever_too_old_in_the_process(test: TestDatabase) {
        let db = connect(&test).await;
        let (caches, items) = two(&test, "").await;
        hammer(&db, &caches, Duration::from_secs(4)).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        items.iter().for_each(|items| items.dawdle(false));
        for (number, cache) in (0..KEYS).map(|number| (number, &caches[number % 2])) {
            let key = format!("hammer{number}");
            warm(cache, &key).await;
            assert_eq!(cache.get(&key).await.unwrap().map(|item| item.version), version_of(&db, &key).await.unwrap());
        }
    }
}
