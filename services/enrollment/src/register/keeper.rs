//! Who may see and decide everything about a person: they themselves, and the agency that keeps their register.

use std::sync::Arc;

use yizhan_runtime::{Caller, Reason, ServiceError};
use yizhan_terms::is_psn_no;

use crate::app::{Register, person_unknown};
use crate::person::store::timelines::{self, StoredTimeline};

/// The person, for those who may see and decide everything about them: the person, the agency that keeps their register, the
/// local administrator. Others who may ask about the person are told that this is not theirs; the rest learn no more than of
/// a person who does not exist.
pub async fn for_self_or_keeper(
    register: &Register,
    caller: &Caller,
    psn_no: &str,
) -> Result<Arc<StoredTimeline>, ServiceError> {
    let person = person_asked_about(register, caller, psn_no).await?;
    if is_self(caller, psn_no) || caller.may_manage_area(person.poolarea_no) {
        return Ok(person);
    }
    let text = "仅本人或参保地经办机构可以办理";
    Err(ServiceError::new(Reason::PersonNotOwn, "only for the person or their agency")
        .with_text(text)
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
    let person = person.filter(|person| caller.may_ask_about(psn_no, person.poolarea_no));
    person.map(Arc::new).ok_or_else(|| person_unknown(psn_no))
}

/// Whether a person asks about themselves.
pub fn is_self(caller: &Caller, psn_no: &str) -> bool {
    matches!(caller, Caller::Person { psn_no: own } if own == psn_no)
}
