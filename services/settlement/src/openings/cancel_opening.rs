//! An opening is taken back, whole and once, while nothing rests on it.

use prost::Message;
use yizhan_proto::settlement::v1::{CancelOpeningRequest, CancelOpeningResponse, Opening};
use yizhan_runtime::once::check_request_id;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use super::messages::opening::{New, change_of, make, negative};
use super::record_opening::{check_reason, wanted};
use crate::app::App;
use crate::books::digest;
use crate::books::retries::{answer_again, attempts, contended};
use crate::books::store::commit::Committed;
use crate::books::store::entities::opening;
use crate::books::store::merged;
use crate::books::store::openings::{by_id, cancelling, opening_of, standing_in};
use crate::fields::check_id;

/// Takes it back, once however often it is asked.
pub async fn cancel_opening(
    app: &App,
    caller: &Caller,
    request: CancelOpeningRequest,
) -> Result<CancelOpeningResponse, ServiceError> {
    check(&request)?;
    let row = by_id(&app.db, &request.opening_id).await?;
    let row = row.filter(|row| caller.may_manage_area(Area::parse(&row.poolarea_no)));
    let unknown = || ServiceError::new(Reason::OpeningUnknown, "no such opening");
    let mut row = row.ok_or_else(unknown)?;
    let psn_nos = merged::numbers(&app.db, &row.psn_no).await?;
    if ![&row.psn_no, &psn_nos[0]].contains(&&request.psn_no) {
        return Err(unknown());
    }
    // It is taken back under the number that stays.
    row.psn_no.clone_from(&psn_nos[0]);
    let (head, entries) = negative(&opening_of(&row)?);
    let psn_no = row.psn_no.clone();
    let head = Opening { psn_no, reason: request.reason.clone(), recorded_by: caller.to_string(), ..head };
    let new = New { head, entries, at: app.clock.now() };
    let digest = digest::of_message(&request);
    let key = (caller.to_string(), request.request_id.clone());
    let whose = (row.poolarea_no.as_str(), row.psn_no.as_str());
    let _turn = app.turn_of(&[whose.1]).await;
    for _ in attempts() {
        let state = app.person_state(wanted(whose, &key)).await?;
        if let Some(handled) = &state.handled {
            return answer_again(handled, &digest);
        }
        require_standing(app, &row).await?;
        require_nothing_on_it(app, (&row.poolarea_no, &psn_nos), &new).await?;
        let made = make(&new, &state)?;
        let answer = CancelOpeningResponse { opening: Some(made.opening.clone()), replayed: false };
        let change = change_of(made, &state, (&key, &digest), answer.encode_to_vec(), new.at);
        if app.commit(change).await? == Committed::Done {
            return Ok(answer);
        }
    }
    Err(contended())
}

fn check(request: &CancelOpeningRequest) -> Result<(), ServiceError> {
    let mut wrong = Violations::new();
    check_request_id(&request.request_id, &mut wrong);
    let mut fields = Fields::of(&mut wrong);
    fields.psn_no("psn_no", &request.psn_no);
    check_id(&mut fields, "opening_id", &request.opening_id);
    check_reason(&mut fields, &request.reason, true);
    wrong.none()
}

/// What takes something back is not taken back, and nothing twice.
async fn require_standing(app: &App, row: &opening::Model) -> Result<(), ServiceError> {
    if !row.cancels_opening_id.is_empty() {
        let error = ServiceError::new(Reason::IsAReversal, "what takes an opening back is not taken back");
        return Err(error.with_text("该记录本身是撤销，不能再撤销，请重新登记"));
    }
    match cancelling(&app.db, row).await? {
        None => Ok(()),
        Some(by) => Err(ServiceError::new(Reason::AlreadyReversed, "the opening has been taken back")
            .with_text("该期初或调整已撤销")
            .with("reversal_opening_id", by.opening_id)),
    }
}

/// Settlements of the year were calculated on it.
async fn require_nothing_on_it(app: &App, whose: (&str, &[String]), new: &New) -> Result<(), ServiceError> {
    let Some(year) = new.entries.policy_year.filter(|_| !new.entries.additions.is_empty()) else {
        return Ok(());
    };
    let standing = standing_in(&app.db, whose, year).await?;
    if standing.is_empty() {
        return Ok(());
    }
    Err(ServiceError::new(
        Reason::EntriesRestOnIt,
        "settlements of that policy year stand; reverse them first, or record an adjustment",
    )
    .with("setl_ids", standing.join(",")))
}
