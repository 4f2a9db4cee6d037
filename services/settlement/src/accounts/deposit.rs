//! Paying into a personal account (个人账户划入).

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use yizhan_money::Fen;
use yizhan_proto::settlement::v1::{
    AccountBookingKind, DepositRequest, DepositResponse, GetAccountRequest, GetAccountResponse,
};
use yizhan_runtime::fields::Fields;
use yizhan_runtime::ids::new_id;
use yizhan_runtime::once::check_request_id;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};

use super::booking::{Booked, Request, balance_after};
use crate::app::App;
use crate::books::digest;
use crate::books::domain::ledger::{self, AccountOf, KeptNow};
use crate::books::moves;
use crate::books::retries::{attempts, contended};
use crate::books::store::entities::{account, account_booking};
use crate::books::store::merged;
use crate::fields::check_person;
use crate::looks::domain::require_person;

/// Pays into an account, once however often it is asked.
pub async fn deposit(
    app: &App,
    caller: &Caller,
    request: DepositRequest,
) -> Result<DepositResponse, ServiceError> {
    check(&request)?;
    caller.check_manages(&request.poolarea_no)?;
    let asked = Request {
        key: (caller.to_string(), request.request_id.clone()),
        digest: digest::of_message(&request),
        account: AccountOf { poolarea_no: &request.poolarea_no, psn_no: &request.psn_no },
    };
    let paid_in = pay_in_anew(app, &request, &asked).await;
    asked.or_again(app, paid_in).await
}

async fn pay_in_anew(
    app: &App,
    request: &DepositRequest,
    asked: &Request<'_>,
) -> Result<DepositResponse, ServiceError> {
    require_kept_here(app, request).await?;
    let _turn = app.turn_of(&[&request.psn_no]).await;
    for _ in attempts() {
        let mut state = asked.state(app).await?;
        if let Some(handled) = &state.handled {
            return asked.again(handled);
        }
        // A transfer moved it before the new coverage begins: the money follows.
        let mut kept = KeptNow::new();
        if state.own.moved_to.is_some() {
            let now = moves::moved_to(&app.db, asked.account).await?;
            kept.extend(
                now.clone().map(|area| ((request.poolarea_no.clone(), request.psn_no.clone()), area)),
            );
            state = asked.state_in(app, now).await?;
            if state.own.moved_to.is_some() {
                continue;
            }
        }
        let (booking_id, amount) = (new_id(), request.amount_fen);
        let balc_fen = balance_after(&state, amount)?;
        let answer = DepositResponse { balc_fen, booking_id: booking_id.clone(), replayed: false };
        let row = asked.row(AccountBookingKind::Deposit, &booking_id, amount, app.clock.now());
        let row = match kept.values().next() {
            Some(area) => account_booking::Model {
                poolarea_no: area.clone(),
                for_poolarea_no: request.poolarea_no.clone(),
                ..row
            },
            None => row,
        };
        let postings = ledger::deposit(&request.psn_no, Fen(amount));
        let booked = Booked {
            row,
            booking_id,
            books: request.poolarea_no.clone(),
            postings: ledger::where_kept(postings, &request.poolarea_no, &kept),
            kind: "DEPOSITED",
        };
        if asked.commit(app, &state, &answer, booked).await? {
            return Ok(answer);
        }
    }
    Err(contended())
}

fn check(request: &DepositRequest) -> Result<(), ServiceError> {
    let mut wrong = Violations::new();
    check_request_id(&request.request_id, &mut wrong);
    let mut fields = Fields::of(&mut wrong);
    fields.psn_no("psn_no", &request.psn_no);
    fields.area("poolarea_no", &request.poolarea_no);
    fields.require(request.amount_fen > 0, "amount_fen", Reason::AmountInvalid);
    wrong.none()
}

/// Money is not paid into the account of somebody nobody knows, nor in another area's books.
async fn require_kept_here(app: &App, request: &DepositRequest) -> Result<(), ServiceError> {
    if app.poolarea_of(&request.psn_no, app.clock.today()).await? == request.poolarea_no {
        return Ok(());
    }
    let said = Reason::AccountInAnotherArea.saying("该人员的个人账户不在此统筹区");
    Err(ServiceError::invalid_field("poolarea_no", said))
}

/// The balance of an account.
pub async fn balance(
    app: &App,
    caller: &Caller,
    request: GetAccountRequest,
) -> Result<GetAccountResponse, ServiceError> {
    check_person(&request.psn_no, &request.poolarea_no).none()?;
    let psn_no = merged::stays(&app.db, &request.psn_no).await?;
    require_person(caller, &psn_no, &request.poolarea_no)?;
    let row = account::Entity::find()
        .filter(account::Column::PoolareaNo.eq(&request.poolarea_no))
        .filter(account::Column::PsnNo.eq(psn_no))
        .one(&app.db)
        .await?;
    let row = row.map(|row| (row.balance_fen, row.moved_to));
    let (balc_fen, moved_to_poolarea_no) = row.unwrap_or_default();
    Ok(GetAccountResponse { balc_fen, moved_to_poolarea_no })
}
