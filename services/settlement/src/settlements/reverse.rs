//! 结算撤销: a new settlement with negative amounts that restores every accumulator.

use std::collections::{BTreeMap, BTreeSet};

use yizhan_proto::settlement::v1::{ReverseRequest, ReverseResponse, Settlement};
use yizhan_runtime::once::check_request_id;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::MedType;

use super::messages::reversal;
use super::query::{require_whole, unknown};
use super::settle::new_identity;
use crate::app::App;
use crate::books::digest;
use crate::books::domain::ledger::relative_in;
use crate::books::messages::parts::{amounts_of, header, postings_of};
use crate::books::messages::rows::{accounts_after, posting_rows, request_row, settlement_row, years_after};
use crate::books::retries::{ATTEMPTS, contended, stored_answer};
use crate::books::store::commit::{Change, Committed};
use crate::books::store::entities::settlement;
use crate::books::store::load::{PersonState, Wanted};
use crate::books::store::settlements;
use crate::fields::{check_id, check_psn_no};

/// Characters of a reason at most.
const MAX_REASON: usize = 200;

/// Reverses a settlement, once however often it is asked.
pub async fn reverse(
    app: &App,
    caller: &Caller,
    request: ReverseRequest,
) -> Result<ReverseResponse, ServiceError> {
    check(&request)?;
    let digest = digest::of_message(&request);
    let row = settlements::by_id(&app.db, &request.setl_id).await?;
    let row = row.filter(|row| row.psn_no == request.psn_no).ok_or_else(unknown)?;
    require_whole(caller, &row)?;
    if !caller.may_act_for_institution(&row.fixmedins_code) {
        return Err(ServiceError::new(
            Reason::InstitutionNotOwn,
            "only the institution that settled may reverse",
        )
        .with_text("只能由结算机构撤销"));
    }
    let original = settlements::answer_of(&row)?;
    let mulaid = relative_in(&postings_of(&original), &row.psn_no).to_owned();
    let _turn = app.turn_of(&row.poolarea_no, &[&row.psn_no, &mulaid]).await;
    let key = (row.fixmedins_code.clone(), request.request_id.clone());
    for _ in 0..ATTEMPTS {
        let wanted = Wanted {
            poolarea_no: row.poolarea_no.clone(),
            psn_no: row.psn_no.clone(),
            mulaid_psn_no: mulaid.clone(),
            request: Some(key.clone()),
        };
        let state = app.person_state(wanted).await?;
        if let Some(handled) = &state.handled {
            let settlement = stored_answer(&app.db, handled, &digest).await?;
            return Ok(ReverseResponse { settlement: Some(settlement), replayed: true });
        }
        require_reversible(app, &row, &original).await?;
        let (settlement, change) = change(app, &original, &request.reason, &mulaid, &state, (&key, &digest))?;
        if app.commit(change).await? == Committed::Done {
            return Ok(ReverseResponse { settlement: Some(settlement), replayed: false });
        }
    }
    Err(contended())
}

fn check(request: &ReverseRequest) -> Result<(), ServiceError> {
    let mut wrong = Violations::new();
    check_request_id(&request.request_id, &mut wrong);
    check_psn_no(&request.psn_no, "psn_no", &mut wrong);
    check_id(&request.setl_id, "setl_id", &mut wrong);
    let fits = request.reason.chars().count() <= MAX_REASON;
    wrong.require(fits, "reason", Reason::TooLong, format!("最多 {MAX_REASON} 个字符"));
    wrong.finish()
}

/// A reversal is not reversed, nothing is reversed twice, and stays are reversed from the last
/// one back, because a later stay's deductible rests on the earlier.
async fn require_reversible(
    app: &App,
    row: &settlement::Model,
    original: &Settlement,
) -> Result<(), ServiceError> {
    if !row.reverses_setl_id.is_empty() {
        return Err(ServiceError::new(
            Reason::IsAReversal,
            "a reversal cannot be reversed; settle again instead",
        ));
    }
    if let Some(reversal) = settlements::reversal_of(&app.db, row).await? {
        return Err(ServiceError::new(Reason::AlreadyReversed, "the settlement has been reversed")
            .with("reversal_setl_id", reversal.setl_id));
    }
    if !MedType::from_code(&row.med_type).is_some_and(MedType::is_stay) {
        return Ok(());
    }
    let later = later_stays(app, row, original).await?;
    if later.is_empty() {
        return Ok(());
    }
    Err(ServiceError::new(
        Reason::LaterSettlementsStand,
        "later stays of this person stand; reverse them first, the latest first",
    )
    .with("later_setl_ids", later.join(",")))
}

/// Later stays that stand and share a policy year and scheme with this one.
async fn later_stays(
    app: &App,
    row: &settlement::Model,
    original: &Settlement,
) -> Result<Vec<String>, ServiceError> {
    let stays: Vec<&str> =
        MedType::ALL.iter().filter(|med_type| med_type.is_stay()).map(|med_type| med_type.code()).collect();
    let rows = settlements::later_of_types(&app.db, row, &stays).await?;
    let reversed: BTreeSet<&str> = rows.iter().map(|row| row.reverses_setl_id.as_str()).collect();
    let years = years_of(original);
    let mut standing = Vec::new();
    for other in rows.iter().filter(|other| other.reverses_setl_id.is_empty()) {
        let answer = settlements::answer_of(other)?;
        let rests_on_it =
            header(&answer).insutype == header(original).insutype && !years_of(&answer).is_disjoint(&years);
        if rests_on_it && !reversed.contains(other.setl_id.as_str()) {
            standing.push(other.setl_id.clone());
        }
    }
    Ok(standing)
}

/// The policy years a settlement was calculated in.
fn years_of(settlement: &Settlement) -> BTreeSet<String> {
    let layers = settlement.trace.iter().flat_map(|trace| &trace.layers);
    layers.map(|layer| layer.policy_year.clone()).collect()
}

fn change(
    app: &App,
    original: &Settlement,
    reason: &str,
    mulaid: &str,
    state: &PersonState,
    (key, digest): (&(String, String), &str),
) -> Result<(Settlement, Change), ServiceError> {
    let info = header(original);
    let refund = info.acct_pay_fen - info.acct_mulaid_pay_fen;
    let totals: BTreeMap<_, _> =
        state.years.iter().map(|(year, (_, totals))| (*year, totals.clone())).collect();
    let identity = new_identity(app, &key.1);
    let balance = if refund == 0 { 0 } else { state.own.fen + refund };
    let settlement = reversal::of(original, &identity, reason, &totals, balance);
    let own = (info.psn_no.as_str(), state.own, refund);
    let shared = (mulaid, state.shared, info.acct_mulaid_pay_fen);
    let change = Change {
        request: request_row(key, digest, &settlement),
        years: years_after(&settlement, state)?,
        accounts: accounts_after(&info.poolarea_no, [own, shared]),
        postings: posting_rows(&info.poolarea_no, &info.psn_no, &identity.setl_id, postings_of(&settlement)),
        amounts: Some(amounts_of(&settlement)),
        settlement: Some(settlement_row(&settlement, String::new())),
        kind: "REVERSED",
        at: app.clock.now(),
    };
    Ok((settlement, change))
}
