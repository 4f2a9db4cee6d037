//! 还款: by the person, by somebody they authorised, or told by the agency.

use chrono::NaiveDate;
use yizhan_proto::settlement::v1::{RepayRequest, RepayResponse, Repayment};
use yizhan_runtime::ids::new_id;
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError};

use super::said::{Party, check_reference, closed, known, unknown};
use crate::app::App;
use crate::books::domain::deferral::repayment;
use crate::books::store::deferrals;

/// Repayments of a debt at most.
pub const MAX_REPAYMENTS: usize = 100;

/// Records it, once however often it is asked.
pub async fn repay(
    app: &App,
    caller: &Caller,
    mut request: RepayRequest,
) -> Result<RepayResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    if let Some(answer) = once::answered(app, &key).await? {
        return Ok(answer);
    }
    let today = app.clock.today();
    let mut fields = Fields::of(&mut wrong);
    fields.require(request.amount_fen > 0, "amount_fen", Reason::AmountInvalid);
    check_reference(&mut fields, "pay_reference", &request.pay_reference);
    let past = |fields: &mut Fields<'_>, field: &str, value: &str| fields.past_date(field, value, today);
    let paid_on = fields.optional("paid_on", &request.paid_on, past);
    let paid_on = wrong.finish(paid_on)?.unwrap_or(today);
    let (of, party) = known(app, caller, &request.deferral_id).await?;
    if party == Party::Institution {
        return Err(unknown());
    }
    if party != Party::Agency && paid_on != today {
        let said = Reason::DateInvalid.saying("补录以前的还款由经办机构办理");
        return Err(ServiceError::invalid_field("paid_on", said));
    }
    if paid_on.to_string() < of.deferred_on {
        let said = Reason::DateInvalid.saying("不能早于办理信用支付的日期");
        return Err(ServiceError::invalid_field("paid_on", said));
    }
    let by = caller.to_string();
    once::once(app, &key, |write| Box::pin(record(write, request.clone(), paid_on, by.clone()))).await
}

async fn record(
    Write { tx, service: app, .. }: Write<'_, '_, App>,
    request: RepayRequest,
    paid_on: NaiveDate,
    paid_by: String,
) -> Result<Done<RepayResponse, ()>, ServiceError> {
    let RepayRequest { deferral_id, amount_fen, pay_reference, .. } = request;
    let mut of = deferrals::hold(tx, &deferral_id).await?.ok_or_else(unknown)?;
    if of.owed_fen == 0 {
        return Err(closed(&of));
    }
    let mut standing = of.repayments.iter().filter(|paid| !paid.cancelled);
    if let Some(known) = standing.find(|paid| paid.pay_reference == pay_reference) {
        return Err(ServiceError::new(Reason::RepaymentKnown, "this payment is recorded")
            .with("repayment_id", &known.repayment_id));
    }
    if of.repayments.len() >= MAX_REPAYMENTS {
        let said = Reason::TooMany.saying(format!("每笔最多还款 {MAX_REPAYMENTS} 次"));
        return Err(ServiceError::invalid_field("deferral_id", said));
    }
    if amount_fen > of.owed_fen {
        let said = Reason::RepaymentAboveOwed.saying(format!("尚欠 {} 分", of.owed_fen));
        return Err(ServiceError::invalid_field("amount_fen", said).with("owed_fen", of.owed_fen));
    }
    of.repayments.push(Repayment {
        repayment_id: new_id(),
        amount_fen,
        paid_on: paid_on.to_string(),
        pay_reference,
        paid_by,
        cancelled: false,
    });
    let postings = repayment(&of, amount_fen);
    deferrals::write(tx, &mut of, postings, app.clock.now()).await?;
    Ok(Done { answer: RepayResponse { deferral: Some(of), replayed: false }, changed: () })
}
