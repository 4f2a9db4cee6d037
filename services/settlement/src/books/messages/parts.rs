//! Parts of an answer that every answer of ours has.

use std::sync::LazyLock;

use yizhan_money::Fen;
use yizhan_policy::identities::Amounts;
use yizhan_proto::settlement::v1::{PolicyReference, Settlement, SettlementDetail, SettlementInfo};

/// The header. Every answer we make has one; a message without reads as an empty one.
pub fn header(settlement: &Settlement) -> &SettlementInfo {
    static EMPTY: LazyLock<SettlementInfo> = LazyLock::new(SettlementInfo::default);
    settlement.setlinfo.as_ref().unwrap_or(&EMPTY)
}

/// The policy that decided.
pub fn policy_of(settlement: &Settlement) -> &PolicyReference {
    static EMPTY: LazyLock<PolicyReference> = LazyLock::new(PolicyReference::default);
    settlement.trace.as_ref().and_then(|trace| trace.policy.as_ref()).unwrap_or(&EMPTY)
}

/// The amounts of an answer, for checking the identities.
pub fn amounts_of(settlement: &Settlement) -> Amounts {
    let info = header(settlement);
    let is_fund = |row: &&SettlementDetail| !row.layer_id.is_empty() && row.fund_pay_type != "999996";
    Amounts {
        medfee_sumamt: Fen(info.medfee_sumamt_fen),
        fulamt_ownpay_amt: Fen(info.fulamt_ownpay_amt_fen),
        overlmt_selfpay: Fen(info.overlmt_selfpay_fen),
        preselfpay_amt: Fen(info.preselfpay_amt_fen),
        inscp_scp_amt: Fen(info.inscp_scp_amt_fen),
        shares: settlement.setldetail.iter().filter(is_fund).map(|row| Fen(row.fund_payamt_fen)).collect(),
        fund_pay_sumamt: Fen(info.fund_pay_sumamt_fen),
        psn_part_amt: Fen(info.psn_part_amt_fen),
        acct_pay: Fen(info.acct_pay_fen),
        psn_cash_pay: Fen(info.psn_cash_pay_fen),
        hosp_part_amt: Fen(info.hosp_part_amt_fen),
        postings: settlement.postings.iter().map(|posting| Fen(posting.amount_fen)).collect(),
    }
}
