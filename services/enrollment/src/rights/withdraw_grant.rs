//! A grant is taken back: no look by it succeeds from here on.

use yizhan_proto::enrollment::v1::{WithdrawGrantRequest, WithdrawGrantResponse};
use yizhan_runtime::{Caller, Reason, ServiceError, once};

use super::grants::{find_grant, grant_unknown};
use crate::access::store::access_grants;
use crate::app::{Done, Register, Write};
use crate::register::keeper::for_self_or_keeper;
use crate::rights::messages;

/// By the person, or by the agency that keeps their register.
pub async fn withdraw_grant(
    register: &Register,
    caller: &Caller,
    mut request: WithdrawGrantRequest,
) -> Result<WithdrawGrantResponse, ServiceError> {
    let (key, violations) = once::open(caller, &mut request);
    violations.none()?;
    let grant = find_grant(register, &request.grant_id).await?;
    // Whoever may not decide about the person learns no more than of a grant that does not exist.
    for_self_or_keeper(register, caller, &grant.psn_no).await.map_err(|error| match error.reason() {
        Reason::PersonUnknown | Reason::PersonNotOwn => grant_unknown(),
        _ => error,
    })?;
    once::once(register, &key, |tools| Box::pin(write(tools, &request.grant_id))).await
}

/// Locks the grant: looks under way hold it until they are logged, later ones see that it is withdrawn.
async fn write(
    Write { tx, service: register, cause }: Write<'_>,
    grant_id: &str,
) -> Result<Done<WithdrawGrantResponse>, ServiceError> {
    let mut grant = access_grants::lock(tx, grant_id).await?.ok_or_else(grant_unknown)?;
    if grant.withdrawn_at.is_none() {
        let at = register.clock.now();
        access_grants::withdraw(tx, grant_id, at, &cause.caller).await?;
        grant.withdrawn_at = Some(at);
        grant.withdrawn_by.clone_from(&cause.caller);
    }
    let answer = WithdrawGrantResponse { grant: Some(messages::grant(grant)), replayed: false };
    Ok(Done { answer, changed: Vec::new() })
}
