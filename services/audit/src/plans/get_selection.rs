//! Selections as those see them who read the area, and everybody else; and drawn again.

use yizhan_proto::audit::v1::{
    GetSelectionRequest, GetSelectionResponse, ListSelectionsRequest, ListSelectionsResponse,
    RepeatSelectionRequest, RepeatSelectionResponse,
};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};

use super::domain::selection::{List, Selection, digest, draw, seed};
use super::messages::selection_message;
use super::store;
use crate::app::Audit;

/// One; others see the list and what it gave from its day on.
pub async fn get_selection(
    audit: &Audit,
    caller: &Caller,
    request: GetSelectionRequest,
) -> Result<GetSelectionResponse, ServiceError> {
    let (selection, list, open) = seen(audit, caller, &request.selection_id).await?;
    let list = Some(&list).filter(|_| open);
    Ok(GetSelectionResponse { selection: Some(selection_message(&selection, list)) })
}

/// Drawn again from what is recorded.
pub async fn repeat_selection(
    audit: &Audit,
    caller: &Caller,
    request: RepeatSelectionRequest,
) -> Result<RepeatSelectionResponse, ServiceError> {
    let (selection, list, open) = seen(audit, caller, &request.selection_id).await?;
    if !open || selection.drawn_at.is_none() {
        return Err(ServiceError::new(Reason::SelectionNotPublic, "not drawn, or not public yet"));
    }
    // What the digest of the nonce was told of at first stands in its first step.
    let frozen: Option<Selection> = store::at_step(&audit.db, &selection.head.id, 1).await?;
    let frozen = frozen.ok_or_else(unknown)?;
    let list_digest = digest(&list.text);
    let seed = seed(&selection.nonce, &selection.public_value, &list_digest);
    let drawn = draw(&list.text, &seed);
    let compared = [
        ("list_digest", list_digest == frozen.list_digest),
        ("nonce_digest", digest(&selection.nonce) == digest(&frozen.nonce)),
        ("seed", seed == selection.seed),
        ("drawn", drawn == list.drawn),
    ];
    let differs: Vec<String> =
        compared.into_iter().filter(|(_, same)| !same).map(|(what, _)| what.to_owned()).collect();
    Ok(RepeatSelectionResponse { same: differs.is_empty(), drawn, differs })
}

/// Those of an area.
pub async fn list_selections(
    audit: &Audit,
    caller: &Caller,
    request: ListSelectionsRequest,
) -> Result<ListSelectionsResponse, ServiceError> {
    let mut wrong = Violations::new();
    let area = Fields::of(&mut wrong).area("area", &request.area);
    let area = wrong.finish(area)?;
    caller.check_reads(&request.area)?;
    let behind = |after, limit| store::newest::<Selection>(&audit.db, area, after, limit);
    let page = audit.pages.asked(caller, &request);
    let (found, next_page_token) = page.page(behind, |last: &Selection| [last.head.id.clone()]).await?;
    let selections = found.iter().map(|selection| selection_message(selection, None)).collect();
    Ok(ListSelectionsResponse { selections, next_page_token })
}

/// A selection that the caller may know of, with its list, and whether that is for them too. Samples of bills are the area's alone.
async fn seen(audit: &Audit, caller: &Caller, id: &str) -> Result<(Selection, List, bool), ServiceError> {
    let selection: Selection = store::find(&audit.db, id).await?.ok_or_else(unknown)?;
    let ours = caller.may_read_area(selection.head.area);
    let public = selection.public_on.is_some_and(|day| day <= audit.clock.today());
    if !ours && selection.purpose.is_sample() {
        return Err(unknown());
    }
    let list = store::find(&audit.db, id).await?.ok_or_else(unknown)?;
    Ok((selection, list, ours || public))
}

fn unknown() -> ServiceError {
    ServiceError::new(Reason::SelectionUnknown, "no such selection")
}
