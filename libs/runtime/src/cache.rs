//! A cache that is never older than it says: values by key, in Redis or in this process.
//!
//! # The guarantee
//!
//! The database is the truth. **An answer reflects at least everything that was committed `max_staleness` before the
//! question was asked**, whatever happens to Redis (killed, stopped, emptied, set back to an old snapshot, replaced by a
//! replica that lagged) and whenever a process is killed between its commit and the cache. After quiet, every value that
//! counts is the database's. While the cache cannot be trusted, questions go to the database: slower, never wrong.
//!
//! A service that changes a key writes an entry to its [change log](crate::feed) in the same transaction; that is all it
//! must do. [`VersionedCache::replace`] after the commit is a courtesy to whoever asks next.
//!
//! # How
//!
//! Keys are spread over 32 buckets. Next to its values a bucket has a **watermark**: `generation`, `begun`, `done` and
//! `changed`. In front of each value stand its generation and version. A **keeper** in every process wakes every 200 ms; one
//! of them at a time makes a **pass**, which has a number that no other pass ever has:
//!
//! 1. read the watermarks, then what became visible in the log since the last pass that changed something (`log`);
//! 2. if something changed, set `begun` to the number in every bucket: only if the watermark is still what was read, or give
//!    up;
//! 3. take out every value older than its change;
//! 4. set `done` and `changed` to the number, again only if nobody came between;
//! 5. remember the number and the place in the log in `cache_state`, only if nobody else did.
//!
//! Without changes only `done` moves, and the database is not written to (entries about something else move the place in the
//! log). If the watermarks are missing, differ,
//! or name another generation or another `changed` than the database does, Redis has lost something: a new random generation
//! begins, and no value of an older one counts.
//!
//! A question reads value and watermark in one command. It believes them only if `done` is at least the number that the
//! keeper confirmed less than `max_staleness` ago.
//!
//! # Why it holds
//!
//! *Claim: in every state that Redis was ever in, values of the watermark's generation reflect everything that was committed
//! before pass `done` read the log.* Nothing here is about time, so it stays true of old snapshots and lagging replicas, as
//! long as a bucket is set back as a whole. That `changed` is the one the database remembers says that all earlier
//! invalidations are in this state, and the pass does the rest. Three may write a value:
//!
//! - *A loader* takes `begun` (it comes with the miss), then reads the database, then stores if `begun` is still the same.
//!   Say it read before a change was committed. The pass that finds the change in the log read the log after that, and began
//!   after that: so the loader took `begun` before. Either it stores before the pass takes old values out, and its value goes
//!   with them, or `begun` has changed, and it may not store.
//! - *A writer's* `replace` only puts a newer value in the place of an older one of the same key, never where there is none.
//!   As long as an older value is there, no newer change has been invalidated yet; the pass that does so removes either. (To
//!   store where there is none would be wrong: a writer that is held up would bring its version back after a newer one was
//!   invalidated.)
//! - *A pass* only removes.
//!
//! *Freshness.* A keeper that makes a pass noted the time before it read the log, so when its number is `done`, everything
//! committed before that time is reflected. A keeper that only watches notes the time, asks PostgreSQL for the number of the
//! last pass that anybody began, and waits for a `done` above it: that pass began later, and read the log later still. No
//! clocks of two machines are compared. And because each answer carries its own watermark, a Redis that went back between
//! the keeper's look and the question is found out by the question itself.
//!
//! *No leader is relied on.* The advisory lock saves work. Two passes at once are sorted out by the comparisons in steps 2, 4
//! and 5: one of them finds something else than it read, and gives up; at worst a new generation begins.
//!
//! A transaction that stays open does not hold anything up: the place in the log is a snapshot, and the next pass reads what
//! that snapshot did not show. Loads are shared only if they began less than `max_staleness` ago, and "no such key" is
//! remembered for a second, counted from the beginning of the load.
//!
//! Without Redis the same happens in each process for itself, with one bucket, and its own place in the log in memory. With
//! Redis there is such a store in front of it too, for the values asked for most (`near`).
//!
//! Not covered: a PostgreSQL that loses acknowledged commits (fail-over to an asynchronous replica) may leave values in the
//! cache that the database no longer has, until their time is over. On SQLite the numbers are this machine's microseconds.

mod config;
mod format;
mod keeper;
mod link;
mod loader;
mod local;
mod local_keeper;
mod log;
mod looked;
mod near;
mod redis_keeper;
mod redis_store;
mod scripts;
mod state;
mod stats;
mod store;
mod trust;
mod versioned;

use std::sync::Arc;

use sea_orm::DbErr;
use tonic::async_trait;

use crate::feed::Change;

pub use config::CacheConfig;
pub use state::CreateCacheState;
pub use stats::CacheStats;
pub use versioned::VersionedCache;

/// A value that can be cached.
pub trait Cached: Sized + Send + Sync + 'static {
    /// Goes up with every change of the key, also when the key is removed and comes back.
    fn version(&self) -> i64;

    /// As bytes, for Redis.
    fn encode(&self) -> Vec<u8>;

    /// From bytes that may be anything: `None` unless they are the value of this key at this version.
    fn decode(key: &str, version: i64, bytes: &[u8]) -> Option<Self>;
}

/// Where the truth is.
#[async_trait]
pub trait Source<T>: Send + Sync + 'static {
    /// The values of these keys, in order, as committed now; `None` for a key that does not exist.
    async fn load(&self, keys: Vec<String>) -> Result<Vec<Option<Arc<T>>>, DbErr>;

    /// Which key an entry of the change log changed, and to which version; `None` if it is about something else.
    fn changed(&self, change: &Change) -> Option<(String, i64)>;
}
