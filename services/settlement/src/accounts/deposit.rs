//! Paying into a personal account (个人账户划入).

use prost::Message;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use yizhan_money::{Fen, MAX_FEN};
use yizhan_proto::settlement::v1::{DepositRequest, DepositResponse, GetAccountRequest, GetAccountResponse};
use yizhan_runtime::fields::Fields;
use yizhan_runtime::ids::new_id;
use yizhan_runtime::once::{check_request_id, reused};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};

use crate::app::App;
use crate::books::digest;
use crate::books::domain::ledger;
use crate::books::messages::rows::{accounts_after, posting_rows};
use crate::books::retries::{attempts, contended};
use crate::books::store::claims::Claims;
use crate::books::store::commit::{Change, Committed};
use crate::books::store::entities::{account, request};
use crate::books::store::load::{PersonState, Wanted};
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
    require_kept_here(app, &request).await?;
    let digest = digest::of_message(&request);
    let key = (caller.to_string(), request.request_id.clone());
    let _turn = app.turn_of(&request.poolarea_no, &[&request.psn_no]).await;
    for _ in attempts() {
        let state = app
            .person_state(Wanted {
                poolarea_no: request.poolarea_no.clone(),
                psn_no: request.psn_no.clone(),
                mulaid_psn_no: String::new(),
                request: Some(key.clone()),
                ..Wanted::default()
            })
            .await?;
        if let Some(handled) = &state.handled {
            return answer_again(handled, &digest);
        }
        let balance = state.own.fen.saturating_add(request.amount_fen);
        if balance > MAX_FEN {
            return Err(ServiceError::invalid_field(
                "amount_fen",
                Reason::AmountTooLarge.saying("余额将超过 16 位"),
            ));
        }
        let answer = DepositResponse { balc_fen: balance, replayed: false };
        let change = change(app, &request, &state, &answer, (&key, &digest));
        if app.commit(change).await? == Committed::Done {
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

fn answer_again(handled: &request::Model, digest: &str) -> Result<DepositResponse, ServiceError> {
    if handled.digest != digest {
        return Err(reused(&handled.request_id));
    }
    let answer = DepositResponse::decode(handled.answer.as_slice()).map_err(ServiceError::internal)?;
    Ok(DepositResponse { replayed: true, ..answer })
}

fn change(
    app: &App,
    request: &DepositRequest,
    state: &PersonState,
    answer: &DepositResponse,
    (key, digest): (&(String, String), &str),
) -> Change {
    let (poolarea_no, psn_no) = (&request.poolarea_no, &request.psn_no);
    let postings = ledger::deposit(psn_no, Fen(request.amount_fen));
    Change {
        request: request::Model {
            owner: key.0.clone(),
            request_id: key.1.clone(),
            digest: digest.to_owned(),
            poolarea_no: poolarea_no.clone(),
            psn_no: psn_no.clone(),
            setl_id: String::new(),
            answer: answer.encode_to_vec(),
        },
        settlement: None,
        opening: None,
        amounts: None,
        years: Vec::new(),
        accounts: accounts_after(poolarea_no, psn_no, &postings, state),
        postings: posting_rows(poolarea_no, psn_no, &new_id(), postings),
        claims: Claims::default(),
        released: Claims::default(),
        codes: Vec::new(),
        kind: "DEPOSITED",
        at: app.clock.now(),
    }
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
    Ok(GetAccountResponse { balc_fen: row.map_or(0, |row| row.balance_fen) })
}
