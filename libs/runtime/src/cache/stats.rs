//! What the cache did so far.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Counts since the start of the process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// Answered from the cache.
    pub hits: u64,
    /// Of those, answered from this process's memory in front of Redis.
    pub near_hits: u64,
    /// The cache could be trusted and did not have it.
    pub misses: u64,
    /// "There is no such key", remembered for a moment in this process.
    pub negative_hits: u64,
    /// Keys read from the database.
    pub loads: u64,
    /// Questions that waited for another one's load.
    pub loads_shared: u64,
    /// Stored values that could not be read: ignored, removed and loaded again.
    pub poisoned: u64,
    /// Questions answered from the database because the cache could not be trusted.
    pub away: u64,
    /// Changed keys this process's keeper took out of the cache.
    pub invalidated: u64,
    /// How often this process's keeper dropped everything.
    pub generations: u64,
    /// How long ago the moment is up to which everything committed is known to be reflected; `None` while the cache
    /// cannot be trusted.
    pub confirmed_age: Option<Duration>,
    /// `in-process`, `redis`, `redis-sentinel` or `redis-cluster`.
    pub backend: &'static str,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub hits: Counter,
    pub near_hits: Counter,
    pub misses: Counter,
    pub negative_hits: Counter,
    pub loads: Counter,
    pub loads_shared: Counter,
    pub poisoned: Counter,
    pub away: Counter,
    pub invalidated: Counter,
    pub generations: Counter,
}

impl Counters {
    pub(super) fn read(&self, confirmed_age: Option<Duration>, backend: &'static str) -> CacheStats {
        CacheStats {
            hits: self.hits.get(),
            near_hits: self.near_hits.get(),
            misses: self.misses.get(),
            negative_hits: self.negative_hits.get(),
            loads: self.loads.get(),
            loads_shared: self.loads_shared.get(),
            poisoned: self.poisoned.get(),
            away: self.away.get(),
            invalidated: self.invalidated.get(),
            generations: self.generations.get(),
            confirmed_age,
            backend,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self, count: usize) {
        self.0.fetch_add(count as u64, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
