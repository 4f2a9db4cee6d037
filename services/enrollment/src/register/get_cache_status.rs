//! What this process's cache did, for those who operate it.

use yizhan_runtime::cache::CacheStats;
use yizhan_runtime::{Caller, Reason, ServiceError};

use crate::app::Register;

/// Counters since the process started.
pub fn get_cache_status(register: &Register, caller: &Caller) -> Result<CacheStats, ServiceError> {
    match caller {
        Caller::Operator { .. }
        | Caller::LocalAdministrator
        | Caller::Service { .. }
        | Caller::Agency { .. } => Ok(register.cache.stats()),
        _ => Err(ServiceError::new(
            Reason::NotAnOperator,
            "only operators, agencies and services see the state of the cache",
        )),
    }
}
