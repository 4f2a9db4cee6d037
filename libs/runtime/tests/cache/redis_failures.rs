//! Whatever happens to Redis, nothing fails and nothing is older than the bound.

use std::time::Duration;

use yizhan_testkit::{RedisServer, both_databases};

use crate::ledger::Ledger;
use crate::support::{ask, connect, ready, start, trusted, until, warm, write};

const KEYS: [&str; 4] = ["a", "b", "c", "d"];

both_databases! {
    async fn it_starts_without_redis_and_finds_it_later(test: TestDatabase) {
        let db = connect(&test).await;
        let mut redis = RedisServer::start();
        redis.kill();
        let (cache, _) = start(&db, &redis.url());
        let version = write(&db, "early").await;
        assert_eq!(ask(&cache, "early").await, Some(version));
        assert!(cache.stats().away >= 1);
        redis.start_again_empty();
        trusted(&cache).await;
        warm(&cache, "early").await;
    }

    async fn a_password_is_used_and_a_wrong_one_is_survived(test: TestDatabase) {
        let db = connect(&test).await;
        let redis = RedisServer::start();
        redis::cmd("CONFIG").arg("SET").arg("requirepass").arg("p@ss").exec(&mut redis.connection()).unwrap();
        let version = write(&db, "secret").await;
        let (cache, _) = ready(&db, &redis.url().replace("redis://", "redis://:p%40ss@")).await;
        warm(&cache, "secret").await;
        let (wrong, _) = start(&db, &redis.url().replace("redis://", "redis://:wrong@"));
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(ask(&wrong, "secret").await, Some(version));
        assert_eq!(wrong.stats().confirmed_age, None);
    }

    async fn redis_is_killed_and_comes_back_empty(test: TestDatabase) {
        let db = connect(&test).await;
        let mut redis = RedisServer::start();
        let (cache, _) = ready(&db, &redis.url()).await;
        let ledger = Ledger::default();
        ledger.ask_for(Duration::from_secs(1), &db, &[&cache], &KEYS).await;
        redis.kill();
        ledger.ask_for(Duration::from_secs(3), &db, &[&cache], &KEYS).await;
        assert_eq!(cache.stats().confirmed_age, None);
        redis.start_again_empty();
        ledger.ask_for(Duration::from_secs(2), &db, &[&cache], &KEYS).await;
        trusted(&cache).await;
        warm(&cache, "a").await;
    }

    async fn redis_stands_still_and_goes_on(test: TestDatabase) {
        let db = connect(&test).await;
        let redis = RedisServer::start();
        let (cache, _) = ready(&db, &redis.url()).await;
        let ledger = Ledger::default();
        ledger.ask_for(Duration::from_secs(1), &db, &[&cache], &KEYS).await;
        for _ in 0..2 {
            redis.pause();
            ledger.ask_for(Duration::from_secs(3), &db, &[&cache], &KEYS).await;
            redis.resume();
            ledger.ask_for(Duration::from_secs(2), &db, &[&cache], &KEYS).await;
        }
        trusted(&cache).await;
        warm(&cache, "a").await;
    }

    async fn redis_is_emptied(test: TestDatabase) {
        let db = connect(&test).await;
        let redis = RedisServer::start();
        let (cache, _) = ready(&db, &redis.url()).await;
        let ledger = Ledger::default();
        for _ in 0..4 {
            ledger.ask_for(Duration::from_secs(1), &db, &[&cache], &KEYS).await;
            redis.flush();
        }
        until("anew", || cache.stats().generations == 5).await;
        warm(&cache, "a").await;
    }

    /// A restart from an old snapshot, or a lagging replica that became the master.
    async fn redis_goes_back_in_time(test: TestDatabase) {
        let db = connect(&test).await;
        let redis = RedisServer::start();
        let (cache, _) = ready(&db, &redis.url()).await;
        let ledger = Ledger::default();
        for key in KEYS {
            ledger.write(&db, key).await;
            warm(&cache, key).await;
        }
        for lost in [3, 1] {
            let snapshot: Vec<(String, Vec<u8>)> =
                redis.keys().into_iter().filter_map(|key| Some((key.clone(), redis.get_raw(&key)?))).collect();
            ledger.ask_for(Duration::from_secs(lost), &db, &[&cache], &KEYS).await;
            redis.flush();
            snapshot.iter().for_each(|(key, value)| redis.set_raw(key, value));
            ledger.ask_for(Duration::from_secs(3), &db, &[&cache], &KEYS).await;
            for key in KEYS {
                warm(&cache, key).await;
            }
        }
    }
}
