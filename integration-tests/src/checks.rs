//! What must hold of every answer, worked out from its national fields alone.

use yizhan_money::Fen;
use yizhan_policy::identities::Amounts;
use yizhan_proto::settlement::v1::{Settlement, SettlementInfo};

/// 个人账户, 现金 and 医院垫付 in `setldetail`: rows that are no fund's.
const NOT_A_FUND: [&str; 3] = ["310200", "999998", "999996"];

/// The header.
pub fn info(settlement: &Settlement) -> &SettlementInfo {
    settlement.setlinfo.as_ref().expect("a settlement has a header")
}

/// Every identity of the platform holds to the fen, and so do those between header, rows, lines and postings.
#[track_caller]
pub fn assert_adds_up(settlement: &Settlement) {
    let info = info(settlement);
    let fund_rows =
        settlement.setldetail.iter().filter(|row| !NOT_A_FUND.contains(&row.fund_pay_type.as_str()));
    let shares: Vec<Fen> = fund_rows.map(|row| Fen(row.fund_payamt_fen)).collect();
    let amounts = Amounts {
        medfee_sumamt: Fen(info.medfee_sumamt_fen),
        fulamt_ownpay_amt: Fen(info.fulamt_ownpay_amt_fen),
        overlmt_selfpay: Fen(info.overlmt_selfpay_fen),
        preselfpay_amt: Fen(info.preselfpay_amt_fen),
        inscp_scp_amt: Fen(info.inscp_scp_amt_fen),
        shares,
        fund_pay_sumamt: Fen(info.fund_pay_sumamt_fen),
        psn_part_amt: Fen(info.psn_part_amt_fen),
        acct_pay: Fen(info.acct_pay_fen),
        psn_cash_pay: Fen(info.psn_cash_pay_fen),
        hosp_part_amt: Fen(info.hosp_part_amt_fen),
        postings: settlement.postings.iter().map(|posting| Fen(posting.amount_fen)).collect(),
    };
    assert_eq!(amounts.broken(), Vec::<&str>::new(), "{info:?}");
    let fields = info.hifp_pay_fen
        + info.cvlserv_pay_fen
        + info.hifes_pay_fen
        + info.hifmi_pay_fen
        + info.hifob_pay_fen
        + info.hifdm_pay_fen
        + info.maf_pay_fen
        + info.oth_pay_fen;
    assert_eq!(fields, info.fund_pay_sumamt_fen, "the funds' header fields");
    let rows: i64 = settlement.setldetail.iter().map(|row| row.fund_payamt_fen).sum();
    assert_eq!(rows, info.medfee_sumamt_fen, "the rows of setldetail");
    let lines: i64 = settlement.feedetail.iter().map(|line| line.det_item_fee_sumamt_fen).sum();
    assert_eq!(lines, info.medfee_sumamt_fen, "the lines");
    for line in &settlement.feedetail {
        let parts = line.fulamt_ownpay_amt_fen
            + line.overlmt_amt_fen
            + line.preselfpay_amt_fen
            + line.inscp_scp_amt_fen;
        assert_eq!(parts, line.det_item_fee_sumamt_fen, "line {}", line.feedetl_sn);
    }
}

/// What a fund, account or cash paid: the rows of a `fund_pay_type` together.
pub fn paid_by(settlement: &Settlement, fund_pay_type: &str) -> i64 {
    let rows = settlement.setldetail.iter().filter(|row| row.fund_pay_type == fund_pay_type);
    rows.map(|row| row.fund_payamt_fen).sum()
}

/// What a layer of the policy paid.
pub fn paid_in_layer(settlement: &Settlement, layer_id: &str) -> i64 {
    let rows = settlement.setldetail.iter().filter(|row| row.layer_id == layer_id);
    rows.map(|row| row.fund_payamt_fen).sum()
}

/// Yuan, as published, in fen.
#[track_caller]
pub fn yuan(text: &str) -> i64 {
    Fen::parse_yuan(text).expect("an amount in yuan").0
}
