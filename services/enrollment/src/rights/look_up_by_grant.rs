//! A look by a grant: checked and logged in one transaction, answered after its commit.

use yizhan_proto::enrollment::v1::{LookUpByGrantRequest, LookUpByGrantResponse};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};

use super::grants::{find_grant, grant_unknown, refused};
use super::view;
use crate::access::domain::grant::WantedLook;
use crate::access::log::{Action, Look};
use crate::app::{Register, person_merged};
use crate::person::store::timelines;
use crate::rights::messages;

/// What may be seen, and which parts that is.
pub async fn look_up_by_grant(
    register: &Register,
    caller: &Caller,
    request: LookUpByGrantRequest,
) -> Result<LookUpByGrantResponse, ServiceError> {
    let LookUpByGrantRequest { grant_id, purpose, scopes } = &request;
    let mut violations = Violations::new();
    let scopes = messages::scopes(scopes, &mut violations);
    let of_register = scopes.iter().all(|scope| scope.is_of_register());
    violations.require(of_register, "scopes", Reason::ScopeInvalid.saying("累计待遇和结算请向结算服务查询"));
    Fields::of(&mut violations).text("purpose", purpose, true);
    violations.none()?;
    // Whose grant it is never changes: it may be read before the transaction that decides.
    let grant = find_grant(register, grant_id).await?;
    let held = timelines::find(&register.db, &grant.psn_no).await?.ok_or_else(grant_unknown)?;
    let wanted = WantedLook { actor: caller.to_string(), purpose: purpose.clone(), scopes };
    let mut given = grant.terms().given(&wanted);
    given.retain(|scope| scope.is_of_register());
    let look = Look {
        poolarea_no: held.poolarea_no.to_string(),
        psn_no: grant.psn_no.clone(),
        action: Action::ByGrant,
        subject: String::new(),
        grant_id: grant_id.clone(),
        wanted,
    };
    if let Some(refusal) = register.access_log.note(look).await? {
        return Err(refused(refusal, &grant));
    }
    // Read behind the entry, so that the answer is no older than the log says.
    let person = timelines::find(&register.db, &grant.psn_no).await?.ok_or_else(grant_unknown)?;
    if let Some(merged_into) = &person.timeline.merged_into {
        return Err(person_merged(&grant.psn_no, merged_into));
    }
    let rights = Some(view::of_scopes(register, person, &given).await?);
    Ok(LookUpByGrantResponse { rights, scopes: messages::scope_codes(&given) })
}
