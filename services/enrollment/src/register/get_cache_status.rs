//! What this process's cache did, for those who operate it.

use yizhan_runtime::cache::CacheStats;
use yizhan_runtime::{Caller, ServiceError};

use crate::app::Register;

/// Counters since the process started.
pub fn get_cache_status(register: &Register, caller: &Caller) -> Result<CacheStats, ServiceError> {
    match caller {
        Caller::Operator { .. }
        | Caller::LocalAdministrator
        | Caller::Service { .. }
        | Caller::Agency { .. } => Ok(register.cache.stats()),
        _ => Err(ServiceError::permission_denied(
            "NOT_AN_OPERATOR",
            "only operators, agencies and services see the state of the cache",
            "仅运维人员和经办机构可查询缓存状态",
        )),
    }
}
