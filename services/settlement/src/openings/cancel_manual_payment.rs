//! A manual payment is taken back, by who paid it.

use yizhan_proto::settlement::v1::{CancelManualPaymentRequest, CancelManualPaymentResponse};
use yizhan_runtime::once::check_request_id;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use super::record_opening::check_reason;
use crate::app::App;
use crate::books::digest;
use crate::books::domain::ledger::MANUAL;
use crate::books::messages::parts::header;
use crate::books::store::entities::settlement;
use crate::books::store::{merged, settlements};
use crate::fields::check_id;
use crate::settlements::later::after_reversal;
use crate::settlements::query::unknown;
use crate::settlements::reverse::{Undo, undo};

/// Takes it back, once however often it is asked.
pub async fn cancel_manual_payment(
    app: &App,
    caller: &Caller,
    request: CancelManualPaymentRequest,
) -> Result<CancelManualPaymentResponse, ServiceError> {
    let mut wrong = Violations::new();
    check_request_id(&request.request_id, &mut wrong);
    let mut fields = Fields::of(&mut wrong);
    fields.psn_no("psn_no", &request.psn_no);
    check_id(&mut fields, "setl_id", &request.setl_id);
    check_reason(&mut fields, &request.reason, true);
    wrong.none()?;
    let row = settlements::by_id(&app.db, &request.setl_id).await?;
    let row = row.filter(|row| caller.may_manage_area(Area::parse(&row.poolarea_no)));
    let row = row.ok_or_else(unknown)?;
    if row.psn_no != request.psn_no && merged::stays(&app.db, &row.psn_no).await? != request.psn_no {
        return Err(unknown());
    }
    if row.setl_type != MANUAL {
        let error = ServiceError::new(Reason::NotPaidByHand, "the institution that settled reverses");
        return Err(error.with("setl_id", row.setl_id));
    }
    let reimbursement_id = header(&settlements::answer_of(&row)?).reimbursement_id.clone();
    if !reimbursement_id.is_empty() {
        let error = ServiceError::new(
            Reason::OfReimbursement,
            "the application is reversed, and with it the settlement",
        );
        return Err(error.with("reimbursement_id", reimbursement_id));
    }
    let key = (caller.to_string(), request.request_id.clone());
    let digest = digest::of_message(&request);
    let undone = undo(app, &row, Undo { key: &key, digest: &digest, reason: &request.reason }).await?;
    let row = settlement::Model { psn_no: merged::stays(&app.db, &row.psn_no).await?, ..row };
    let later = after_reversal(app, caller, &row).await?;
    Ok(CancelManualPaymentResponse { settlement: Some(undone.0), replayed: undone.1, later })
}
