//! The cache as services see it.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use futures::future::join_all;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::config::{Address, CacheConfig};
use super::format::Token;
use super::keeper::{self, Beat};
use super::loader::Loader;
use super::local::LocalStore;
use super::local_keeper::LocalKeeper;
use super::looked::Looked;
use super::near::{Near, Recent};
use super::redis_keeper::RedisKeeper;
use super::redis_store::RedisStore;
use super::stats::{CacheStats, Counters};
use super::store::Store;
use super::trust::Trust;
use super::{Cached, Source};
use crate::db::DatabaseConnection;
use crate::error::ServiceError;
use crate::metrics::{self, Metric};

type Outcome = (&'static str, fn(&CacheStats) -> u64);

/// Each question has one of them.
const OUTCOMES: [Outcome; 5] = [
    ("hit", |stats| stats.hits.saturating_sub(stats.near_hits)),
    ("near_hit", |stats| stats.near_hits),
    ("miss", |stats| stats.misses),
    ("poisoned", |stats| stats.poisoned),
    ("away", |stats| stats.away),
];

/// Values by key, as of the database. Cheap to clone; its keeper stops when the last clone is dropped.
pub struct VersionedCache<T> {
    inner: Arc<Inner<T>>,
}

struct Inner<T> {
    /// In front of Redis.
    near: Option<Near<T>>,
    store: Arc<Store<T>>,
    loader: Arc<Loader<T>>,
    trust: Arc<Trust>,
    counters: Arc<Counters>,
    _keeper: DropGuard,
}

impl<T> Clone for VersionedCache<T> {
    fn clone(&self) -> Self {
        VersionedCache { inner: self.inner.clone() }
    }
}

impl<T: Cached> fmt::Debug for VersionedCache<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VersionedCache").field(&self.stats()).finish()
    }
}

impl<T: Cached> VersionedCache<T> {
    /// Starts the cache of this name and its keeper. It does not wait for Redis, and does not fail when Redis is away,
    /// only when the URL cannot be read. Call it inside the runtime.
    /// `db` holds the change log and, for Redis, the table of [`CreateCacheState`](super::CreateCacheState).
    pub fn start(
        name: &'static str,
        config: &CacheConfig,
        db: DatabaseConnection,
        source: impl Source<T>,
    ) -> anyhow::Result<Self> {
        let address =
            Address::parse(config.url.as_str()).map_err(|problem| anyhow::anyhow!("cache.url: {problem}"))?;
        let trust = Arc::new(Trust::none_yet(config.max_staleness));
        let counters = Arc::new(Counters::default());
        let source = Arc::new(source);
        let beat = Beat::new(db.clone(), source.clone(), trust.clone(), counters.clone());
        let stop = CancellationToken::new();
        let mut near = None;
        let store = match address {
            Address::InProcess => {
                let store = Arc::new(LocalStore::new(config.ttl, config.local_entries.max(1), trust.clone()));
                let keeper = LocalKeeper::new(beat, store.clone(), None);
                keeper::spawn(name, keeper, config.max_staleness, stop.clone());
                Store::Local(store)
            }
            address => {
                let store = Arc::new(RedisStore::new(name, address, config, trust.clone()));
                let redis = RedisKeeper::new(name, beat, store.clone());
                keeper::spawn(name, redis, config.max_staleness, stop.clone());
                if config.local_entries > 0 {
                    near = Some(start_near(name, config, db, source.clone(), stop.clone()));
                }
                Store::Redis(store)
            }
        };
        let store = Arc::new(store);
        tell(name, &store, &trust, &counters);
        let loader = Loader::new(source, store.clone(), trust.clone(), counters.clone());
        Ok(VersionedCache {
            inner: Arc::new(Inner { near, store, loader, trust, counters, _keeper: stop.drop_guard() }),
        })
    }

    /// The value of a key; `None` if the database has none. Fails only if the database does.
    pub async fn get(&self, key: &str) -> Result<Option<Arc<T>>, ServiceError> {
        let asked = Instant::now();
        let near = self.inner.look_near(key, asked);
        if let Looked::Found(value) = near {
            return Ok(Some(value));
        }
        let looked = self.inner.store.look(key, asked).await;
        self.inner.answer(key, asked, near, looked).await
    }

    /// The values of many keys, in order: one round trip for those that are there, one query for those that are not.
    pub async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Arc<T>>>, ServiceError> {
        let asked = Instant::now();
        let near: Vec<Looked<T>> = keys.iter().map(|key| self.inner.look_near(key, asked)).collect();
        let beyond = |near: &Looked<T>| !matches!(near, Looked::Found(_));
        let asked_for = keys.iter().zip(&near).filter(|(_, near)| beyond(near));
        let wanted: Vec<String> = asked_for.map(|(key, _)| key.clone()).collect();
        let mut looked = self.inner.store.look_all(&wanted, asked).await.into_iter();
        let answers = keys.iter().zip(near).map(|(key, near)| {
            let looked = if beyond(&near) { looked.next() } else { None };
            async move {
                match (near, looked) {
                    (Looked::Found(value), _) => Ok(Some(value)),
                    (near, looked) => {
                        self.inner.answer(key, asked, near, looked.unwrap_or(Looked::Away)).await
                    }
                }
            }
        });
        join_all(answers).await.into_iter().collect()
    }

    /// For writers, after the commit: puts the new values in the place of older ones, so that the next question sees them
    /// at once. It is bounded by the timeout, best effort, and optional: the keeper repairs what it missed. A writer of
    /// very many may leave it out.
    pub async fn replace(&self, values: &[(String, Arc<T>)]) {
        self.inner.loader.forget(values.iter().map(|(key, _)| key));
        self.inner.near.iter().for_each(|near| near.replace(values));
        self.inner.store.replace(values).await;
    }

    /// What it did so far.
    pub fn stats(&self) -> CacheStats {
        self.inner.counters.read(self.inner.trust.age(), self.inner.store.backend())
    }
}

/// What the cache does, when somebody collects.
fn tell<T: Cached>(name: &'static str, store: &Store<T>, trust: &Arc<Trust>, counters: &Arc<Counters>) {
    for (outcome, read) in OUTCOMES {
        let counters = counters.clone();
        metrics::sample(Metric::CacheReads, [name, outcome], move || Some(read(&counters.read(None, ""))));
    }
    if matches!(store, Store::Redis(_)) {
        let trust = trust.clone();
        metrics::sample(Metric::CacheRedisUp, [], move || {
            Some(u64::from(trust.at(Instant::now()).is_some()))
        });
    }
}

/// A store in front of Redis, with a keeper that confirms it by the database alone. What it takes out is not told: the
/// values are still in Redis.
fn start_near<T: Cached>(
    name: &'static str,
    config: &CacheConfig,
    db: DatabaseConnection,
    source: Arc<impl Source<T>>,
    stop: CancellationToken,
) -> Near<T> {
    let trust = Arc::new(Trust::none_yet(config.max_staleness));
    let store = Arc::new(LocalStore::new(config.ttl, config.local_entries, trust.clone()));
    let recent = Arc::new(Recent::new(config.max_staleness));
    let beat = Beat::new(db, source, trust, Arc::default());
    let keeper = LocalKeeper::new(beat, store.clone(), Some(recent.clone()));
    keeper::spawn(name, keeper, config.max_staleness, stop);
    Near::new(store, recent, config.max_staleness)
}

impl<T: Cached> Inner<T> {
    fn look_near(&self, key: &str, asked: Instant) -> Looked<T> {
        let looked = self.near.as_ref().map_or(Looked::Away, |near| near.look(key, asked));
        if let Looked::Found(_) = looked {
            self.counters.hits.add(1);
            self.counters.near_hits.add(1);
        }
        looked
    }

    /// What was not near, from the store or the database; and near from now on, if that may be.
    async fn answer(
        &self,
        key: &str,
        asked: Instant,
        near: Looked<T>,
        looked: Looked<T>,
    ) -> Result<Option<Arc<T>>, ServiceError> {
        let found = self.answer_from_store(key, asked, looked).await?;
        if let (Some(store), Looked::Missing(token), Some(value)) = (&self.near, near, &found) {
            store.put(key, asked, token, value);
        }
        Ok(found)
    }

    async fn answer_from_store(
        &self,
        key: &str,
        asked: Instant,
        looked: Looked<T>,
    ) -> Result<Option<Arc<T>>, ServiceError> {
        let token = match looked {
            Looked::Found(value) => {
                self.counters.hits.add(1);
                return Ok(Some(value));
            }
            looked => self.why_not(key, looked).await,
        };
        self.loader.load(key, asked, token).await
    }

    async fn why_not(&self, key: &str, looked: Looked<T>) -> Option<Token> {
        match looked {
            Looked::Found(_) | Looked::Away => {
                self.counters.away.add(1);
                None
            }
            Looked::Missing(token) => {
                self.counters.misses.add(1);
                Some(token)
            }
            Looked::Poisoned(token, value) => {
                self.counters.poisoned.add(1);
                self.store.remove(key, &value).await;
                Some(token)
            }
        }
    }
}
