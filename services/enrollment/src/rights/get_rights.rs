//! A person's own view.

use std::collections::BTreeSet;
use std::sync::Arc;

use yizhan_proto::enrollment::v1::{GetRightsRequest, GetRightsResponse};
use yizhan_runtime::{Caller, Fields, ServiceError, Violations};

use super::view;
use crate::access::domain::grant::WantedLook;
use crate::access::log::{Action, Look};
use crate::app::Register;
use crate::register::keeper::{for_self_or_keeper, is_self};

/// For the person at once; for others with a purpose, and after it is logged.
pub async fn get_rights(
    register: &Register,
    caller: &Caller,
    request: GetRightsRequest,
) -> Result<GetRightsResponse, ServiceError> {
    let GetRightsRequest { psn_no, purpose } = &request;
    let person = for_self_or_keeper(register, caller, psn_no).await?;
    if !is_self(caller, psn_no) {
        let mut violations = Violations::new();
        Fields::of(&mut violations).text("purpose", purpose, true);
        violations.none()?;
        let wanted =
            WantedLook { actor: caller.to_string(), purpose: purpose.clone(), scopes: BTreeSet::new() };
        let look = Look {
            poolarea_no: person.poolarea_no.to_string(),
            psn_no: psn_no.clone(),
            action: Action::Rights,
            subject: String::new(),
            grant_id: String::new(),
            wanted,
        };
        register.access_log.note(look).await?;
    }
    let rights = view::whole(register, Arc::unwrap_or_clone(person)).await?;
    Ok(GetRightsResponse { rights: Some(rights) })
}
