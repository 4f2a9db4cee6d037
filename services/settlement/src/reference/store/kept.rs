//! What this process keeps in memory of one version of institutions and catalogue.

use std::sync::{Arc, PoisonError, RwLock};

use moka::sync::Cache;

use super::{STALENESS, Versions};
use crate::reference::domain::Institution;

/// Institutions kept in memory.
const INSTITUTIONS_KEPT: u64 = 50_000;
/// Items kept in memory.
const ITEMS_KEPT: u64 = 200_000;

/// Of one version, and nothing of another. What is asked for least makes room.
pub struct Kept {
    /// The version all of it is of.
    pub version: i64,
    /// By code.
    pub institutions: Cache<String, Arc<Institution>>,
    /// By code.
    pub items: Cache<String, Versions>,
}

impl Kept {
    fn nothing_of(version: i64) -> Arc<Kept> {
        Arc::new(Kept {
            version,
            institutions: Cache::builder().max_capacity(INSTITUTIONS_KEPT).time_to_live(STALENESS).build(),
            items: Cache::builder().max_capacity(ITEMS_KEPT).time_to_live(STALENESS).build(),
        })
    }
}

/// The newest version this process knows of. Who took an older one to answer from goes on with it; what they read late is kept
/// there, and goes away with it.
#[derive(Clone)]
pub struct Current(Arc<RwLock<Arc<Kept>>>);

impl Default for Current {
    fn default() -> Self {
        Current(Arc::new(RwLock::new(Kept::nothing_of(0))))
    }
}

impl Current {
    /// What is kept, whole for as long as it is held.
    pub fn get(&self) -> Arc<Kept> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins anew with a newer version.
    pub fn follow(&self, version: i64) {
        if self.get().version < version {
            let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
            if current.version < version {
                *current = Kept::nothing_of(version);
            }
        }
    }
}
