//! The grants of a person, page by page.

use yizhan_proto::enrollment::v1::{ListGrantsRequest, ListGrantsResponse};
use yizhan_runtime::{Caller, Reason, ServiceError, page};

use crate::access::store::access_grants;
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
    let ListGrantsRequest { psn_no, page_size, page_token } = &request;
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
    let scope = format!("grants/{psn_no}");
    let limit = page::page_size(*page_size)?;
    let after = page::decode_token::<1>(&scope, page_token)?.map(|[grant_id]| grant_id);
    let mut found =
        access_grants::of_person(&register.db, psn_no, grantee.as_deref(), after, limit + 1).await?;
    let more = found.len() as u64 > limit;
    found.truncate(limit as usize);
    let next_page_token = match found.last() {
        Some(last) if more => page::encode_token(&scope, &[&last.grant_id]),
        _ => String::new(),
    };
    Ok(ListGrantsResponse { grants: found.into_iter().map(messages::grant).collect(), next_page_token })
}
