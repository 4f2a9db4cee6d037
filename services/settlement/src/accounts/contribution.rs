//! An account pays a near relative's contribution to residents' insurance (个账代扣居民医保费).

use chrono::{Datelike, NaiveDate};
use yizhan_money::Fen;
use yizhan_policy::{Policy, find as policy_of};
use yizhan_proto::enrollment::v1::{Eligibility, GetEligibilityRequest};
use yizhan_proto::settlement::v1::{AccountBookingKind, PayContributionRequest, PayContributionResponse};
use yizhan_runtime::fields::Fields;
use yizhan_runtime::ids::new_id;
use yizhan_runtime::once::check_request_id;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::{Area, Insutype};

use super::booking::{Booked, Request, balance_after};
use super::domain::{is_complete, share_of};
use super::relative;
use super::store::standing_contribution;
use crate::app::App;
use crate::books::digest;
use crate::books::domain::ledger::{self, AccountOf};
use crate::books::retries::{attempts, contended};
use crate::books::store::entities::account_booking;

/// First coverage year that is paid for.
const FIRST_YEAR: i32 = 1990;

/// Pays, once however often it is asked.
pub async fn pay(
    app: &App,
    caller: &Caller,
    request: PayContributionRequest,
) -> Result<PayContributionResponse, ServiceError> {
    check(&request, app.clock.today())?;
    if !matches!(caller, Caller::Person { psn_no } if *psn_no == request.psn_no) {
        caller.check_manages(&request.poolarea_no)?;
    }
    let asked = Request {
        key: (caller.to_string(), request.request_id.clone()),
        digest: digest::of_message(&request),
        account: AccountOf { poolarea_no: &request.poolarea_no, psn_no: &request.psn_no },
    };
    let paid = pay_anew(app, &request, &asked).await;
    asked.or_again(app, paid).await
}

async fn pay_anew(
    app: &App,
    request: &PayContributionRequest,
    asked: &Request<'_>,
) -> Result<PayContributionResponse, ServiceError> {
    let Eligibility { poolarea_no: paid_to, merged_psn_nos: mut for_psn_nos, .. } =
        require_payable(app, request).await?;
    for_psn_nos.push(request.for_psn_no.clone());
    let _turn = app.turn_of(&[&request.psn_no]).await;
    for _ in attempts() {
        let state = asked.state(app).await?;
        if let Some(handled) = &state.handled {
            return asked.again(handled);
        }
        if let Some(standing) = standing_contribution(&app.db, &for_psn_nos, &request.accrym).await? {
            return Err(ServiceError::new(Reason::ContributionPaid, "an account paid this contribution")
                .with("booking_id", standing.booking_id));
        }
        let (booking_id, amount) = (new_id(), request.amount_fen);
        let balc_fen = balance_after(&state, -amount)?;
        let answer = PayContributionResponse { balc_fen, booking_id: booking_id.clone(), replayed: false };
        let row = asked.row(AccountBookingKind::Contribution, &booking_id, -amount, app.clock.now());
        let booked = Booked {
            row: account_booking::Model {
                for_psn_no: request.for_psn_no.clone(),
                for_poolarea_no: paid_to.clone(),
                accrym: request.accrym.clone(),
                ..row
            },
            booking_id,
            books: paid_to.clone(),
            postings: ledger::contribution(asked.account, &paid_to, Insutype::Resident.code(), Fen(amount)),
            kind: "CONTRIBUTION_PAID",
        };
        if asked.commit(app, &state, &answer, booked).await? {
            return Ok(answer);
        }
    }
    Err(contended())
}

fn check(request: &PayContributionRequest, today: NaiveDate) -> Result<(), ServiceError> {
    let mut wrong = Violations::new();
    check_request_id(&request.request_id, &mut wrong);
    let mut fields = Fields::of(&mut wrong);
    fields.psn_no("psn_no", &request.psn_no);
    fields.psn_no("for_psn_no", &request.for_psn_no);
    fields.require(request.psn_no != request.for_psn_no, "for_psn_no", Reason::OwnAccount);
    fields.area("poolarea_no", &request.poolarea_no);
    fields.require(request.amount_fen > 0, "amount_fen", Reason::AmountInvalid);
    let year = Some(&request.accrym).filter(|year| year.len() == 4).and_then(|year| year.parse::<i32>().ok());
    let payable = year.is_some_and(|year| (FIRST_YEAR..=today.year() + 1).contains(&year));
    fields.require(payable, "accrym", Reason::AccrymInvalid);
    wrong.none()
}

/// Whose contribution it is, where the owner's account may pay it; their area gets it.
async fn require_payable(app: &App, request: &PayContributionRequest) -> Result<Eligibility, ServiceError> {
    let today = app.clock.today();
    let question = GetEligibilityRequest {
        psn_no: request.for_psn_no.clone(),
        as_of: today.to_string(),
        ..GetEligibilityRequest::default()
    };
    let user = app.enrollment.eligibility(question).await?;
    let mut wrong = Violations::new();
    let alive = user.reason != Reason::Deceased.code();
    wrong.require(alive, "for_psn_no", Reason::ContributionNotPayable.saying("该参保人已死亡"));
    let policies = app.policies.current();
    let (owner, scheme) = (request.psn_no.as_str(), Insutype::Resident);
    let asked = relative::Asked { owner, field: "psn_no", user: &user, scheme, day: today };
    if let Some(relative) = relative::find(app, &policies, asked, &mut wrong).await? {
        let told = share_of(&user, owner).is_some_and(is_complete);
        wrong.require(told, "psn_no", Reason::ShareIncomplete);
        let kept_here = relative.poolarea_no == request.poolarea_no;
        wrong.require(kept_here, "poolarea_no", Reason::AccountInAnotherArea);
        let pays = |area| {
            policy_of(&policies, area, Insutype::Employee, today).is_ok_and(|policy| allows(policy, today))
        };
        let allowed = Area::parse(&relative.poolarea_no).is_some_and(pays);
        wrong.require(allowed, "poolarea_no", Reason::ContributionNotPayable);
    }
    wrong.none()?;
    Ok(user)
}

fn allows(policy: &Policy, day: NaiveDate) -> bool {
    policy.account.pays_contributions_on(day)
}
