//! The grants of a person, page by page.

use yizhan_proto::enrollment::v1::{ListGrantsRequest, ListGrantsResponse};
use yizhan_runtime::{Caller, Reason, ServiceError};

use crate::access::store::access_grants;
use crate::access::store::entities::access_grant;
use crate::app::Register;
use crate::app::person_unknown;
use crate::register::keeper::for_self_or_keeper;
use crate::rights::messages;
use yizhan_terms::is_psn_no;

/// One page. Whoever may not decide about the person sees only what was
/// granted to them, and nothing of a person they have no grant of.
pub async fn list_grants(
    register: &Register,
    caller: &Caller,
    request: ListGrantsRequest,
) -> Result<ListGrantsResponse, ServiceError> {
    let asked = register.pages.asked(caller, &request);
    let psn_no = request.psn_no.as_str();
    if !is_psn_no(psn_no) {
        return Err(person_unknown(psn_no));
    }
    let grantee = match for_self_or_keeper(register, caller, psn_no).await {
        Ok(_) => None,
        Err(error) if [Reason::PersonNotOwn, Reason::PersonUnknown].contains(&error.reason()) => {
            Some(caller.to_string())
        }
        Err(error) => return Err(error),
    };
    let behind = |after: Option<[String; 1]>, limit| {
        access_grants::of_person(&register.db, psn_no, grantee.as_deref(), after, limit)
    };
    let key = |last: &access_grant::Model| [last.grant_id.clone()];
    let (found, next_page_token) = asked.page(behind, key).await?;
    Ok(ListGrantsResponse { grants: found.into_iter().map(messages::grant).collect(), next_page_token })
}
