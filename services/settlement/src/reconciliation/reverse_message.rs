//! 2601 冲正: a message with unknown outcome is undone, whatever became of it.

use yizhan_proto::settlement::v1::{
    MessageOutcome, ReverseMessageRequest, ReverseMessageResponse, ReverseRequest, ReverseResponse,
};
use yizhan_runtime::once::check_request_id;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};

use super::find_message::check_message;
use super::scope::{of_person, own_or, require_institution, require_person};
use crate::app::App;
use crate::books::retries::{attempts, block, contended, is_blocked, is_resettlement};
use crate::books::store::commit::Committed;
use crate::books::store::load::handled_request;
use crate::books::store::settlements::{self, answer_of};
use crate::settlements::reverse::{MAX_REASON, reverse};

/// Undoes it. What it settled is reversed; where it has not arrived its id is taken, so that it never settles.
pub async fn reverse_message(
    app: &App,
    caller: &Caller,
    request: ReverseMessageRequest,
) -> Result<ReverseMessageResponse, ServiceError> {
    let institution = own_or(caller, &request.fixmedins_code);
    check(institution, &request)?;
    require_institution(caller, institution)?;
    let blocked = |replayed| ReverseMessageResponse {
        outcome: MessageOutcome::Blocked.into(),
        reversal: None,
        replayed,
        later: None,
    };
    for _ in attempts() {
        let Some(handled) = handled_request(&app.db, institution, &request.omsgid).await? else {
            // It may arrive at this moment: the key of requests decides which is first.
            if app.commit(block(institution, &request.omsgid, app.clock.now())).await? == Committed::Done {
                return Ok(blocked(false));
            }
            continue;
        };
        if is_blocked(&handled) {
            return Ok(blocked(true));
        }
        if is_resettlement(&handled) {
            require_person(app, &handled.psn_no, &request.psn_no).await?;
            return Err(ServiceError::new(
                Reason::IsAResettlement,
                "it settled several visits: reverse them",
            ));
        }
        match reversed(app, caller, &handled.setl_id, &request).await {
            Err(error) if error.reason() == Reason::AlreadyReversed => {}
            reversed => return reversed,
        }
    }
    Err(contended())
}

fn check(institution: &str, request: &ReverseMessageRequest) -> Result<(), ServiceError> {
    let mut wrong = Violations::new();
    check_request_id(&request.request_id, &mut wrong);
    check_message(institution, &request.psn_no, &request.omsgid, &mut wrong);
    let mut fields = Fields::of(&mut wrong);
    let other = request.request_id != request.omsgid;
    fields.require(other, "omsgid", Reason::Duplicate.saying("原报文ID与本报文ID相同"));
    let fits = request.reason.chars().count() <= MAX_REASON;
    fields.require(fits, "reason", Reason::TooLong.saying(format!("最多 {MAX_REASON} 个字符")));
    wrong.none()
}

/// The reversal of what a message settled: made now, or earlier.
async fn reversed(
    app: &App,
    caller: &Caller,
    setl_id: &str,
    request: &ReverseMessageRequest,
) -> Result<ReverseMessageResponse, ServiceError> {
    let row = settlements::by_id(&app.db, setl_id).await?;
    let row = of_person(app, row, &request.psn_no).await?;
    let outcome = MessageOutcome::Reversed.into();
    if let Some(earlier) = settlements::reversal_of(&app.db, &row).await? {
        let reversal = answer_of(&earlier)?;
        let replayed =
            reversal.setlinfo.as_ref().is_some_and(|info| info.medins_setl_id == request.request_id);
        return Ok(ReverseMessageResponse { outcome, reversal: Some(reversal), replayed, later: None });
    }
    let undo = ReverseRequest {
        request_id: request.request_id.clone(),
        psn_no: request.psn_no.clone(),
        setl_id: setl_id.to_owned(),
        reason: request.reason.clone(),
    };
    let undone = reverse(app, caller, undo).await?;
    let ReverseResponse { settlement: reversal, replayed, later } = undone;
    Ok(ReverseMessageResponse { outcome, reversal, replayed, later })
}
