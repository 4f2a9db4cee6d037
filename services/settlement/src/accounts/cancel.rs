//! A booking of an account is taken back: made by mistake, or a contribution that was refunded.

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
use crate::books::domain::ledger::{self, AccountOf, Posting};
use crate::books::retries::{attempts, contended};
use crate::books::store::entities::account_booking;
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
    let account = AccountOf { poolarea_no: &request.poolarea_no, psn_no: &request.psn_no };
    let asked = Request {
        key: (caller.to_string(), request.request_id.clone()),
        digest: digest::of_message(&request),
        account,
    };
    let _turn = app.turn_of(&[&request.psn_no]).await;
    for _ in attempts() {
        let state = asked.state(app).await?;
        if let Some(handled) = &state.handled {
            return asked.again(handled);
        }
        let standing = booking(&app.db, account, &request.booking_id).await?.ok_or_else(unknown)?;
        if !standing.cancelled_by.is_empty() {
            return Err(ServiceError::new(Reason::BookingCancelled, "the booking was cancelled before"));
        }
        let balc_fen = balance_after(&state, -standing.amount_fen)?;
        let answer = CancelAccountBookingResponse { balc_fen, replayed: false };
        if asked.commit(app, &state, &answer, cancelled(account, standing)).await? {
            return Ok(answer);
        }
    }
    Err(contended())
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
    ledger::deposit(account.psn_no, amount)
}

fn unknown() -> ServiceError {
    ServiceError::new(Reason::BookingUnknown, "there is no such booking on this account")
}
