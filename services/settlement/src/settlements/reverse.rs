//! 结算撤销: a new settlement with negative amounts that restores every accumulator.

use std::collections::BTreeSet;

use tokio::sync::MutexGuard;
use yizhan_proto::settlement::v1::{AccumulatorChange, ReverseRequest, ReverseResponse, Settlement};
use yizhan_runtime::fields::Fields;
use yizhan_runtime::once::check_request_id;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::MedType;

use super::later::after_reversal;
use super::messages::answer::Identity;
use super::messages::reversal;
use super::query::{require_whole, unknown};
use super::settle::new_identity;
use crate::app::App;
use crate::books::digest;
use crate::books::domain::ledger::{AccountOf, MANUAL, Posting, account_in, relative_in};
use crate::books::messages::parts::{header, postings_of};
use crate::books::messages::rows::change_of;
use crate::books::messages::trace_codes::codes_of;
use crate::books::moves;
use crate::books::retries::{attempts, contended, stored_answer};
use crate::books::store::commit::{Change, Committed};
use crate::books::store::entities::settlement;
use crate::books::store::load::{PersonState, Wanted};
use crate::books::store::{merged, recoveries, settlements};
use crate::fields::check_id;

/// Characters of a reason at most.
pub const MAX_REASON: usize = 200;

/// Reverses a settlement, once however often it is asked.
pub async fn reverse(
    app: &App,
    caller: &Caller,
    request: ReverseRequest,
) -> Result<ReverseResponse, ServiceError> {
    check(&request)?;
    let digest = digest::of_message(&request);
    let row = settlements::by_id(&app.db, &request.setl_id).await?;
    let mut row = row.ok_or_else(unknown)?;
    let psn_nos = merged::numbers(&app.db, &row.psn_no).await?;
    if ![&row.psn_no, &psn_nos[0]].contains(&&request.psn_no) {
        return Err(unknown());
    }
    row.psn_no.clone_from(&psn_nos[0]);
    require_whole(caller, &row)?;
    if !caller.may_act_for_institution(&row.fixmedins_code) {
        return Err(ServiceError::new(
            Reason::InstitutionNotOwn,
            "only the institution that settled may reverse",
        )
        .with_text("只能由结算机构撤销"));
    }
    if row.setl_type == MANUAL {
        return Err(ServiceError::new(Reason::PaidByHand, "the agency that paid cancels it")
            .with("setl_id", row.setl_id));
    }
    let key = (row.fixmedins_code.clone(), request.request_id.clone());
    let undone = undo(app, &row, Undo { key: &key, digest: &digest, reason: &request.reason }).await?;
    let later = after_reversal(app, caller, &row).await?;
    Ok(ReverseResponse { settlement: Some(undone.0), replayed: undone.1, later })
}

/// By which request a settlement is taken back, and why.
#[derive(Clone, Copy, Debug)]
pub struct Undo<'u> {
    /// Whose id it is, and the id.
    pub key: &'u (String, String),
    /// SHA-256 of the request, hex.
    pub digest: &'u str,
    /// Why.
    pub reason: &'u str,
}

/// Takes a settlement or manual payment back: the reversal, and whether the request had been handled before.
pub async fn undo(
    app: &App,
    row: &settlement::Model,
    undo: Undo<'_>,
) -> Result<(Settlement, bool), ServiceError> {
    let back = Back::of(app, row).await?;
    let _turn = back.turn(app).await;
    for _ in attempts() {
        match back.attempt(app, undo).await? {
            Attempt::Handled(settlement) => return Ok((*settlement, true)),
            Attempt::Again => {}
            Attempt::Made(settlement, change) => {
                if app.commit(*change).await? == Committed::Done {
                    return Ok((*settlement, false));
                }
            }
        }
    }
    Err(contended())
}

/// A settlement that is to be taken back.
pub struct Back {
    row: settlement::Model,
    /// Under the numbers that stay.
    original: Settlement,
    psn_nos: Vec<String>,
    booked: Vec<Posting>,
}

/// What came of an attempt.
pub enum Attempt {
    /// The request was handled before.
    Handled(Box<Settlement>),
    /// The state has moved on.
    Again,
    /// The reversal, and what is to be committed.
    Made(Box<Settlement>, Box<Change>),
}

impl Back {
    /// Read, with the numbers of its persons that stay.
    pub async fn of(app: &App, row: &settlement::Model) -> Result<Back, ServiceError> {
        let psn_nos = merged::numbers(&app.db, &row.psn_no).await?;
        let original = settlements::answer_of(row)?;
        let [_, mulaid] = reversal::numbers_of(&original);
        let numbers = [psn_nos[0].clone(), merged::stays(&app.db, &mulaid).await?];
        // It is taken back under the numbers that stay.
        let original = reversal::under(original, &numbers);
        let [psn_no, _] = numbers;
        let row = settlement::Model { psn_no, ..row.clone() };
        Ok(Back { booked: postings_of(&original), row, original, psn_nos })
    }

    /// What a relative's account paid goes back to it, whatever became of the grant and its owner since.
    fn relative(&self) -> Option<AccountOf<'_>> {
        relative_in(&self.booked, &self.row.psn_no, &self.row.poolarea_no)
    }

    /// The persons' turns.
    pub async fn turn<'a>(&self, app: &'a App) -> Vec<MutexGuard<'a, ()>> {
        app.turn_of(&[&self.row.psn_no, self.relative().map_or("", |account| account.psn_no)]).await
    }

    /// The reversal on the state as it is now.
    ///
    /// # Errors
    /// Where it cannot be taken back.
    pub async fn attempt(&self, app: &App, undo: Undo<'_>) -> Result<Attempt, ServiceError> {
        let Undo { key, digest, reason } = undo;
        let Back { row, original, psn_nos, booked } = self;
        let own = account_in(booked, &row.psn_no, &row.poolarea_no);
        // Before the accounts are read: one that moves after this has another version then.
        let kept = moves::kept_now(&app.db, booked, &row.poolarea_no).await?;
        let area_of = |AccountOf { poolarea_no, psn_no }: AccountOf<'_>| {
            let account = (poolarea_no.to_owned(), psn_no.to_owned());
            kept.get(&account).cloned().unwrap_or(account.0)
        };
        let wanted = Wanted {
            poolarea_no: row.poolarea_no.clone(),
            psn_no: row.psn_no.clone(),
            relative: self.relative().map(|account| (area_of(account), account.psn_no.to_owned())),
            account_in: own.map(area_of),
            request: Some(key.clone()),
            codes: codes_of(original),
            ..Wanted::default()
        };
        let state = app.person_state(wanted).await?;
        if let Some(handled) = &state.handled {
            return Ok(Attempt::Handled(Box::new(stored_answer(&app.db, handled, digest).await?)));
        }
        let moved = own.is_some() && state.own.moved_to.is_some();
        if moved || self.relative().is_some() && state.shared.moved_to.is_some() {
            return Ok(Attempt::Again);
        }
        require_reversible(app, row, original, psn_nos).await?;
        let identity = new_identity(app, &key.1, &state);
        let original = reversal::where_kept(original.clone(), &kept);
        let settlement = reversal_of(&original, &identity, reason, &state);
        let change = change_of(&settlement, String::new(), (key, digest), &state, app.clock.now())?;
        Ok(Attempt::Made(Box::new(settlement), Box::new(change)))
    }
}

fn check(request: &ReverseRequest) -> Result<(), ServiceError> {
    let mut wrong = Violations::new();
    check_request_id(&request.request_id, &mut wrong);
    let mut fields = Fields::of(&mut wrong);
    fields.psn_no("psn_no", &request.psn_no);
    check_id(&mut fields, "setl_id", &request.setl_id);
    let fits = request.reason.chars().count() <= MAX_REASON;
    fields.require(fits, "reason", Reason::TooLong.saying(format!("最多 {MAX_REASON} 个字符")));
    wrong.none()
}

/// A reversal is not reversed, nothing is reversed twice, and stays are reversed from the last
/// one back, because a later stay's deductible rests on the earlier.
async fn require_reversible(
    app: &App,
    row: &settlement::Model,
    original: &Settlement,
    psn_nos: &[String],
) -> Result<(), ServiceError> {
    if !row.reverses_setl_id.is_empty() {
        return Err(ServiceError::new(
            Reason::IsAReversal,
            "a reversal cannot be reversed; settle again instead",
        ));
    }
    if let Some(reversal) = settlements::reversal_of(&app.db, row).await? {
        return Err(ServiceError::new(Reason::AlreadyReversed, "the settlement has been reversed")
            .with("replaced_by_setl_id", settlements::replaced_by(&reversal)?)
            .with("reversal_setl_id", reversal.setl_id));
    }
    let parts = header(original).earlier_parts.iter().map(|part| part.setl_id.as_str());
    let ids: Vec<&str> = parts.chain([row.setl_id.as_str()]).collect();
    if let Some(recovery) = recoveries::standing(&app.db, &ids).await?.first() {
        return Err(recoveries::recovered(recovery));
    }
    if !MedType::from_code(&row.med_type).is_some_and(MedType::is_stay) {
        return Ok(());
    }
    let later = later_stays(app, row, original, psn_nos).await?;
    if later.is_empty() {
        return Ok(());
    }
    Err(ServiceError::new(
        Reason::LaterSettlementsStand,
        "later stays of this person stand; reverse them first, the latest first, or settle them again by Resettle",
    )
    .with("later_setl_ids", later.join(",")))
}

/// Later stays that stand and share a policy year and scheme with this one, and later parts of this one (中途结算).
async fn later_stays(
    app: &App,
    row: &settlement::Model,
    original: &Settlement,
    psn_nos: &[String],
) -> Result<Vec<String>, ServiceError> {
    let stays: Vec<&str> =
        MedType::ALL.iter().filter(|med_type| med_type.is_stay()).map(|med_type| med_type.code()).collect();
    let rows = settlements::later_of_types(&app.db, row, psn_nos, &stays).await?;
    let reversed: BTreeSet<&str> = rows.iter().map(|row| row.reverses_setl_id.as_str()).collect();
    let years = years_of(original);
    let mut standing = Vec::new();
    for other in rows.iter().filter(|other| other.reverses_setl_id.is_empty()) {
        let answer = settlements::answer_of(other)?;
        let (later, this) = (header(&answer), header(original));
        let rests_on_it = later.earlier_parts.iter().any(|part| part.setl_id == this.setl_id)
            || later.insutype == this.insutype && !years_of(&answer).is_disjoint(&years);
        if rests_on_it && !reversed.contains(other.setl_id.as_str()) {
            standing.push(other.setl_id.clone());
        }
    }
    Ok(standing)
}

/// The policy years a settlement was calculated in, or adds to.
fn years_of(settlement: &Settlement) -> BTreeSet<String> {
    let trace = settlement.trace.iter();
    let layers = trace.clone().flat_map(|trace| &trace.layers).map(|layer| layer.policy_year.clone());
    layers
        .chain(trace.flat_map(|trace| &trace.accumulators).map(|change| change.policy_year.clone()))
        .collect()
}

/// The reversal, on the person's years and account as they are.
pub fn reversal_of(
    original: &Settlement,
    identity: &Identity,
    reason: &str,
    state: &PersonState,
) -> Settlement {
    let info = header(original);
    let refund = info.acct_pay_fen - info.acct_mulaid_pay_fen;
    let now = |change: &AccumulatorChange| {
        let (_, totals) = state.years.get(&change.policy_year.parse().ok()?)?;
        totals.get(&change.accumulator).copied()
    };
    let now = |change: &AccumulatorChange| now(change).unwrap_or(0);
    let balance = if refund == 0 { 0 } else { state.own.fen + refund };
    reversal::of(original, identity, reason, now, balance)
}
