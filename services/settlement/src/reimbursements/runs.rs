//! 拨付: lists of payments on the area's days, confirmed by the bank or returned one by one.

use yizhan_documents::calendar::WorkingDays;
use yizhan_proto::settlement::v1::{
    ConfirmPaymentRunRequest, ConfirmPaymentRunResponse, ListPaymentRunsRequest, ListPaymentRunsResponse,
    ListPaymentsRequest, ListPaymentsResponse, MakePaymentRunRequest, MakePaymentRunResponse, Payment,
    PaymentRun, PaymentState, ReturnPaymentRequest, ReturnPaymentResponse,
};
use yizhan_runtime::clock::timestamp;
use yizhan_runtime::ids::new_id;
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::Area;
use yizhan_workflow::is_reason;

use super::application::check_opter;
use super::domain::steps::Actor;
use super::domain::table::State;
use super::pay::{Paying, lock_runs};
use super::queries::may_read;
use super::store;
use crate::app::App;
use crate::settlements::paid_visit::rule_of;

/// Payments of a run at most: each is written with its application.
pub const MAX_PAYMENTS: u64 = 5_000;
/// 拨付来源 零星报销 and 拨付对象 个人 (docs/CODES.md, dfr_souc, dfr_obj).
const SOURCE: (&str, &str) = ("101", "11");

/// Makes the list of a day, once.
pub async fn make_payment_run(
    app: &App,
    caller: &Caller,
    mut request: MakePaymentRunRequest,
) -> Result<MakePaymentRunResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    if let Some(answer) = once::answered(app, &key).await? {
        return Ok(answer);
    }
    check_opter(caller, &request.opter, &mut wrong);
    let mut fields = Fields::of(&mut wrong);
    let area = fields.area("poolarea_no", &request.poolarea_no);
    let day = fields.past_date("run_date", &request.run_date, app.clock.today());
    let (area, day) = wrong.finish(area.zip(day))?;
    caller.check_manages(&request.poolarea_no)?;
    let rules = app.rules.current();
    let days = WorkingDays::of(&rules, area);
    let next = rule_of(&rules, area, day)?.rule.run_from(day, days);
    if next != Some(day) {
        let mut wrong = Violations::new();
        let next = next.map(|next| next.to_string()).unwrap_or_default();
        let said = Reason::NotARunDay.saying(format!("{day} 不是拨付日，下一个拨付日为 {next}"));
        wrong.push("run_date", said).with("next", next);
        wrong.none()?;
    }
    let making = Making { poolarea_no: area.as_str(), request: &request };
    once::once(app, &key, |write| Box::pin(making.write(write))).await
}

struct Making<'m> {
    poolarea_no: &'m str,
    request: &'m MakePaymentRunRequest,
}

impl Making<'_> {
    async fn write(
        &self,
        Write { tx, service: app, .. }: Write<'_, '_, App>,
    ) -> Result<Done<MakePaymentRunResponse, ()>, ServiceError> {
        let MakePaymentRunRequest { run_date, opter, .. } = self.request;
        lock_runs(tx, self.poolarea_no).await?;
        let waiting = || store::standing(self.poolarea_no, State::Approved);
        let run = match store::pay::run_of_day(tx, (self.poolarea_no, run_date)).await? {
            Some(run) => run,
            None => {
                let rules = app.rules.current();
                let paying = Paying { tx, rules: &rules, actor: Actor::run(opter), now: app.clock.now() };
                let mut approved = store::hold_all(tx, waiting(), MAX_PAYMENTS).await?;
                paying.net(self.poolarea_no, &mut approved).await?;
                let run_id = new_id();
                let payments = paying.list(&run_id, approved).await?;
                let run = PaymentRun {
                    run_id,
                    poolarea_no: self.poolarea_no.to_owned(),
                    run_date: run_date.clone(),
                    confirmed: false,
                    payments: payments.len() as i64,
                    total_fen: payments.iter().map(|payment| payment.amount_fen).sum(),
                    made_at: Some(timestamp(paying.now)),
                    made_by: opter.clone(),
                    confirmed_by: String::new(),
                    dfr_souc: SOURCE.0.to_owned(),
                    dfr_obj: SOURCE.1.to_owned(),
                };
                store::pay::write_run(tx, &run).await?;
                run
            }
        };
        let left = store::count(tx, waiting()).await?;
        Ok(Done { answer: MakePaymentRunResponse { run: Some(run), left, replayed: false }, changed: () })
    }
}

/// The bank has paid a run.
pub async fn confirm_payment_run(
    app: &App,
    caller: &Caller,
    mut request: ConfirmPaymentRunRequest,
) -> Result<ConfirmPaymentRunResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    if let Some(answer) = once::answered(app, &key).await? {
        return Ok(answer);
    }
    check_opter(caller, &request.opter, &mut wrong);
    wrong.require(request.total_fen >= 0, "total_fen", Reason::AmountNegative);
    wrong.none()?;
    let run = own_run(app, caller, &request.run_id).await?;
    let confirming = Confirming { run, request: &request };
    once::once(app, &key, |write| Box::pin(confirming.write(write))).await
}

/// A run the caller manages.
async fn own_run(app: &App, caller: &Caller, run_id: &str) -> Result<PaymentRun, ServiceError> {
    let found = if is_id(run_id) { store::pay::find_run(&app.db, run_id).await? } else { None };
    let own = found.filter(|run| caller.may_manage_area(Area::parse(&run.poolarea_no)));
    own.ok_or_else(|| ServiceError::new(Reason::RunUnknown, "no such run"))
}

/// What cannot be an id is not looked for.
fn is_id(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

struct Confirming<'c> {
    run: PaymentRun,
    request: &'c ConfirmPaymentRunRequest,
}

impl Confirming<'_> {
    async fn write(
        &self,
        Write { tx, service: app, .. }: Write<'_, '_, App>,
    ) -> Result<Done<ConfirmPaymentRunResponse, ()>, ServiceError> {
        lock_runs(tx, &self.run.poolarea_no).await?;
        let found = store::pay::find_run(tx, &self.run.run_id).await?;
        let mut run = found.ok_or_else(|| ServiceError::new(Reason::RunUnknown, "no such run"))?;
        if run.confirmed {
            return Err(ServiceError::new(Reason::RunConfirmed, "the run is confirmed"));
        }
        let known = self.request.total_fen;
        if known != run.total_fen {
            let error = ServiceError::new(Reason::RunChanged, "the total is another");
            return Err(error.with("known", known).with("current", run.total_fen));
        }
        let rules = app.rules.current();
        let actor = Actor::run(&self.request.opter);
        let paying = Paying { tx, rules: &rules, actor, now: app.clock.now() };
        let mut listed = store::pay::in_run(tx, (&run.run_id, None), PaymentState::Listed).await?;
        for payment in &mut listed {
            paying.paid(payment).await?;
        }
        store::pay::write_payments(tx, &listed).await?;
        (run.confirmed, run.confirmed_by) = (true, self.request.opter.clone());
        store::pay::write_run(tx, &run).await?;
        Ok(Done { answer: ConfirmPaymentRunResponse { run: Some(run), replayed: false }, changed: () })
    }
}

/// The bank returned a payment.
pub async fn return_payment(
    app: &App,
    caller: &Caller,
    mut request: ReturnPaymentRequest,
) -> Result<ReturnPaymentResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    if let Some(answer) = once::answered(app, &key).await? {
        return Ok(answer);
    }
    check_opter(caller, &request.opter, &mut wrong);
    wrong.require(!request.reason.trim().is_empty(), "reason", Reason::ReasonRequired);
    wrong.require(is_reason(&request.reason), "reason", Reason::ReasonInvalid);
    wrong.none()?;
    let id = &request.payment_id;
    let found = if is_id(id) { store::pay::find_payment(&app.db, id).await? } else { None };
    let own = found.filter(|payment| caller.may_manage_area(Area::parse(&payment.poolarea_no)));
    let payment = own.ok_or_else(|| ServiceError::new(Reason::PaymentUnknown, "no such payment"))?;
    let returning = Returning { payment, request: &request };
    once::once(app, &key, |write| Box::pin(returning.write(write))).await
}

struct Returning<'r> {
    payment: Payment,
    request: &'r ReturnPaymentRequest,
}

impl Returning<'_> {
    async fn write(
        &self,
        Write { tx, service: app, .. }: Write<'_, '_, App>,
    ) -> Result<Done<ReturnPaymentResponse, ()>, ServiceError> {
        lock_runs(tx, &self.payment.poolarea_no).await?;
        let found = store::pay::find_payment(tx, &self.payment.payment_id).await?;
        let mut payment =
            found.ok_or_else(|| ServiceError::new(Reason::PaymentUnknown, "no such payment"))?;
        if !matches!(payment.state(), PaymentState::Listed | PaymentState::Paid) {
            return Err(ServiceError::new(Reason::PaymentReturned, "it was returned or struck before"));
        }
        let rules = app.rules.current();
        let actor = Actor::run(&self.request.opter);
        payment.reason.clone_from(&self.request.reason);
        Paying { tx, rules: &rules, actor, now: app.clock.now() }.returned(&mut payment).await?;
        Ok(Done { answer: ReturnPaymentResponse { payment: Some(payment), replayed: false }, changed: () })
    }
}

/// Runs of an area, newest first.
pub async fn list_payment_runs(
    app: &App,
    caller: &Caller,
    request: ListPaymentRunsRequest,
) -> Result<ListPaymentRunsResponse, ServiceError> {
    let area = readable(caller, &request.poolarea_no)?;
    let older = |before, limit| store::pay::runs(&app.db, area, before, limit);
    let key = |last: &PaymentRun| [last.run_id.clone()];
    let (runs, next_page_token) = app.pages.asked(caller, &request).page(older, key).await?;
    Ok(ListPaymentRunsResponse { runs, next_page_token })
}

/// Payments of a run, or of an application.
pub async fn list_payments(
    app: &App,
    caller: &Caller,
    request: ListPaymentsRequest,
) -> Result<ListPaymentsResponse, ServiceError> {
    let area = readable(caller, &request.poolarea_no)?;
    let given = |text: &'static str, id| Some(id).filter(|id: &&str| !id.is_empty()).map(|id| (text, id));
    let named = [given("run_id", &request.run_id), given("reimbursement_id", &request.reimbursement_id)];
    let mut wrong = Violations::new();
    for (field, id) in named.iter().flatten() {
        wrong.require(is_id(id), *field, Reason::Characters);
    }
    wrong.none()?;
    let [run_id, of] = named.map(|named| named.map(|(_, id)| id));
    let behind = |after, limit| store::pay::payments(&app.db, (area, run_id, of), after, limit);
    let key = |last: &Payment| [last.payment_id.clone()];
    let (payments, next_page_token) = app.pages.asked(caller, &request).page(behind, key).await?;
    Ok(ListPaymentsResponse { payments, next_page_token })
}

fn readable(caller: &Caller, poolarea_no: &str) -> Result<Area, ServiceError> {
    let mut wrong = Violations::new();
    let area = Fields::of(&mut wrong).area("poolarea_no", poolarea_no);
    let area = wrong.finish(area)?;
    may_read(caller, poolarea_no).then_some(area).ok_or_else(|| ServiceError::area_not_owned(poolarea_no))
}
