//! Parts of an answer that every answer of ours has.

use std::sync::LazyLock;

use yizhan_money::Fen;
use yizhan_policy::identities::Amounts;
use yizhan_proto::settlement::v1::{
    self as proto, PolicyReference, Settlement, SettlementDetail, SettlementInfo,
};
use yizhan_terms::{Fund, FundField};

use crate::books::domain::ledger::Posting;

/// The header. Every answer we make has one; a message without reads as an empty one.
pub fn header(settlement: &Settlement) -> &SettlementInfo {
    static EMPTY: LazyLock<SettlementInfo> = LazyLock::new(SettlementInfo::default);
    settlement.setlinfo.as_ref().unwrap_or(&EMPTY)
}

/// Whether it is a part of a stay that goes on (中途结算).
pub fn is_mid(settlement: &Settlement) -> bool {
    header(settlement).mid_setl_flag == "1"
}

/// The policy that decided.
pub fn policy_of(settlement: &Settlement) -> &PolicyReference {
    static EMPTY: LazyLock<PolicyReference> = LazyLock::new(PolicyReference::default);
    settlement.trace.as_ref().and_then(|trace| trace.policy.as_ref()).unwrap_or(&EMPTY)
}

/// What an answer books.
pub fn postings_of(settlement: &Settlement) -> Vec<Posting> {
    let of = |posting: &proto::Posting| Posting {
        poolarea_no: posting.poolarea_no.clone(),
        account: posting.account.clone(),
        amount: Fen(posting.amount_fen),
    };
    settlement.postings.iter().map(of).collect()
}

/// The header field a fund's payments are summed into.
pub fn sum_of(info: &mut SettlementInfo, field: FundField) -> &mut i64 {
    match field {
        FundField::Hifp => &mut info.hifp_pay_fen,
        FundField::Cvlserv => &mut info.cvlserv_pay_fen,
        FundField::Hifes => &mut info.hifes_pay_fen,
        FundField::Hifmi => &mut info.hifmi_pay_fen,
        FundField::Hifob => &mut info.hifob_pay_fen,
        FundField::Hifdm => &mut info.hifdm_pay_fen,
        FundField::Maf => &mut info.maf_pay_fen,
        FundField::Oth => &mut info.oth_pay_fen,
        FundField::HospPart => &mut info.hosp_part_amt_fen,
    }
}

/// Whether a row is the share of a payer: not of account or cash, nor what the institution bears.
pub fn is_payer(row: &SettlementDetail) -> bool {
    let field = Fund::from_code(&row.fund_pay_type).and_then(Fund::field);
    field.is_some_and(|field| field != FundField::HospPart)
}

/// The amounts of an answer, for checking the identities.
pub fn amounts_of(settlement: &Settlement) -> Amounts {
    let info = header(settlement);
    Amounts {
        medfee_sumamt: Fen(info.medfee_sumamt_fen),
        fulamt_ownpay_amt: Fen(info.fulamt_ownpay_amt_fen),
        overlmt_selfpay: Fen(info.overlmt_selfpay_fen),
        preselfpay_amt: Fen(info.preselfpay_amt_fen),
        inscp_scp_amt: Fen(info.inscp_scp_amt_fen),
        shares: settlement
            .setldetail
            .iter()
            .filter(|row| is_payer(row))
            .map(|row| Fen(row.fund_payamt_fen))
            .collect(),
        fund_pay_sumamt: Fen(info.fund_pay_sumamt_fen),
        psn_part_amt: Fen(info.psn_part_amt_fen),
        acct_pay: Fen(info.acct_pay_fen),
        psn_cash_pay: Fen(info.psn_cash_pay_fen),
        hosp_part_amt: Fen(info.hosp_part_amt_fen),
        postings: settlement.postings.iter().map(|posting| Fen(posting.amount_fen)).collect(),
    }
}
