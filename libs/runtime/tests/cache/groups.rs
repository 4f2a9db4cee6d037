//! Redis behind sentinels, and Redis Cluster.

use std::time::Duration;

use yizhan_testkit::{RedisCluster, RedisSentinel, TestDatabase};

use crate::ledger::Ledger;
use crate::support::{connect, ready, trusted, warm};

const KEYS: [&str; 4] = ["a", "b", "c", "d"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_takes_over() {
    let test = TestDatabase::postgres();
    let db = connect(&test).await;
    let mut redis = RedisSentinel::start();
    let (cache, _) = ready(&db, &redis.url()).await;
    assert_eq!(cache.stats().backend, "redis-sentinel");
    let ledger = Ledger::default();
    ledger.ask_for(Duration::from_secs(2), &db, &[&cache], &KEYS).await;
    warm(&cache, "a").await;
    let old = redis.master().port();
    let failed_over = tokio::task::spawn_blocking(move || {
        redis.fail_over();
        redis
    });
    while !failed_over.is_finished() {
        ledger.ask_for(Duration::from_millis(500), &db, &[&cache], &KEYS).await;
    }
    let redis = failed_over.await.unwrap();
    assert_ne!(redis.master().port(), old);
    trusted(&cache).await;
    ledger.ask_for(Duration::from_secs(2), &db, &[&cache], &KEYS).await;
    for key in KEYS {
        warm(&cache, key).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_serves_all_buckets_and_loses_a_master_for_a_while() {
    let test = TestDatabase::postgres();
    let db = connect(&test).await;
    let mut redis = RedisCluster::start();
    let (cache, _) = ready(&db, &redis.url()).await;
    assert_eq!(cache.stats().backend, "redis-cluster");
    let ledger = Ledger::default();
    let keys: Vec<String> = (0..60).map(|number| format!("key{number}")).collect();
    for key in &keys {
        ledger.write(&db, key).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let hits = || cache.stats().hits;
    for _ in 0..5 {
        let found = cache.get_many(&keys).await.unwrap();
        assert!(found.iter().zip(&keys).all(|(item, key)| item.as_ref().unwrap().key == *key));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(hits() >= 60, "{:?}", cache.stats());
    ledger.ask_for(Duration::from_secs(1), &db, &[&cache], &KEYS).await;
    let used = redis.servers().iter().filter(|server| !server.keys().is_empty()).count();
    assert_eq!(used, 3, "the buckets are spread over the masters");

    redis.servers()[0].kill();
    ledger.ask_for(Duration::from_secs(4), &db, &[&cache], &KEYS).await;
    redis.servers()[0].start_again_empty();
    ledger.ask_for(Duration::from_secs(2), &db, &[&cache], &KEYS).await;
    trusted(&cache).await;
    for key in KEYS {
        warm(&cache, key).await;
    }
}
