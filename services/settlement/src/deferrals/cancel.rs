//! What was deferred, or repaid, by mistake is taken back.

use yizhan_proto::settlement::v1::{
    CancelDeferralRequest, CancelDeferralResponse, CancelRepaymentRequest, CancelRepaymentResponse,
    DeferralState as State,
};
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Reason, ServiceError};
use yizhan_workflow::is_reason;

use super::said::{Party, closed, known, unknown};
use crate::app::App;
use crate::books::domain::deferral::{ended, repaid, repayment};
use crate::books::store::deferrals;

/// It was paid at the counter after all, or deferred by mistake.
pub async fn cancel_deferral(
    app: &App,
    caller: &Caller,
    mut request: CancelDeferralRequest,
) -> Result<CancelDeferralResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    if let Some(answer) = once::answered(app, &key).await? {
        return Ok(answer);
    }
    wrong.require(!request.reason.trim().is_empty(), "reason", Reason::ReasonRequired);
    wrong.require(is_reason(&request.reason), "reason", Reason::ReasonInvalid);
    wrong.none()?;
    let (_, party) = known(app, caller, &request.deferral_id).await?;
    if party == Party::Payer {
        return Err(unknown());
    }
    once::once(app, &key, |write| Box::pin(cancel(write, request.clone()))).await
}

async fn cancel(
    Write { tx, service: app, .. }: Write<'_, '_, App>,
    request: CancelDeferralRequest,
) -> Result<Done<CancelDeferralResponse, ()>, ServiceError> {
    let mut of = deferrals::hold(tx, &request.deferral_id).await?.ok_or_else(unknown)?;
    if matches!(of.state(), State::Cancelled | State::Reversed) {
        return Err(closed(&of));
    }
    if repaid(&of) > 0 {
        return Err(ServiceError::new(Reason::RepaymentsStand, "something of it is repaid"));
    }
    let postings = ended(&of);
    of.set_state(State::Cancelled);
    of.reason = request.reason;
    deferrals::write(tx, &mut of, postings, app.clock.now()).await?;
    Ok(Done { answer: CancelDeferralResponse { deferral: Some(of), replayed: false }, changed: () })
}

/// A repayment was recorded by mistake, or its money went back.
pub async fn cancel_repayment(
    app: &App,
    caller: &Caller,
    mut request: CancelRepaymentRequest,
) -> Result<CancelRepaymentResponse, ServiceError> {
    let (key, wrong) = once::open(caller, &mut request);
    if let Some(answer) = once::answered(app, &key).await? {
        return Ok(answer);
    }
    wrong.none()?;
    let (_, party) = known(app, caller, &request.deferral_id).await?;
    if party != Party::Agency {
        return Err(unknown());
    }
    once::once(app, &key, |write| Box::pin(take_back(write, request.clone()))).await
}

async fn take_back(
    Write { tx, service: app, .. }: Write<'_, '_, App>,
    request: CancelRepaymentRequest,
) -> Result<Done<CancelRepaymentResponse, ()>, ServiceError> {
    let mut of = deferrals::hold(tx, &request.deferral_id).await?.ok_or_else(unknown)?;
    if matches!(of.state(), State::Cancelled | State::Reversed) {
        return Err(closed(&of));
    }
    let mut repayments = of.repayments.iter_mut();
    let found = repayments.find(|paid| paid.repayment_id == request.repayment_id && !paid.cancelled);
    let paid = found.ok_or_else(|| ServiceError::new(Reason::RepaymentUnknown, "no such repayment"))?;
    paid.cancelled = true;
    let amount_fen = paid.amount_fen;
    let postings = repayment(&of, -amount_fen);
    deferrals::write(tx, &mut of, postings, app.clock.now()).await?;
    Ok(Done { answer: CancelRepaymentResponse { deferral: Some(of), replayed: false }, changed: () })
}
