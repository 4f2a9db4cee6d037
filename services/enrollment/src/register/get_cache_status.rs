//! What this process's cache did, for those who operate it.

use yizhan_proto::enrollment::v1::{GetCacheStatusRequest, GetCacheStatusResponse};
use yizhan_runtime::{Caller, Reason, ServiceError};

use crate::app::Register;
use crate::register::messages;

/// Counters since the process started.
pub async fn get_cache_status(
    register: &Register,
    caller: &Caller,
    _: GetCacheStatusRequest,
) -> Result<GetCacheStatusResponse, ServiceError> {
    match caller {
        Caller::Operator { .. }
        | Caller::LocalAdministrator
        | Caller::Service { .. }
        | Caller::Agency { .. } => Ok(messages::cache_status(&register.cache.stats())),
        _ => Err(ServiceError::new(
            Reason::NotAnOperator,
            "only operators, agencies and services see the state of the cache",
        )),
    }
}
