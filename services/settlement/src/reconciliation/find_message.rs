//! 2601, looking only: what became of a message.

use yizhan_proto::enrollment::v1::LookKind;
use yizhan_proto::settlement::v1::{FindMessageRequest, FindMessageResponse, MessageOutcome};
use yizhan_runtime::once::check_request_id;
use yizhan_runtime::{Caller, Fields, ServiceError, Violations};

use super::scope::{of_person, own_or, require_institution, require_person};
use crate::app::App;
use crate::books::retries::{is_blocked, is_resettlement};
use crate::books::store::load::handled_request;
use crate::books::store::settlements;
use crate::looks::leave::{self, Look, check_purpose};
use crate::settlements::query::whose;

/// What became of it.
pub async fn find_message(
    app: &App,
    caller: &Caller,
    request: FindMessageRequest,
) -> Result<FindMessageResponse, ServiceError> {
    let institution = own_or(caller, &request.fixmedins_code);
    check(institution, &request.psn_no, &request.omsgid)?;
    require_institution(caller, institution)?;
    let only = |outcome: MessageOutcome| {
        Ok(FindMessageResponse { outcome: outcome.into(), ..FindMessageResponse::default() })
    };
    let Some(handled) = handled_request(&app.db, institution, &request.omsgid).await? else {
        return only(MessageOutcome::NotArrived);
    };
    if is_blocked(&handled) {
        return only(MessageOutcome::Blocked);
    }
    if is_resettlement(&handled) {
        require_person(app, &handled.psn_no, &request.psn_no).await?;
        return only(MessageOutcome::Resettled);
    }
    let row = settlements::by_id(&app.db, &handled.setl_id).await?;
    let row = of_person(app, row, &request.psn_no).await?;
    let reversal = settlements::reversal_of(&app.db, &row).await?;
    let outcome = match (&reversal, row.reverses_setl_id.is_empty()) {
        (_, false) => MessageOutcome::Reversal,
        (Some(_), true) => MessageOutcome::Reversed,
        (None, true) => MessageOutcome::Settled,
    };
    let purpose = check_purpose(caller, "对账", false, &mut Violations::new());
    let look =
        Look { kind: LookKind::Settlement, psn_no: &row.psn_no, subject: &row.setl_id, purpose: &purpose };
    leave::note(app, caller, whose(&row), look).await?;
    Ok(FindMessageResponse {
        outcome: outcome.into(),
        settlement: Some(settlements::as_now(&app.db, &row).await?),
        reversal_setl_id: reversal.map(|reversal| reversal.setl_id).unwrap_or_default(),
    })
}

/// A message named by institution, person and id.
fn check(institution: &str, psn_no: &str, omsgid: &str) -> Result<(), ServiceError> {
    let mut wrong = Violations::new();
    check_message(institution, psn_no, omsgid, &mut wrong);
    wrong.none()
}

/// What is wrong with it.
pub fn check_message(institution: &str, psn_no: &str, omsgid: &str, wrong: &mut Violations) {
    let mut id = Violations::new();
    check_request_id(omsgid, &mut id);
    let mut fields = Fields::of(wrong);
    let known = yizhan_terms::is_fixmedins_code(institution);
    fields.require(known, "fixmedins_code", yizhan_runtime::Reason::InstitutionInvalid);
    fields.psn_no("psn_no", psn_no);
    fields.require(id.is_empty(), "omsgid", yizhan_runtime::Reason::RequestIdInvalid);
}
