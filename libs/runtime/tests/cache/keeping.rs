//! What could put an old value into the cache, or keep it there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, Statement};
use yizhan_runtime::db::begin_write;
use yizhan_testkit::{RedisServer, TestDatabase, both_databases};

use crate::ledger::Ledger;
use crate::support::{
    Item, ask, change, connect, ready, sees_within_bound, start, trusted, until, warm, write,
};

fn item(key: &str, version: i64) -> (String, Arc<Item>) {
    (key.to_owned(), Arc::new(Item { key: key.to_owned(), version }))
}

/// The name of a key in Redis.
pub fn stored_under(redis: &RedisServer, key: &str) -> String {
    let end = format!("}}:{key}");
    redis.keys().into_iter().find(|stored| stored.ends_with(&end)).expect("stored")
}

both_databases! {
    /// A load has read, and a change is committed and invalidated before the load's value reaches the cache.
    async fn a_late_load_is_not_stored(test: TestDatabase) {
        let db = connect(&test).await;
        let redis = RedisServer::start();
        for (key, url) in [("late-local", String::new()), ("late-redis", redis.url())] {
            write(&db, key).await;
            let (cache, items) = ready(&db, &url).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
            items.hold();
            let late = tokio::spawn({
                let cache = cache.clone();
                async move { ask(&cache, key).await }
            });
            until("read", || items.queries() == 1).await;
            assert_eq!(write(&db, key).await, 2);
            tokio::time::sleep(Duration::from_millis(900)).await;
            items.release();
            assert_eq!(late.await.unwrap(), Some(1), "what was true when it was asked");
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert_eq!(cache.stats().misses, 1, "it was a miss, not an answer without the cache");
            assert_eq!(ask(&cache, key).await, Some(2));
        }
    }

    /// A writer is held up between commit and replace, for so long that a newer version came and went.
    async fn a_late_replace_is_not_stored(test: TestDatabase) {
        let db = connect(&test).await;
        let redis = RedisServer::start();
        for (key, url) in [("slow-local", String::new()), ("slow-redis", redis.url())] {
            let (cache, _) = ready(&db, &url).await;
            write(&db, key).await;
            warm(&cache, key).await;
            write(&db, key).await;
            write(&db, key).await;
            tokio::time::sleep(Duration::from_millis(900)).await;
            cache.replace(&[item(key, 2)]).await;
            assert_eq!(ask(&cache, key).await, Some(3));
            warm(&cache, key).await;
            cache.replace(&[item(key, 2)]).await;
            assert_eq!(ask(&cache, key).await, Some(3));
        }
    }

    async fn what_cannot_be_read_is_ignored_and_replaced(test: TestDatabase) {
        let db = connect(&test).await;
        let redis = RedisServer::start();
        let (cache, _) = ready(&db, &redis.url()).await;
        for key in ["poisoned", "other"] {
            write(&db, key).await;
            warm(&cache, key).await;
        }
        let (stored, other) = (stored_under(&redis, "poisoned"), stored_under(&redis, "other"));
        let good = redis.get_raw(&stored).unwrap();
        let with_header = |rest: &[u8]| [&good[..32], rest].concat();
        let newest = [&good[..16], b"ffffffffffffffff", &good[32..]].concat();
        let poisons = [
            b"".to_vec(),
            b"x".to_vec(),
            vec![b'z'; 64],
            good[..31].to_vec(),
            with_header(b""),
            with_header(b"\xff\xfe"),
            redis.get_raw(&other).unwrap(),
            newest,
        ];
        for (number, poison) in poisons.iter().enumerate() {
            redis.set_raw(&stored, poison);
            assert_eq!(ask(&cache, "poisoned").await, Some(1));
            assert_eq!(cache.stats().poisoned, number as u64 + 1, "{:?}", String::from_utf8_lossy(poison));
            warm(&cache, "poisoned").await;
            assert_eq!(redis.get_raw(&stored).unwrap(), good);
        }
    }

    async fn the_last_clone_stops_the_keeper(test: TestDatabase) {
        let db = connect(&test).await;
        let redis = RedisServer::start();
        let (cache, _) = ready(&db, &redis.url()).await;
        let clone = cache.clone();
        drop(cache);
        let calls = redis.calls("get");
        until("at work", || redis.calls("get") > calls).await;
        drop(clone);
        tokio::time::sleep(Duration::from_millis(300)).await;
        let calls = redis.calls("get");
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(redis.calls("get"), calls);
    }

    async fn entries_about_something_else_are_left_behind(test: TestDatabase) {
        let db = connect(&test).await;
        let redis = RedisServer::start();
        for (key, url) in [("else-local", String::new()), ("else-redis", redis.url())] {
            write(&db, key).await;
            let (cache, _) = ready(&db, &url).await;
            warm(&cache, key).await;
            let before = cache.stats().generations;
            for _ in 0..3 {
                let tx = begin_write(&db).await.unwrap();
                bulk(&tx, "SOMETHING_ELSE", 8_000).await;
                tx.commit().await.unwrap();
                tokio::time::sleep(Duration::from_millis(900)).await;
            }
            let version = write(&db, key).await;
            sees_within_bound(&cache, key, version, Instant::now()).await;
            assert_eq!(cache.stats().generations, before);
        }
    }

    /// A bulk load in one transaction: more changes than are looked at one by one.
    async fn a_large_backlog_drops_everything(test: TestDatabase) {
        let db = connect(&test).await;
        let redis = RedisServer::start();
        for (key, url) in [("bulk-local", String::new()), ("bulk-redis", redis.url())] {
            write(&db, key).await;
            let (cache, _) = ready(&db, &url).await;
            warm(&cache, key).await;
            let before = cache.stats().generations;
            let tx = begin_write(&db).await.unwrap();
            let version = change(&tx, key).await;
            bulk(&tx, "ITEM_CHANGED", 20_001).await;
            tx.commit().await.unwrap();
            sees_within_bound(&cache, key, version, Instant::now()).await;
            until("anew", || cache.stats().generations == before + 1).await;
            warm(&cache, key).await;
        }
    }
}

async fn bulk<C: ConnectionTrait>(tx: &C, kind: &'static str, count: usize) {
    let one = |number: usize| yizhan_runtime::feed::NewChange {
        area: "430200".to_owned(),
        kind,
        subject: format!("bulk{number}"),
        payload: b"1".to_vec(),
        recorded_at: chrono::DateTime::from_timestamp_micros(1_700_000_000_000_000).unwrap(),
    };
    yizhan_runtime::feed::append(tx, (0..count).map(one).collect()).await.unwrap();
}

/// Two processes on one PostgreSQL, with and without Redis: neither is told of the other's writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_agree() {
    let test = TestDatabase::postgres();
    let (db, other_db) = (connect(&test).await, connect(&test).await);
    let redis = RedisServer::start();
    for url in [String::new(), redis.url()] {
        let ledger = Ledger::default();
        let (one, _) = ready(&db, &url).await;
        let (two, _) = ready(&other_db, &url).await;
        ledger.ask_for(Duration::from_secs(3), &db, &[&one, &two], &["x", "y"]).await;
        for cache in [&one, &two] {
            warm(cache, "x").await;
            assert!(cache.stats().hits > 100, "{:?}", cache.stats());
        }
        // Whoever made the passes: the other one goes on alone.
        drop(one);
        ledger.ask_for(Duration::from_secs(3), &db, &[&two], &["x", "y"]).await;
        trusted(&two).await;
        warm(&two, "x").await;
        assert!(two.stats().generations <= 1, "{:?}", two.stats());
    }
}

/// A transaction that stays open holds up the feed, not the cache.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_transaction_does_not_hold_up_invalidation() {
    let test = TestDatabase::postgres();
    let db = connect(&test).await;
    let redis = RedisServer::start();
    for url in [String::new(), redis.url()] {
        let (cache, _) = ready(&db, &url).await;
        for key in ["long", "short"] {
            write(&db, key).await;
            warm(&cache, key).await;
        }
        let long = begin_write(&db).await.unwrap();
        let held_version = change(&long, "long").await;
        let ledger = Ledger::default();
        ledger.ask_for(Duration::from_secs(4), &db, &[&cache], &["short"]).await;
        warm(&cache, "short").await;
        assert_eq!(ask(&cache, "long").await, Some(held_version - 1));
        long.commit().await.unwrap();
        sees_within_bound(&cache, "long", held_version, Instant::now()).await;
        assert!(cache.stats().invalidated < 40, "each change once: {:?}", cache.stats());
    }
}

/// The database is away for a moment: what is asked fails or is right, and everything comes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_whose_connections_break_is_survived() {
    let test = TestDatabase::postgres();
    let db = connect(&test).await;
    let redis = RedisServer::start();
    for url in [String::new(), redis.url()] {
        let (cache, _) = start(&db, &url);
        let ledger = Ledger::default();
        for _ in 0..5 {
            let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                        WHERE datname = current_database() AND pid <> pg_backend_pid()";
            db.execute_raw(Statement::from_string(db.get_database_backend(), kill)).await.unwrap();
            tokio::time::sleep(Duration::from_millis(700)).await;
            ledger.ask_for(Duration::from_millis(300), &db, &[&cache], &["z"]).await;
        }
        trusted(&cache).await;
        warm(&cache, "z").await;
    }
}
