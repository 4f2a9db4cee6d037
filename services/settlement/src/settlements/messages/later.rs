//! What would be paid otherwise, by fund.

use std::collections::BTreeSet;

use yizhan_proto::settlement::v1::FundDifference;

use super::super::domain::paid::Funds;

/// By fund, where they differ.
pub fn differences(paid: &Funds, would_pay: &Funds) -> Vec<FundDifference> {
    let of = |funds: &Funds, fund: &str| funds.get(fund).copied().unwrap_or(0);
    let funds: BTreeSet<&String> = paid.keys().chain(would_pay.keys()).collect();
    let differing = funds.into_iter().filter(|fund| of(paid, fund) != of(would_pay, fund));
    let difference = |fund: &String| FundDifference {
        fund_pay_type: fund.clone(),
        paid_fen: of(paid, fund),
        would_pay_fen: of(would_pay, fund),
    };
    differing.map(difference).collect()
}
