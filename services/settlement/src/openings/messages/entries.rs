//! Reads what is said of a policy year.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use yizhan_documents::Documents;
use yizhan_money::{Fen, MAX_FEN};
use yizhan_policy::Policy;
use yizhan_policy::model::Unit;
use yizhan_proto::settlement::v1::{AccumulatorAddition, FundAmount};
use yizhan_runtime::{Fields, Reason};
use yizhan_terms::{Area, Fund, FundField};

use crate::openings::domain::{Entries, MAX_VISITS, of_year, unit_of};

/// Accumulators of one entry at most.
const MAX_ADDITIONS: usize = 100;
/// Funds of one entry at most.
const MAX_FUNDS: usize = 20;

/// What is said of a policy year, as it stands in a request.
#[derive(Clone, Copy, Debug)]
pub struct Said<'s> {
    /// 统筹区
    pub poolarea_no: &'s str,
    /// First day of the year.
    pub policy_year: &'s str,
    /// What is added to accumulators.
    pub additions: &'s [AccumulatorAddition],
    /// What funds paid.
    pub funds: &'s [FundAmount],
    /// Whether something may be taken away.
    pub signed: bool,
}

/// Reads it. What no policy of the area counts in that year is not taken: nothing would ever read it.
pub fn entries(said: Said<'_>, book: &Documents<Policy>, fields: &mut Fields<'_>) -> Option<Entries> {
    let area = Area::parse(said.poolarea_no);
    let policy_year = fields.optional("policy_year", said.policy_year, Fields::date);
    let policies = area.zip(policy_year.flatten()).map(|(area, year)| of_year(book, area, year));
    if let Some(policies) = &policies {
        fields.require(!policies.is_empty(), "policy_year", Reason::PolicyYearInvalid);
    }
    let policies = policies.filter(|policies| !policies.is_empty());
    let additions = additions(&said, policies.as_deref(), fields);
    let funds = funds(&said, fields);
    Some(Entries { policy_year: policy_year?, additions: additions?, funds: funds? })
}

fn additions(
    said: &Said<'_>,
    policies: Option<&[&Policy]>,
    fields: &mut Fields<'_>,
) -> Option<Vec<(String, i64)>> {
    if !counted(said.additions.len(), MAX_ADDITIONS, "accumulators", fields) {
        return None;
    }
    if !said.additions.is_empty() && said.policy_year.is_empty() {
        fields.wrong("policy_year", Reason::Required);
    }
    let (mut seen, mut all_fit) = (BTreeSet::new(), true);
    for (at, addition) in said.additions.iter().enumerate() {
        let field = |name: &str| format!("accumulators[{at}].{name}");
        let name = field("accumulator");
        let first = seen.insert(addition.accumulator.as_str());
        all_fit &= fields.require(first, &name, Reason::Duplicate);
        let of_year = policies.zip(year_of(said.policy_year));
        let unit = of_year.map(|(policies, year)| unit_of(policies, year, &addition.accumulator));
        all_fit &= fields.require(unit != Some(None), &name, Reason::AccumulatorUnknown);
        let highest = if matches!(unit, Some(Some(Unit::Count | Unit::Days))) { MAX_VISITS } else { MAX_FEN };
        let lowest = if said.signed { -highest } else { 1 };
        let fits = addition.added != 0 && (lowest..=highest).contains(&addition.added);
        all_fit &= fields.require(fits, &field("added"), Reason::AdditionInvalid);
    }
    let pair = |addition: &AccumulatorAddition| (addition.accumulator.clone(), addition.added);
    all_fit.then(|| said.additions.iter().map(pair).collect())
}

fn funds(said: &Said<'_>, fields: &mut Fields<'_>) -> Option<Vec<(Fund, Fen)>> {
    if !counted(said.funds.len(), MAX_FUNDS, "funds", fields) {
        return None;
    }
    let all: i128 = said.funds.iter().map(|fund| i128::from(fund.fund_payamt_fen).abs()).sum();
    let mut read: Vec<Option<(Fund, Fen)>> = Vec::new();
    if !fields.require(all <= i128::from(MAX_FEN), "funds", Reason::AmountTooLarge) {
        return None;
    }
    let mut seen = BTreeSet::new();
    for (at, amount) in said.funds.iter().enumerate() {
        let field = |name: &str| format!("funds[{at}].{name}");
        let fund = fields.coded(&field("fund_pay_type"), &amount.fund_pay_type, payer);
        let first = seen.insert(amount.fund_pay_type.as_str());
        let fits = fields.require(first, &field("fund_pay_type"), Reason::Duplicate);
        let fen = amount.fund_payamt_fen;
        let fits = fits
            & fields.require(
                fen > 0 || (said.signed && fen != 0),
                &field("fund_payamt_fen"),
                Reason::AmountInvalid,
            );
        read.push(fund.filter(|_| fits).map(|fund| (fund, Fen(fen))));
    }
    read.into_iter().collect()
}

fn counted(count: usize, limit: usize, field: &str, fields: &mut Fields<'_>) -> bool {
    let fits = count <= limit;
    if !fits {
        fields.wrong(field, Reason::TooMany.saying(format!("最多 {limit} 项"))).with("limit", limit);
    }
    fits
}

/// A fund of a payer: not account, cash, nor what the institution bears.
fn payer(code: &str) -> Option<Fund> {
    let field = |fund: &Fund| fund.field().is_some_and(|field| field != FundField::HospPart);
    Fund::from_code(code).filter(field)
}

/// The first day of the year of a stored entry.
pub fn year_of(policy_year: &str) -> Option<NaiveDate> {
    policy_year.parse().ok()
}
