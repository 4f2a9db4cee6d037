//! A stored settlement as it was calculated, for calculating it again with something known otherwise.

use yizhan_documents::Documents;
use yizhan_policy::Policy;
use yizhan_policy::case::Case;
use yizhan_policy::outcome::Outcome;
use yizhan_proto::settlement::v1::Settlement;
use yizhan_runtime::{Reason, ServiceError};

use super::domain::chain::Change;
use super::domain::paid::{Funds, Paid, Why};
use crate::books::domain::ledger::{MANUAL, Parties, postings};
use crate::books::messages::parts::{header, postings_of};
use crate::books::store::entities::settlement;

/// What a settlement paid.
pub fn paid_by(answer: &Settlement) -> Result<Paid, ServiceError> {
    let (info, booked) = (header(answer), postings_of(answer));
    let changes = answer.trace.iter().flat_map(|trace| &trace.accumulators);
    let added = changes.map(|change| {
        let year = change.policy_year.parse().map_err(ServiceError::internal)?;
        Ok((year, change.accumulator.clone(), change.added))
    });
    Ok(Paid {
        funds: funds_of(booked.iter().map(|booked| (booked.account.as_str(), booked.amount.0))),
        person_fen: info.psn_part_amt_fen,
        own_fen: info.acct_pay_fen - info.acct_mulaid_pay_fen,
        shared_fen: info.acct_mulaid_pay_fen,
        cash_fen: info.psn_cash_pay_fen,
        added: in_order(added.collect::<Result<_, ServiceError>>()?),
    })
}

/// What an outcome would pay.
pub fn paid_of(outcome: &Outcome<'_>) -> Paid {
    let nobody = Parties { fixmedins_code: "", poolarea_no: "", psn_no: "", relative: None };
    let booked = postings(nobody, outcome);
    let changes = outcome.changes.iter();
    let added =
        changes.map(|change| (change.policy_year, change.accumulator.to_string(), change.added)).collect();
    Paid {
        funds: funds_of(booked.iter().map(|booked| (booked.account.as_str(), booked.amount.0))),
        person_fen: outcome.person_fen.0,
        own_fen: outcome.account_own_fen.0,
        shared_fen: outcome.account_shared_fen.0,
        cash_fen: outcome.cash_fen.0,
        added: in_order(added),
    }
}

/// The policy that decided.
pub fn policy_of<'p>(policies: &'p Documents<Policy>, row: &settlement::Model) -> Result<&'p Policy, Why> {
    let policy = policies.version(&row.policy_id, &row.policy_version);
    policy.map(|policy| &**policy).ok_or_else(|| Why::new(Reason::PolicyAway, Reason::PolicyAway.text()))
}

/// What was calculated.
pub fn case_of(row: &settlement::Model) -> Result<Case, Why> {
    if row.setl_type == MANUAL || row.case_json.is_empty() {
        return Err(Why::new(Reason::PaidByHand, Reason::PaidByHand.text()));
    }
    serde_json::from_str(&row.case_json)
        .map_err(|_| Why::new(Reason::CaseUnreadable, Reason::CaseUnreadable.text()))
}

/// Why something is refused.
pub fn why_of(refusal: &ServiceError) -> Why {
    Why::new(refusal.reason(), refusal.text())
}

/// What the funds pay by some postings.
fn funds_of<'p>(booked: impl Iterator<Item = (&'p str, i64)>) -> Funds {
    let mut funds = Funds::new();
    for (account, fen) in booked {
        if let Some(fund) = account.strip_prefix("fund/") {
            *funds.entry(fund.to_owned()).or_insert(0) -= fen;
        }
    }
    funds.retain(|_, fen| *fen != 0);
    funds
}

fn in_order(mut added: Vec<Change>) -> Vec<Change> {
    added.retain(|(_, _, fen)| *fen != 0);
    added.sort();
    added
}
