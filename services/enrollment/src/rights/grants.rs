//! The grant that a request names, and why it does not help.

use yizhan_runtime::{Reason, ServiceError};
use yizhan_terms::is_psn_no;

use crate::access::domain::grant::Refusal;
use crate::access::store::access_grants;
use crate::access::store::entities::access_grant;
use crate::app::Register;

/// A grant by its id; what could not be an id is the id of none.
pub async fn find_grant(register: &Register, grant_id: &str) -> Result<access_grant::Model, ServiceError> {
    if !is_psn_no(grant_id) {
        return Err(grant_unknown());
    }
    access_grants::find(&register.db, grant_id).await?.ok_or_else(grant_unknown)
}

/// No such grant, or not the caller's to know of.
pub fn grant_unknown() -> ServiceError {
    ServiceError::new(Reason::GrantUnknown, "no such grant is given to the caller")
}

/// Why the grant does not allow the look.
pub fn refused(refusal: Refusal, grant: &access_grant::Model) -> ServiceError {
    let message = match refusal {
        Refusal::OtherGrantee => return grant_unknown(),
        Refusal::Withdrawn => "the grant was withdrawn",
        Refusal::NotBegun => "the grant has not begun",
        Refusal::Ended => "the grant has ended",
        Refusal::OtherPurpose => "the grant is for another purpose",
        Refusal::OutOfScope => "the grant does not cover all parts asked for",
    };
    ServiceError::new(refusal.reason(), message).with("grant_id", &grant.grant_id)
}
