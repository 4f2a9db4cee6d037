//! A booking of an account is taken back: made by mistake, or a contribution that was refunded. What was paid goes back to the account under
//! the number of its owner that stays, and in the area that keeps it now; what was paid in comes back only from where it was.

use yizhan_money::Fen;
use yizhan_proto::settlement::v1::{
    AccountBookingKind, CancelAccountBookingRequest, CancelAccountBookingResponse,
};
use yizhan_runtime::fields::Fields;
use yizhan_runtime::ids::new_id;
use yizhan_runtime::once::check_request_id;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::Insutype;

use super::booking::{Booked, Request, balance_after};
use super::store::booking;
use crate::app::App;
use crate::books::digest;
use crate::books::domain::ledger::{self, AccountOf, KeptNow, Posting};
use crate::books::moves;
use crate::books::retries::{attempts, contended};
use crate::books::store::entities::account_booking;
use crate::books::store::merged;
use crate::fields::check_id;

/// Takes it back, once however often it is asked.
pub async fn cancel(
    app: &App,
    caller: &Caller,
    request: CancelAccountBookingRequest,
) -> Result<CancelAccountBookingResponse, ServiceError> {
    let mut wrong = Violations::new();
    check_request_id(&request.request_id, &mut wrong);
    let mut fields = Fields::of(&mut wrong);
    fields.psn_no("psn_no", &request.psn_no);
    fields.area("poolarea_no", &request.poolarea_no);
    check_id(&mut fields, "booking_id", &request.booking_id);
    wrong.none()?;
    caller.check_manages(&request.poolarea_no)?;
    let psn_nos = merged::numbers(&app.db, &request.psn_no).await?;
    let account = AccountOf { poolarea_no: &request.poolarea_no, psn_no: &psn_nos[0] };
    let asked = Request {
        key: (caller.to_string(), request.request_id.clone()),
        digest: digest::of_message(&request),
        account,
    };
    let _turn = app.turn_of(&[account.psn_no]).await;
    for _ in attempts() {
        let whose = (account.poolarea_no, psn_nos.as_slice());
        let standing = booking(&app.db, whose, &request.booking_id).await?.ok_or_else(unknown)?;
        let booked = cancelled(account, standing.clone());
        let kept = match standing.amount_fen < 0 {
            true => moves::kept_now(&app.db, &booked.postings, &booked.books).await?,
            false => KeptNow::new(),
        };
        let state = asked.state_in(app, kept.values().next().cloned()).await?;
        if let Some(handled) = &state.handled {
            return asked.again(handled);
        }
        require_cancellable(&standing)?;
        if standing.amount_fen < 0 && state.own.moved_to.is_some() {
            continue;
        }
        let balc_fen = balance_after(&state, -standing.amount_fen)?;
        let answer = CancelAccountBookingResponse { balc_fen, replayed: false };
        let postings = ledger::where_kept(booked.postings, &booked.books, &kept);
        if asked.commit(app, &state, &answer, Booked { postings, ..booked }).await? {
            return Ok(answer);
        }
    }
    Err(contended())
}

/// What a transfer moved, a transfer back moves.
fn require_cancellable(standing: &account_booking::Model) -> Result<(), ServiceError> {
    if !standing.cancelled_by.is_empty() {
        return Err(ServiceError::new(Reason::BookingCancelled, "the booking was cancelled before"));
    }
    if !standing.transfer_id.is_empty() {
        let error = ServiceError::new(Reason::BookingOfTransfer, "a transfer moved the balance");
        return Err(error.with("transfer_id", &standing.transfer_id));
    }
    Ok(())
}

/// The booking taken back: its postings negative, in the books they stand in.
fn cancelled(account: AccountOf<'_>, standing: account_booking::Model) -> Booked {
    let booking_id = new_id();
    let books =
        if standing.for_poolarea_no.is_empty() { &standing.poolarea_no } else { &standing.for_poolarea_no };
    Booked {
        books: books.clone(),
        postings: ledger::negated(postings_of(account, &standing)),
        row: account_booking::Model { version: 2, cancelled_by: booking_id.clone(), ..standing },
        booking_id,
        kind: "BOOKING_CANCELLED",
    }
}

fn postings_of(account: AccountOf<'_>, standing: &account_booking::Model) -> Vec<Posting> {
    let amount = Fen(standing.amount_fen);
    if standing.kind == i32::from(AccountBookingKind::Contribution) {
        return ledger::contribution(account, &standing.for_poolarea_no, Insutype::Resident.code(), -amount);
    }
    let deposit = ledger::deposit(account.psn_no, amount);
    if standing.for_poolarea_no.is_empty() {
        return deposit;
    }
    // Paid in by the area that kept the account before.
    let paid_in = (standing.for_poolarea_no.clone(), account.psn_no.to_owned());
    let kept = KeptNow::from([(paid_in, account.poolarea_no.to_owned())]);
    ledger::where_kept(deposit, &standing.for_poolarea_no, &kept)
}

fn unknown() -> ServiceError {
    ServiceError::new(Reason::BookingUnknown, "there is no such booking on this account")
}
