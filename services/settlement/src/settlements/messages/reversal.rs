//! A reversal: the settlement with every amount negative.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use yizhan_policy::case::Accumulated;
use yizhan_proto::settlement::v1::{
    AccumulatorChange, FeeLineResult, Posting, Settlement, SettlementDetail, SettlementInfo, Trace,
};

use super::answer::Identity;
use crate::books::messages::parts::header;

/// The reversal of `original`. `totals` is what the person's years add up to now, `balance` the
/// own account's balance after the refund.
pub fn of(
    original: &Settlement,
    identity: &Identity,
    reason: &str,
    totals: &BTreeMap<NaiveDate, Accumulated>,
    balance: i64,
) -> Settlement {
    let info = header(original).clone();
    let reverses_setl_id = info.setl_id.clone();
    let note = format!("撤销结算 {reverses_setl_id}");
    Settlement {
        setlinfo: Some(SettlementInfo {
            setl_id: identity.setl_id.clone(),
            medins_setl_id: identity.request_id.clone(),
            setl_time: Some(identity.time),
            refd_setl_flag: "1".to_owned(),
            reverses_setl_id,
            balc_fen: balance,
            reversal_reason: reason.to_owned(),
            ..negative_info(info)
        }),
        setldetail: original.setldetail.iter().map(|row| negative_detail(row, &note)).collect(),
        feedetail: original.feedetail.iter().map(negative_line).collect(),
        trace: original.trace.as_ref().map(|trace| negative_trace(trace, totals)),
        postings: original
            .postings
            .iter()
            .map(|posting| Posting { account: posting.account.clone(), amount_fen: -posting.amount_fen })
            .collect(),
    }
}

fn negative_info(info: SettlementInfo) -> SettlementInfo {
    SettlementInfo {
        medfee_sumamt_fen: -info.medfee_sumamt_fen,
        fulamt_ownpay_amt_fen: -info.fulamt_ownpay_amt_fen,
        overlmt_selfpay_fen: -info.overlmt_selfpay_fen,
        preselfpay_amt_fen: -info.preselfpay_amt_fen,
        inscp_scp_amt_fen: -info.inscp_scp_amt_fen,
        act_pay_dedc_fen: -info.act_pay_dedc_fen,
        hifp_pay_fen: -info.hifp_pay_fen,
        cvlserv_pay_fen: -info.cvlserv_pay_fen,
        hifes_pay_fen: -info.hifes_pay_fen,
        hifmi_pay_fen: -info.hifmi_pay_fen,
        hifob_pay_fen: -info.hifob_pay_fen,
        hifdm_pay_fen: -info.hifdm_pay_fen,
        maf_pay_fen: -info.maf_pay_fen,
        oth_pay_fen: -info.oth_pay_fen,
        fund_pay_sumamt_fen: -info.fund_pay_sumamt_fen,
        psn_part_amt_fen: -info.psn_part_amt_fen,
        acct_pay_fen: -info.acct_pay_fen,
        acct_mulaid_pay_fen: -info.acct_mulaid_pay_fen,
        psn_cash_pay_fen: -info.psn_cash_pay_fen,
        hosp_part_amt_fen: -info.hosp_part_amt_fen,
        beside_bill_fen: -info.beside_bill_fen,
        ..info
    }
}

fn negative_detail(row: &SettlementDetail, note: &str) -> SettlementDetail {
    SettlementDetail {
        inscp_scp_amt_fen: -row.inscp_scp_amt_fen,
        crt_payb_lmt_amt_fen: 0,
        fund_payamt_fen: -row.fund_payamt_fen,
        setl_proc_info: note.to_owned(),
        ..row.clone()
    }
}

fn negative_line(line: &FeeLineResult) -> FeeLineResult {
    FeeLineResult {
        det_item_fee_sumamt_fen: -line.det_item_fee_sumamt_fen,
        fulamt_ownpay_amt_fen: -line.fulamt_ownpay_amt_fen,
        overlmt_amt_fen: -line.overlmt_amt_fen,
        preselfpay_amt_fen: -line.preselfpay_amt_fen,
        inscp_scp_amt_fen: -line.inscp_scp_amt_fen,
        ..line.clone()
    }
}

/// The layers did not calculate anything again; the accumulators are what changed.
fn negative_trace(trace: &Trace, totals: &BTreeMap<NaiveDate, Accumulated>) -> Trace {
    let now = |change: &AccumulatorChange| {
        let year = change.policy_year.parse().ok().and_then(|year: NaiveDate| totals.get(&year));
        year.and_then(|totals| totals.get(&change.accumulator)).copied().unwrap_or(0)
    };
    Trace {
        policy: trace.policy.clone(),
        extra_prepay: None,
        layers: Vec::new(),
        sources: Vec::new(),
        remote: None,
        accumulators: trace
            .accumulators
            .iter()
            .map(|change| AccumulatorChange { before: now(change), added: -change.added, ..change.clone() })
            .collect(),
    }
}
