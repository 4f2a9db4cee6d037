//! A cache that is never older than it says: values by key, in Redis or in this process.

mod config;
mod format;
mod keeper;
mod link;
mod loader;
mod local;
mod local_keeper;
mod log;
mod looked;
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
