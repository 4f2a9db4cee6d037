//! An opening as it is told and stored.

use chrono::{DateTime, Utc};
use prost::Message;
use yizhan_money::{Fen, MAX_FEN};
use yizhan_proto::settlement::v1::{AccumulatorChange, FundAmount, Opening, Posting};
use yizhan_runtime::clock::{day_text, timestamp};
use yizhan_runtime::ids::new_id_after;
use yizhan_runtime::{Reason, ServiceError};
use yizhan_terms::Fund;

use super::entries::year_of;
use crate::books::domain::ledger;
use crate::books::messages::rows::accounts_after;
use crate::books::store::claims::Claims;
use crate::books::store::commit::{Change, OPENED};
use crate::books::store::entities::{accumulated, opening, request};
use crate::books::store::journal::entries;
use crate::books::store::load::PersonState;
use crate::openings::domain::Entries;

/// What is to be recorded: `head` says who, what and why.
pub struct New {
    /// Everything of the opening but what it does.
    pub head: Opening,
    /// What it says of a policy year.
    pub entries: Entries,
    /// When.
    pub at: DateTime<Utc>,
}

/// An opening with all that it changes, but for the request.
pub struct Made {
    /// The opening.
    pub opening: Opening,
    /// The year as it is to be.
    year: Option<accumulated::Model>,
    postings: Vec<ledger::Posting>,
}

/// What an opening makes of the person's state.
///
/// # Errors
/// ACCOUNT_IN_ANOTHER_AREA where a transfer took the account away; TOTAL_OUT_OF_RANGE where a total or the balance would be below zero, or beyond all amounts.
pub fn make(new: &New, state: &PersonState) -> Result<Made, ServiceError> {
    let New { head, entries, at } = new;
    let known = entries.policy_year.and_then(|year| state.years.get(&year)).cloned().unwrap_or_default();
    let (totals, before) = entries.on(known.1).map_err(|name| out_of_range(&name))?;
    if let Some(area) = state.own.moved_to.filter(|_| head.acct_added_fen != 0) {
        let said = Reason::AccountInAnotherArea.saying(format!("该人员的个人账户已转至 {area} 统筹区"));
        return Err(ServiceError::invalid_field("acct_added_fen", said));
    }
    let balance = state.own.fen.saturating_add(head.acct_added_fen);
    if !(0..=MAX_FEN).contains(&balance) {
        return Err(out_of_range("account"));
    }
    let postings = ledger::opening(&head.poolarea_no, &head.psn_no, &entries.funds, Fen(head.acct_added_fen));
    let policy_year = day_text(entries.policy_year);
    let change = |((accumulator, added), before): (&(String, i64), i64)| AccumulatorChange {
        policy_year: policy_year.clone(),
        accumulator: accumulator.clone(),
        before,
        added: *added,
    };
    let fund = |(fund, amount): &(Fund, Fen)| FundAmount {
        fund_pay_type: fund.code().to_owned(),
        fund_payamt_fen: amount.0,
    };
    let posting = |posting: &ledger::Posting| Posting {
        poolarea_no: posting.poolarea_no.clone(),
        account: posting.account.clone(),
        amount_fen: posting.amount.0,
    };
    let opening = Opening {
        opening_id: new_id_after(&state.last_setl_id),
        policy_year: policy_year.clone(),
        accumulators: entries.additions.iter().zip(before).map(change).collect(),
        funds: entries.funds.iter().map(fund).collect(),
        balc_fen: if head.acct_added_fen == 0 { 0 } else { balance },
        postings: postings.iter().map(posting).collect(),
        recorded_at: Some(timestamp(*at)),
        ..head.clone()
    };
    let year = match entries.policy_year {
        None => None,
        Some(_) => Some(accumulated::Model {
            poolarea_no: head.poolarea_no.clone(),
            psn_no: head.psn_no.clone(),
            policy_year,
            version: known.0 + 1,
            totals: serde_json::to_string(&totals).map_err(ServiceError::internal)?,
        }),
    };
    Ok(Made { opening, year, postings })
}

fn out_of_range(what: &str) -> ServiceError {
    ServiceError::new(
        Reason::TotalOutOfRange,
        format!("{what} would be below zero or beyond the limit of 16 digits"),
    )
    .with("what", what)
}

/// Everything it changes, under a request.
pub fn change_of(
    made: Made,
    state: &PersonState,
    (key, digest): (&(String, String), &str),
    answer: Vec<u8>,
    at: DateTime<Utc>,
) -> Change {
    let Made { opening, year, postings } = made;
    let (poolarea_no, psn_no) = (&opening.poolarea_no, &opening.psn_no);
    Change {
        request: Some(request::Model {
            owner: key.0.clone(),
            request_id: key.1.clone(),
            digest: digest.to_owned(),
            poolarea_no: poolarea_no.clone(),
            psn_no: psn_no.clone(),
            setl_id: String::new(),
            answer,
        }),
        settlement: None,
        amounts: None,
        years: year.into_iter().collect(),
        accounts: accounts_after(poolarea_no, psn_no, &postings, state),
        postings: entries(poolarea_no, psn_no, &opening.opening_id, postings),
        opening: Some(opening::Model {
            poolarea_no: poolarea_no.clone(),
            psn_no: psn_no.clone(),
            opening_id: opening.opening_id.clone(),
            cancels_opening_id: opening.cancels_opening_id.clone(),
            opening: opening.encode_to_vec(),
        }),
        claims: Claims::default(),
        released: Claims::default(),
        codes: Vec::new(),
        bookings: Vec::new(),
        fees: None,
        practitioners: Vec::new(),
        kind: OPENED,
        at,
    }
}

/// What takes an opening back: who does so and why is said of it by the caller.
pub fn negative(original: &Opening) -> (Opening, Entries) {
    let additions = original.accumulators.iter().map(|change| (change.accumulator.clone(), change.added));
    let funds = original.funds.iter();
    let funds =
        funds.filter_map(|fund| Some((Fund::from_code(&fund.fund_pay_type)?, Fen(fund.fund_payamt_fen))));
    let entries = Entries {
        policy_year: year_of(&original.policy_year),
        additions: additions.collect(),
        funds: funds.collect(),
    };
    let head = Opening {
        kind: original.kind,
        poolarea_no: original.poolarea_no.clone(),
        psn_no: original.psn_no.clone(),
        acct_added_fen: -original.acct_added_fen,
        source: original.source.clone(),
        cancels_opening_id: original.opening_id.clone(),
        cancelled: true,
        ..Opening::default()
    };
    (head, entries.negated())
}
