//! The cash of a settlement is deferred, within the limit, on the day of settling: later the person may have paid it already.

use chrono::{DateTime, Days};
use yizhan_proto::settlement::v1::{DeferRequest, DeferResponse, Deferral, DeferralState as State};
use yizhan_runtime::clock::day_of;
use yizhan_runtime::ids::new_id;
use yizhan_runtime::once::{self, Done, Write};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError};

use super::said::lock_person;
use super::standing::{refused, rule_of, standing};
use super::terms::Terms;
use crate::app::App;
use crate::books::domain::deferral::deferred;
use crate::books::domain::ledger::MANUAL;
use crate::books::messages::parts::{header, postings_of};
use crate::books::store::deferrals::{self, standing_of};
use crate::books::store::entities::settlement;
use crate::books::store::{merged, settlements};
use crate::fields::check_id;

/// Defers it, once however often it is asked.
pub async fn defer(
    app: &App,
    caller: &Caller,
    mut request: DeferRequest,
) -> Result<DeferResponse, ServiceError> {
    let (key, mut wrong) = once::open(caller, &mut request);
    if let Some(answer) = once::answered(app, &key).await? {
        return Ok(answer);
    }
    let mut fields = Fields::of(&mut wrong);
    fields.psn_no("psn_no", &request.psn_no);
    check_id(&mut fields, "setl_id", &request.setl_id);
    wrong.none()?;
    let row = own(app, caller, &request).await?;
    let terms = Terms::ask(app, (&row.psn_no, &row.poolarea_no)).await;
    let by = caller.to_string();
    once::once(app, &key, |write| Box::pin(record(write, row.clone(), &terms, by.clone()))).await
}

/// A settlement of the person that the caller may defer.
async fn own(app: &App, caller: &Caller, request: &DeferRequest) -> Result<settlement::Model, ServiceError> {
    let unknown = || ServiceError::new(Reason::SettlementUnknown, "no such settlement");
    let row = settlements::by_id(&app.db, &request.setl_id).await?.ok_or_else(unknown)?;
    let stays = merged::stays(&app.db, &row.psn_no).await?;
    let is_own = match caller {
        Caller::Person { psn_no } => *psn_no == stays,
        _ => caller.may_act_for_institution(&row.fixmedins_code),
    };
    let named = [&row.psn_no, &stays].contains(&&request.psn_no);
    (is_own && named).then_some(row).ok_or_else(unknown)
}

async fn record(
    Write { tx, service: app, .. }: Write<'_, '_, App>,
    row: settlement::Model,
    terms: &Terms,
    deferred_by: String,
) -> Result<Done<DeferResponse, ()>, ServiceError> {
    let today = app.clock.today();
    let numbers = lock_person(tx, &row.psn_no).await?;
    settlements::keep_from_reversal(tx, &row).await?;
    require_standing(tx, &row).await?;
    let settled = DateTime::from_timestamp_micros(row.setl_time_us).map(day_of);
    if settled != Some(today) {
        return Err(ServiceError::new(Reason::DeferTooLate, "it was settled on another day"));
    }
    let amount_fen = cash_of(&row)?;
    if amount_fen <= 0 {
        return Err(ServiceError::new(Reason::NothingToDefer, "nothing of it is paid in cash"));
    }
    let rules = app.rules.current();
    let rule = rule_of(&rules, &row.poolarea_no, today);
    let stands = standing(tx, &numbers, rule, today).await?;
    if let Some(reason) = stands.refusal {
        return Err(refused(reason));
    }
    let rule = rule.ok_or_else(|| refused(Reason::PayLaterNotOffered))?;
    if let Some(refusal) = terms.refusal() {
        return Err(refusal);
    }
    let limit_fen = terms.limit_fen(rule.rule.limit_fen);
    if stands.owed_fen + amount_fen > limit_fen {
        return Err(terms
            .explain(refused(Reason::PayLaterLimit))
            .with("limit_fen", limit_fen)
            .with("owed_fen", stands.owed_fen)
            .with("left_fen", (limit_fen - stands.owed_fen).max(0)));
    }
    let due = today + Days::new(rule.rule.due_days.into());
    let mut of = Deferral {
        deferral_id: new_id(),
        setl_id: row.setl_id,
        poolarea_no: row.poolarea_no,
        psn_no: row.psn_no,
        fixmedins_code: row.fixmedins_code,
        state: State::Open.into(),
        amount_fen,
        deferred_on: today.to_string(),
        due_date: due.to_string(),
        grace_until: (due + Days::new(rule.rule.grace_days.into())).to_string(),
        rule: rule.id.clone(),
        deferred_by,
        terms: terms.scheme().to_owned(),
        ..Deferral::default()
    };
    let postings = deferred(&of.psn_no, amount_fen);
    deferrals::write(tx, &mut of, postings, app.clock.now()).await?;
    Ok(Done { answer: DeferResponse { deferral: Some(of), replayed: false }, changed: () })
}

/// It stands, and its cash is not deferred yet.
async fn require_standing(
    tx: &yizhan_runtime::db::DatabaseTransaction,
    row: &settlement::Model,
) -> Result<(), ServiceError> {
    if !row.reverses_setl_id.is_empty() {
        return Err(ServiceError::new(Reason::IsAReversal, "a reversal has no cash to defer"));
    }
    if row.setl_type == MANUAL {
        return Err(ServiceError::new(Reason::PaidByHand, "the person has paid it"));
    }
    if let Some(reversal) = settlements::reversal_of(tx, row).await? {
        return Err(ServiceError::new(Reason::AlreadyReversed, "the settlement has been reversed")
            .with("reversal_setl_id", reversal.setl_id));
    }
    let standing = deferrals::list(tx, standing_of([row.setl_id.as_str()]), None, 1).await?;
    standing.first().map_or(Ok(()), |of| {
        Err(ServiceError::new(Reason::AlreadyDeferred, "its cash is deferred")
            .with("deferral_id", &of.deferral_id))
    })
}

/// What the settlement booked as paid in cash, but for what others paid of it already.
fn cash_of(row: &settlement::Model) -> Result<i64, ServiceError> {
    let answer = settlements::answer_of(row)?;
    let booked = postings_of(&answer);
    let cash = booked.iter().filter(|posting| posting.account.starts_with("cash/"));
    Ok(-cash.map(|posting| posting.amount.0).sum::<i64>() - header(&answer).paid_elsewhere_fen)
}
