//! Mutations of the register: once per request id ([`yizhan_runtime::once`]); then the cache and followers hear of them.

pub use yizhan_runtime::once::{Cause, Mutation, RequestKey, open};
use yizhan_runtime::{ServiceError, once};

use crate::app::Register;
use crate::person::store::timelines::StoredTimeline;

/// The persons that changed, as they now are.
pub type Changed = Vec<StoredTimeline>;

/// What a mutation did.
pub type Done<A> = once::Done<A, Changed>;

/// Runs a mutation of the register once.
pub async fn once<M: Mutation<Register, Changed = Changed>>(
    register: &Register,
    key: &RequestKey,
    mutation: &M,
) -> Result<M::Answer, ServiceError> {
    // Bodies hold certificate numbers, which a plain digest would give away to whoever tries them all.
    let key = key.under_secret(|plain| register.certificate_key.digest("request", plain));
    let (answer, changed) = once::once(&register.db, &register.clock, &key, register, mutation).await?;
    if let Some(changed) = changed {
        register.committed(changed).await;
    }
    Ok(answer)
}
