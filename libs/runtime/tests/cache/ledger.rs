//! When what was committed, and the bound that follows from it.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use yizhan_runtime::cache::VersionedCache;
use yizhan_runtime::db::DatabaseConnection;

use crate::support::{Item, ask, write};

/// As configured by default, and promised.
pub const BOUND: Duration = Duration::from_secs(2);

#[derive(Default)]
pub struct Ledger {
    committed: Mutex<HashMap<String, Vec<(Instant, i64)>>>,
}

impl Ledger {
    /// A new version, committed and noted.
    pub async fn write(&self, db: &DatabaseConnection, key: &str) -> i64 {
        let version = write(db, key).await;
        let noted = (Instant::now(), version);
        self.committed.lock().unwrap().entry(key.to_owned()).or_default().push(noted);
        version
    }

    /// The least version that an answer to a question asked then may have.
    pub fn floor(&self, key: &str, asked: Instant) -> Option<i64> {
        let committed = self.committed.lock().unwrap();
        let old_enough = committed.get(key)?.iter().filter(|(at, _)| *at + BOUND <= asked);
        old_enough.map(|(_, version)| *version).max()
    }

    /// Asks, and checks the answer.
    pub async fn ask(&self, cache: &VersionedCache<Item>, key: &str) {
        let asked = Instant::now();
        let answer = ask(cache, key).await;
        let floor = self.floor(key, asked);
        assert!(
            answer >= floor,
            "{key}: version {answer:?}, but {floor:?} was committed long before: {:?}",
            cache.stats()
        );
    }

    /// Writes now and then and asks all the time.
    pub async fn ask_for(
        &self,
        duration: Duration,
        db: &DatabaseConnection,
        caches: &[&VersionedCache<Item>],
        keys: &[&str],
    ) {
        let end = Instant::now() + duration;
        let mut round = 0;
        while Instant::now() < end {
            if round % 20 == 0 {
                self.write(db, keys[round / 20 % keys.len()]).await;
            }
            for key in keys {
                for cache in caches {
                    self.ask(cache, key).await;
                }
            }
            round += 1;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
