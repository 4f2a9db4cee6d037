//! A manual payment as a settlement.

use chrono::NaiveDate;
use yizhan_money::Fen;
use yizhan_proto::enrollment::v1::{Eligibility, MembershipKind};
use yizhan_proto::settlement::v1::{
    AccumulatorChange, Posting, RecordManualPaymentRequest, SameDays, Settlement, SettlementDetail,
    SettlementInfo, Trace,
};
use yizhan_runtime::clock::day_text;
use yizhan_runtime::{Fields, Reason, ServiceError, Violations};
use yizhan_terms::{Area, Fund, Insutype, ManualReason, MedType, is_fixmedins_code};

use crate::books::domain::claims::Days;
use crate::books::domain::ledger::{self, MANUAL};
use crate::books::messages::parts::sum_of;
use crate::fields::{MAX_ID, check_id};
use crate::openings::domain::Entries;
use crate::reference::domain::Institution;
use crate::reference::import::MAX_NAME;
use crate::settlements::domain::{clearing_type, share_of};
use crate::settlements::messages::answer::Identity;
use crate::settlements::messages::visit::MAX_MARKS;

/// What a visit is, as far as its payment asks.
pub struct Visit {
    /// 险种类型
    pub insutype: Insutype,
    /// 医疗类别
    pub med_type: MedType,
    /// When it was.
    pub days: Days,
}

/// Reads a visit that was paid by hand; `known`: its institution is registered, which says where it lies.
pub fn visit(
    request: &RecordManualPaymentRequest,
    known: bool,
    today: NaiveDate,
    wrong: &mut Violations,
) -> Option<Visit> {
    let mut fields = Fields::of(wrong);
    fields.area("poolarea_no", &request.poolarea_no);
    fields.psn_no("psn_no", &request.psn_no);
    check_id(&mut fields, "mdtrt_id", &request.mdtrt_id);
    let insutype = fields.coded("insutype", &request.insutype, Insutype::from_code);
    let med_type = fields.coded("med_type", &request.med_type, MedType::from_code);
    fields.coded("manl_reim_rea", &request.manl_reim_rea, ManualReason::from_code);
    let code = &request.fixmedins_code;
    fields.require(code.is_empty() || is_fixmedins_code(code), "fixmedins_code", Reason::InstitutionInvalid);
    let named = request.fixmedins_name.chars().count() <= MAX_NAME;
    fields.require(named, "fixmedins_name", Reason::TooLong.saying(format!("最多 {MAX_NAME} 个字符")));
    if !known || !request.mdtrtarea_admvs.is_empty() {
        fields.coded("mdtrtarea_admvs", &request.mdtrtarea_admvs, Area::parse);
    }
    let begin = fields.date("begndate", &request.begndate);
    let end = fields.past_date("enddate", &request.enddate, today);
    let days = begin.zip(end);
    let days = days.filter(|(begin, end)| fields.require(begin <= end, "enddate", Reason::DatesReversed));
    diagnoses(request, &mut fields);
    amounts(request, &mut fields);
    let (insutype, med_type, (begin, end)) = (insutype?, med_type?, days?);
    Some(Visit { insutype, med_type, days: Days { begin, end, stay: med_type.is_stay() } })
}

fn diagnoses(request: &RecordManualPaymentRequest, fields: &mut Fields<'_>) {
    if request.dise_codg.len() > MAX_MARKS {
        let said = Reason::TooMany.saying(format!("最多 {MAX_MARKS} 项"));
        fields.wrong("dise_codg", said).with("limit", MAX_MARKS);
        return;
    }
    for (at, code) in request.dise_codg.iter().enumerate() {
        let said = Reason::TooLong.saying(format!("最多 {MAX_ID} 个字符"));
        fields.require(code.chars().count() <= MAX_ID, &format!("dise_codg[{at}]"), said);
    }
}

fn amounts(request: &RecordManualPaymentRequest, fields: &mut Fields<'_>) {
    let total = request.medfee_sumamt_fen;
    fields.require(total > 0, "medfee_sumamt_fen", Reason::AmountInvalid);
    let parts = [
        ("fulamt_ownpay_amt_fen", request.fulamt_ownpay_amt_fen),
        ("overlmt_selfpay_fen", request.overlmt_selfpay_fen),
        ("preselfpay_amt_fen", request.preselfpay_amt_fen),
        ("inscp_scp_amt_fen", request.inscp_scp_amt_fen),
        ("act_pay_dedc_fen", request.act_pay_dedc_fen),
    ];
    let mut fits = true;
    for (field, amount) in parts {
        fits &= fields.require(amount >= 0, field, Reason::AmountNegative);
    }
    let wide = |amounts: &[i64]| amounts.iter().map(|amount| i128::from(*amount)).sum::<i128>();
    let four = wide(&parts.map(|(_, amount)| amount)[..4]);
    if fits && total > 0 {
        let said =
            Reason::AmountMismatch.saying("医疗费总额应等于全自费、超限价、先行自付、符合范围四部分之和");
        fields.require(four == i128::from(total), "medfee_sumamt_fen", said);
        let said = Reason::AmountMismatch.saying("起付线不能超过符合政策范围金额");
        fields.require(request.act_pay_dedc_fen <= request.inscp_scp_amt_fen, "act_pay_dedc_fen", said);
    }
    let paid = wide(&request.funds.iter().map(|fund| fund.fund_payamt_fen.max(0)).collect::<Vec<_>>());
    let said = Reason::AmountMismatch.saying("基金支付合计不能超过医疗费总额");
    fields.require(paid <= i128::from(total.max(0)), "funds", said);
}

/// What was looked up about a visit.
pub struct LookedUp<'l> {
    /// Enrollment's answer as of the last day.
    pub eligibility: &'l Eligibility,
    /// The institution, where it is registered.
    pub institution: Option<&'l Institution>,
}

/// The payment as a settlement; `same_days`: other visits of the person on its days, which are told and refuse nothing: it has been paid.
pub fn settlement(
    request: &RecordManualPaymentRequest,
    (visit, entries, same_days): (&Visit, &Entries, Vec<SameDays>),
    known: &LookedUp<'_>,
    identity: &Identity,
    before: Vec<i64>,
) -> Settlement {
    let policy_year = day_text(entries.policy_year);
    let change = |((accumulator, added), before): (&(String, i64), i64)| AccumulatorChange {
        policy_year: policy_year.clone(),
        accumulator: accumulator.clone(),
        before,
        added: *added,
    };
    let posting = |ledger::Posting { poolarea_no, account, amount }| Posting {
        poolarea_no,
        account,
        amount_fen: amount.0,
    };
    let detail = |(fund, amount): &(Fund, Fen)| SettlementDetail {
        fund_pay_type: fund.code().to_owned(),
        fund_pay_type_name: fund.label().to_owned(),
        fund_payamt_fen: amount.0,
        setl_proc_info: "手工报销，金额由经办机构核定".to_owned(),
        ..SettlementDetail::default()
    };
    let cash = request.medfee_sumamt_fen - entries.paid().0;
    let rest = SettlementDetail {
        fund_pay_type: Fund::Cash.code().to_owned(),
        fund_pay_type_name: Fund::Cash.label().to_owned(),
        fund_payamt_fen: cash,
        ..SettlementDetail::default()
    };
    let rest = (cash != 0).then_some(rest);
    Settlement {
        setlinfo: Some(SettlementInfo { same_days, ..info(request, (visit, entries), known, identity) }),
        setldetail: entries.funds.iter().map(detail).chain(rest).collect(),
        feedetail: Vec::new(),
        trace: Some(Trace {
            accumulators: entries.additions.iter().zip(before).map(change).collect(),
            ..Trace::default()
        }),
        postings: ledger::manual_payment(&request.psn_no, &entries.funds).into_iter().map(posting).collect(),
        audit: None,
        credit: None,
    }
}

fn info(
    request: &RecordManualPaymentRequest,
    (visit, entries): (&Visit, &Entries),
    known: &LookedUp<'_>,
    identity: &Identity,
) -> SettlementInfo {
    let LookedUp { eligibility, institution } = known;
    let civil_servant = eligibility.memberships.iter().any(|one| one.kind() == MembershipKind::CivilServant);
    let own = |registered: Option<&String>, said: &String| registered.unwrap_or(said).clone();
    let cash = request.medfee_sumamt_fen - entries.paid().0;
    let mut info = SettlementInfo {
        setl_id: identity.setl_id.clone(),
        medins_setl_id: identity.request_id.clone(),
        setl_time: Some(identity.time),
        setl_type: MANUAL.to_owned(),
        manl_reim_rea: request.manl_reim_rea.clone(),
        entitlement_doubt: if eligibility.entitled { String::new() } else { eligibility.reason.clone() },
        mdtrt_id: request.mdtrt_id.clone(),
        psn_no: request.psn_no.clone(),
        psn_name_masked: eligibility.psn_name_masked.clone(),
        insutype: visit.insutype.code().to_owned(),
        psn_type: eligibility.psn_type.clone(),
        cvlserv_flag: if civil_servant { "1" } else { "0" }.to_owned(),
        age: eligibility.age,
        med_type: visit.med_type.code().to_owned(),
        begndate: request.begndate.clone(),
        enddate: request.enddate.clone(),
        fixmedins_code: request.fixmedins_code.clone(),
        fixmedins_name: own(institution.map(|known| &known.name), &request.fixmedins_name),
        poolarea_no: request.poolarea_no.clone(),
        mdtrtarea_admvs: own(institution.map(|known| &known.admdvs), &request.mdtrtarea_admvs),
        medfee_sumamt_fen: request.medfee_sumamt_fen,
        fulamt_ownpay_amt_fen: request.fulamt_ownpay_amt_fen,
        overlmt_selfpay_fen: request.overlmt_selfpay_fen,
        preselfpay_amt_fen: request.preselfpay_amt_fen,
        inscp_scp_amt_fen: request.inscp_scp_amt_fen,
        act_pay_dedc_fen: request.act_pay_dedc_fen,
        fund_pay_sumamt_fen: entries.paid().0,
        psn_part_amt_fen: cash,
        psn_cash_pay_fen: cash,
        clr_optins: request.poolarea_no.clone(),
        clr_type: clearing_type(visit.med_type).to_owned(),
        refd_setl_flag: "0".to_owned(),
        eligibility_id: eligibility.eligibility_id.clone(),
        person_version: eligibility.person_version,
        eligibility_expires_at: eligibility.expires_at,
        audit_pending: true,
        dise_codg: request.dise_codg.clone(),
        ..SettlementInfo::default()
    };
    for (fund, amount) in &entries.funds {
        if let Some(field) = fund.field() {
            *sum_of(&mut info, field) += amount.0;
        }
    }
    info.pool_prop_selfpay = share_of(Fen(info.hifp_pay_fen), Fen(info.inscp_scp_amt_fen));
    info
}

/// The refusal where a total would be beyond all amounts.
pub fn too_much(accumulator: &str) -> ServiceError {
    let said = Reason::AmountTooLarge.saying("年度累计将超过 16 位");
    ServiceError::invalid_field("accumulators", said).with("accumulator", accumulator)
}
