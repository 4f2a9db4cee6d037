//! Reading through: hits, misses, absent keys, loads that are shared, and values that cannot be read. In this process and
//! in Redis, on both databases.

use std::sync::Arc;
use std::time::Instant;

use futures::future::join_all;
use sea_orm::ConnectionTrait;
use yizhan_testkit::{RedisServer, both_databases};

use crate::support::{Item, ask, connect, ready, sees_within_bound, trusted, until, warm, write};

/// A Redis that lives as long as the URL is used; none for the store in the process.
fn backends() -> [(Option<RedisServer>, String); 2] {
    let redis = RedisServer::start();
    let url = redis.url();
    [(None, String::new()), (Some(redis), url)]
}

both_databases! {
    async fn what_was_loaded_once_is_answered_without_the_database(test: TestDatabase) {
        let db = connect(&test).await;
        for (_redis, url) in backends() {
            let (cache, items) = ready(&db, &url).await;
            let version = write(&db, "one").await;
            assert_eq!(ask(&cache, "one").await, Some(version));
            warm(&cache, "one").await;
            let queries = items.queries();
            for _ in 0..50 {
                assert_eq!(ask(&cache, "one").await, Some(version));
            }
            assert_eq!(items.queries(), queries, "{:?}", cache.stats());
            assert!(cache.stats().hits >= 50);
        }
    }

    async fn a_change_nobody_told_of_is_seen_within_the_bound(test: TestDatabase) {
        let db = connect(&test).await;
        for (_redis, url) in backends() {
            let (cache, _) = ready(&db, &url).await;
            for _ in 0..5 {
                let committed_version = write(&db, "crash").await;
                let committed = Instant::now();
                sees_within_bound(&cache, "crash", committed_version, committed).await;
            }
        }
    }

    async fn a_writer_that_replaces_reads_its_own_write_at_once(test: TestDatabase) {
        let db = connect(&test).await;
        for (_redis, url) in backends() {
            let (cache, _) = ready(&db, &url).await;
            // There before the first replacement: a load that lands meanwhile may still store what it read before the write,
            // which is as true as the bound allows, and not what is tested here.
            write(&db, "own").await;
            warm(&cache, "own").await;
            for _ in 0..20 {
                let version = write(&db, "own").await;
                let item = Arc::new(Item { key: "own".to_owned(), version });
                cache.replace(&[("own".to_owned(), item)]).await;
                assert_eq!(ask(&cache, "own").await, Some(version), "{:?}", cache.stats());
            }
        }
    }

    async fn an_absent_key_is_remembered_for_a_moment_and_forgotten_by_its_writer(test: TestDatabase) {
        let db = connect(&test).await;
        for (number, (_redis, url)) in backends().into_iter().enumerate() {
            let key = format!("absent{number}");
            let (cache, items) = ready(&db, &url).await;
            let before = items.queries();
            for _ in 0..20 {
                assert_eq!(ask(&cache, &key).await, None);
            }
            assert!(items.queries() <= before + 3, "{:?}", cache.stats());
            assert!(cache.stats().negative_hits >= 17);
            let version = write(&db, &key).await;
            cache.replace(&[(key.clone(), Arc::new(Item { key: key.clone(), version }))]).await;
            assert_eq!(ask(&cache, &key).await, Some(version));
        }
    }

    async fn a_thousand_askers_of_one_cold_key_cause_one_load(test: TestDatabase) {
        let db = connect(&test).await;
        for (number, (_redis, url)) in backends().into_iter().enumerate() {
            let key = format!("cold{number}");
            write(&db, &key).await;
            let (cache, items) = ready(&db, &url).await;
            items.hold();
            let askers: Vec<_> = (0..1000)
                .map(|_| {
                    let (cache, key) = (cache.clone(), key.clone());
                    tokio::spawn(async move { ask(&cache, &key).await })
                })
                .collect();
            until("all waiting", || {
                let stats = cache.stats();
                stats.misses + stats.away == 1000 && stats.loads_shared == 999
            }).await;
            items.release();
            for answer in join_all(askers).await {
                assert_eq!(answer.unwrap(), Some(1));
            }
            assert_eq!((items.queries(), cache.stats().loads), (1, 1));
        }
    }

    async fn a_failed_load_is_not_remembered(test: TestDatabase) {
        let db = connect(&test).await;
        for (number, (_redis, url)) in backends().into_iter().enumerate() {
            let key = format!("failed{number}");
            let (cache, _) = ready(&db, &url).await;
            write(&db, &key).await;
            db.execute_unprepared("ALTER TABLE item RENAME TO hidden").await.unwrap();
            assert!(cache.get(&key).await.is_err());
            db.execute_unprepared("ALTER TABLE hidden RENAME TO item").await.unwrap();
            assert_eq!(ask(&cache, &key).await, Some(1));
        }
    }

    async fn many_keys_are_answered_in_order_by_few_queries(test: TestDatabase) {
        let db = connect(&test).await;
        let mut keys: Vec<String> = (0..100).map(|number| format!("many{number}")).collect();
        for key in &keys {
            write(&db, key).await;
        }
        keys.insert(50, "nobody".to_owned());
        keys.push("many7".to_owned());
        for (_redis, url) in backends() {
            let (cache, items) = ready(&db, &url).await;
            for _ in 0..3 {
                let found = cache.get_many(&keys).await.unwrap();
                for (key, found) in keys.iter().zip(found) {
                    assert_eq!(found.map(|item| item.key.clone()), Some(key.clone()).filter(|key| key != "nobody"));
                }
                trusted(&cache).await;
            }
            assert!(items.queries() <= 30, "{} queries", items.queries());
            assert!(cache.stats().hits >= 100, "{:?}", cache.stats());
        }
    }
}
