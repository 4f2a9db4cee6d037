//! 权益: what persons see of their own register, whom they let look at it, and who did.

pub(crate) mod api;
mod authorize_look;
mod get_rights;
mod grant_access;
mod list_access_log;
mod list_grants;
mod look_up_by_grant;
mod messages;
mod verify_access_log;
mod view;
mod withdraw_grant;

pub use authorize_look::authorize_look;
pub use get_rights::get_rights;
pub use grant_access::grant_access;
pub use list_access_log::list_access_log;
pub use list_grants::list_grants;
pub use look_up_by_grant::look_up_by_grant;
pub use verify_access_log::{Verdict, Verification, verify_access_log};
pub use view::View;
pub use withdraw_grant::withdraw_grant;
use yizhan_runtime::ServiceError;

use crate::access::store::access_grants;
use crate::access::store::entities::access_grant;
use crate::app::Register;
use yizhan_terms::is_psn_no;

/// A grant by its id; what could not be an id is the id of none.
async fn find_grant(register: &Register, grant_id: &str) -> Result<access_grant::Model, ServiceError> {
    if !is_psn_no(grant_id) {
        return Err(grant_unknown());
    }
    access_grants::find(&register.db, grant_id).await?.ok_or_else(grant_unknown)
}

/// No such grant, or not the caller's to know of.
fn grant_unknown() -> ServiceError {
    ServiceError::not_found("GRANT_UNKNOWN", "no such grant is given to the caller", "未查询到该授权")
}
