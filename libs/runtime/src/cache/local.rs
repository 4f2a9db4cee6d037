//! Values in this process: decoded, so that a hit costs one look-up.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use moka::ops::compute::Op;
use moka::sync::Cache;

use super::Cached;
use super::format::Token;
use super::looked::Looked;
use super::trust::Trust;

/// The store of one process, with one bucket.
pub(super) struct LocalStore<T> {
    values: Cache<String, Entry<T>>,
    trust: Arc<Trust>,
    generation: AtomicI64,
    begun: AtomicI64,
}

struct Entry<T> {
    generation: i64,
    value: Arc<T>,
}

impl<T> Clone for Entry<T> {
    fn clone(&self) -> Self {
        Entry { generation: self.generation, value: self.value.clone() }
    }
}

impl<T: Cached> LocalStore<T> {
    /// With so many values at most: those asked for least make room.
    pub(super) fn new(ttl: Duration, capacity: u64, trust: Arc<Trust>) -> Self {
        let values = Cache::builder().max_capacity(capacity).time_to_live(ttl).build();
        LocalStore { values, trust, generation: AtomicI64::new(1), begun: AtomicI64::new(0) }
    }

    pub(super) fn look(&self, key: &str, asked: Instant) -> Looked<T> {
        if self.trust.at(asked).is_none() {
            return Looked::Away;
        }
        let token = self.token();
        match self.values.get(key) {
            Some(entry) if entry.generation == token.generation => Looked::Found(entry.value),
            _ => Looked::Missing(token),
        }
    }

    /// Stores what was loaded, if nothing came between. The check and the insertion are one step for this key: a pass
    /// that begins behind the check takes the value out again, because its own step on this key comes later.
    pub(super) fn put(&self, key: &str, token: Token, value: &Arc<T>) {
        let new = Entry { generation: token.generation, value: value.clone() };
        self.values.entry_by_ref(key).and_compute_with(|old| {
            let newer = old.is_some_and(|old| {
                let old = old.into_value();
                old.generation == token.generation && old.value.version() >= new.value.version()
            });
            if newer || self.token() != token { Op::Nop } else { Op::Put(new) }
        });
    }

    /// Replaces an older value; what is absent stays so.
    pub(super) fn replace(&self, key: &str, value: &Arc<T>) {
        self.values.entry_by_ref(key).and_compute_with(|old| match old.map(moka::Entry::into_value) {
            Some(old) if old.value.version() < value.version() => {
                Op::Put(Entry { generation: old.generation, value: value.clone() })
            }
            _ => Op::Nop,
        });
    }

    /// A pass begins: what was read before may not be stored any more.
    pub(super) fn begin(&self) {
        self.begun.fetch_add(1, Ordering::SeqCst);
    }

    /// Takes a value out if it is older; tells whether it was.
    pub(super) fn invalidate(&self, key: &str, version: i64) -> bool {
        let mut older = false;
        self.values.entry_by_ref(key).and_compute_with(|old| {
            older = old.is_some_and(|old| old.value().value.version() < version);
            if older { Op::Remove } else { Op::Nop }
        });
        older
    }

    /// Drops everything.
    pub(super) fn renew(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.values.invalidate_all();
    }

    fn token(&self) -> Token {
        let begun = self.begun.load(Ordering::SeqCst);
        Token { generation: self.generation.load(Ordering::SeqCst), begun }
    }
}
