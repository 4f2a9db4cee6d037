//! The bookings of an account, listed.

use chrono::DateTime;
use yizhan_proto::settlement::v1::{AccountBooking, ListAccountBookingsRequest, ListAccountBookingsResponse};
use yizhan_runtime::clock::timestamp;
use yizhan_runtime::{Caller, ServiceError};

use super::store;
use crate::app::App;
use crate::books::store::entities::account_booking::Model;
use crate::books::store::merged;
use crate::fields::check_person;
use crate::looks::domain::require_person;

/// Newest first, for whoever may ask for the balance.
pub async fn list(
    app: &App,
    caller: &Caller,
    request: ListAccountBookingsRequest,
) -> Result<ListAccountBookingsResponse, ServiceError> {
    check_person(&request.psn_no, &request.poolarea_no).none()?;
    let psn_nos = merged::numbers(&app.db, &request.psn_no).await?;
    require_person(caller, &psn_nos[0], &request.poolarea_no)?;
    let whose = (request.poolarea_no.as_str(), psn_nos.as_slice());
    let older = |before: Option<[String; 1]>, limit| store::older(&app.db, whose, before, limit);
    let key = |last: &Model| [last.booking_id.clone()];
    let asked = app.pages.asked(caller, &request);
    let (bookings, next_page_token) = asked.visible(older, key, |row| Ok(Some(told(row)))).await?;
    Ok(ListAccountBookingsResponse { bookings, next_page_token })
}

fn told(row: Model) -> AccountBooking {
    AccountBooking {
        booking_id: row.booking_id,
        kind: row.kind,
        psn_no: row.psn_no,
        poolarea_no: row.poolarea_no,
        amount_fen: row.amount_fen,
        for_psn_no: row.for_psn_no,
        for_poolarea_no: row.for_poolarea_no,
        accrym: row.accrym,
        booked_at: DateTime::from_timestamp_micros(row.booked_at_us).map(timestamp),
        cancelled: !row.cancelled_by.is_empty(),
        transfer_id: row.transfer_id,
    }
}
