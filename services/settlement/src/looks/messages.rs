//! A settlement, cut to what somebody sees of it. Made from nothing, so that a field the contract gets later is not shown until
//! somebody decides who sees it.

use yizhan_proto::settlement::v1::{Settlement, SettlementDetail, SettlementInfo};
use yizhan_terms::{Fund, FundField, Payer};

use super::domain::View;
use crate::books::messages::parts::{header, sum_of};

/// As much of a settlement as is seen; `None` where that is nothing.
pub fn cut(settlement: Settlement, view: View) -> Option<Settlement> {
    match view {
        View::Whole => Some(settlement),
        View::Fees => Some(fees(&settlement)),
        View::Payments(payers) => payments(&settlement, payers),
    }
}

/// Total, the four parts, and what basic insurance made of them.
fn fees(settlement: &Settlement) -> Settlement {
    let info = header(settlement);
    let basic = |row: &&SettlementDetail| field(row) == Some(FundField::Hifp);
    let setlinfo = SettlementInfo {
        mdtrt_id: info.mdtrt_id.clone(),
        insutype: info.insutype.clone(),
        med_type: info.med_type.clone(),
        begndate: info.begndate.clone(),
        enddate: info.enddate.clone(),
        fixmedins_code: info.fixmedins_code.clone(),
        fixmedins_name: info.fixmedins_name.clone(),
        mdtrtarea_admvs: info.mdtrtarea_admvs.clone(),
        medfee_sumamt_fen: info.medfee_sumamt_fen,
        fulamt_ownpay_amt_fen: info.fulamt_ownpay_amt_fen,
        overlmt_selfpay_fen: info.overlmt_selfpay_fen,
        preselfpay_amt_fen: info.preselfpay_amt_fen,
        inscp_scp_amt_fen: info.inscp_scp_amt_fen,
        act_pay_dedc_fen: info.act_pay_dedc_fen,
        hifp_pay_fen: info.hifp_pay_fen,
        pool_prop_selfpay: info.pool_prop_selfpay.clone(),
        clr_type: info.clr_type.clone(),
        mid_setl_flag: info.mid_setl_flag.clone(),
        setl_part: info.setl_part,
        ..who_and_when(info)
    };
    let rows = settlement.setldetail.iter().filter(basic).map(paid).collect();
    Settlement { setlinfo: Some(setlinfo), setldetail: rows, ..Settlement::default() }
}

/// What some payers paid, summed as in the whole; `None` where they paid nothing.
fn payments(settlement: &Settlement, payers: &[Payer]) -> Option<Settlement> {
    let theirs = |fund| payers.iter().any(|payer| payer.funds().contains(&fund));
    let own = |row: &&SettlementDetail| fund(row).is_some_and(theirs) && row.fund_payamt_fen != 0;
    let rows: Vec<SettlementDetail> = settlement.setldetail.iter().filter(own).map(paid).collect();
    let mut info = who_and_when(header(settlement));
    for row in &rows {
        *sum_of(&mut info, field(row)?) += row.fund_payamt_fen;
        info.fund_pay_sumamt_fen += row.fund_payamt_fen;
    }
    let seen = Settlement { setlinfo: Some(info), setldetail: rows, ..Settlement::default() };
    (!seen.setldetail.is_empty()).then_some(seen)
}

fn fund(row: &SettlementDetail) -> Option<Fund> {
    Fund::from_code(&row.fund_pay_type)
}

fn field(row: &SettlementDetail) -> Option<FundField> {
    fund(row)?.field()
}

fn who_and_when(info: &SettlementInfo) -> SettlementInfo {
    SettlementInfo {
        setl_id: info.setl_id.clone(),
        psn_no: info.psn_no.clone(),
        psn_name_masked: info.psn_name_masked.clone(),
        setl_time: info.setl_time,
        poolarea_no: info.poolarea_no.clone(),
        clr_optins: info.clr_optins.clone(),
        refd_setl_flag: info.refd_setl_flag.clone(),
        reversed_by_setl_id: info.reversed_by_setl_id.clone(),
        reverses_setl_id: info.reverses_setl_id.clone(),
        ..SettlementInfo::default()
    }
}

/// Fund and amount; how it came to it tells of the person.
fn paid(row: &SettlementDetail) -> SettlementDetail {
    SettlementDetail {
        fund_pay_type: row.fund_pay_type.clone(),
        fund_pay_type_name: row.fund_pay_type_name.clone(),
        fund_payamt_fen: row.fund_payamt_fen,
        ..SettlementDetail::default()
    }
}
