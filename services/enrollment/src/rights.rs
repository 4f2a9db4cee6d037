//! 权益: what persons see of their own register, whom they let look at it, and who did.

mod authorize_look;
mod get_rights;
mod grant_access;
mod list_access_log;
mod list_grants;
mod look_up_by_grant;
mod verify_access_log;
mod view;
mod withdraw_grant;

use std::sync::Arc;

pub use authorize_look::authorize_look;
pub use get_rights::get_rights;
pub use grant_access::grant_access;
pub use list_access_log::list_access_log;
pub use list_grants::list_grants;
pub use look_up_by_grant::look_up_by_grant;
pub use verify_access_log::{Verdict, Verification, verify_access_log};
pub use view::View;
pub use withdraw_grant::withdraw_grant;
use yizhan_runtime::{Caller, ServiceError, Violations};

use crate::domain::row_check::MAX_TEXT;
use crate::register::{Register, person_unknown};
use crate::store::access_grants;
use crate::store::entities::access_grant;
use crate::store::timelines::{self, StoredTimeline};
use yizhan_terms::is_psn_no;

/// The person, for those who may see and decide everything about them: the person, the agency that keeps their register, the
/// local administrator. Others who may ask about the person are told that this is not theirs; the rest learn no more than of
/// a person who does not exist.
pub async fn for_self_or_keeper(
    register: &Register,
    caller: &Caller,
    psn_no: &str,
) -> Result<Arc<StoredTimeline>, ServiceError> {
    let person = person_asked_about(register, caller, psn_no).await?;
    if is_self(caller, psn_no) || caller.may_manage_area(&person.poolarea_no) {
        return Ok(person);
    }
    let text = "仅本人或参保地经办机构可以办理";
    Err(ServiceError::permission_denied("PERSON_NOT_OWN", "only for the person or their agency", text)
        .with("psn_no", psn_no))
}

/// The person as the database has them now, for whoever may ask about them.
async fn person_asked_about(
    register: &Register,
    caller: &Caller,
    psn_no: &str,
) -> Result<Arc<StoredTimeline>, ServiceError> {
    if !is_psn_no(psn_no) {
        return Err(person_unknown(psn_no));
    }
    let person = timelines::find(&register.db, psn_no).await?;
    let person = person.filter(|person| caller.may_ask_about(psn_no, &person.poolarea_no));
    person.map(Arc::new).ok_or_else(|| person_unknown(psn_no))
}

/// Whether a person asks about themselves.
pub fn is_self(caller: &Caller, psn_no: &str) -> bool {
    matches!(caller, Caller::Person { psn_no: own } if own == psn_no)
}

/// What a look is for: 1 to 50 characters.
pub fn check_purpose(purpose: &str, violations: &mut Violations) {
    check_text("purpose", purpose, violations);
}

fn check_text(field: &str, text: &str, violations: &mut Violations) {
    let told = violations.require(!text.trim().is_empty(), field, "TEXT_REQUIRED", "不能为空");
    let fits = text.chars().count() <= MAX_TEXT && !text.chars().any(char::is_control);
    if told {
        violations.require(fits, field, "TEXT_INVALID", "最多 50 个字符，且不能含控制字符");
    }
}

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
