//! The engine's outcome as the contract's settlement, with the national names.

use std::collections::BTreeMap;
use std::sync::Arc;

use prost_types::Timestamp;
use rust_decimal::Decimal;
use yizhan_money::Fen;
use yizhan_policy::Policy;
use yizhan_policy::case::Case;
use yizhan_policy::identities::Amounts;
use yizhan_policy::outcome::{LayerTrace, Outcome};
use yizhan_proto::enrollment::v1::Eligibility;
use yizhan_proto::settlement::v1::{
    FeeLineResult, FilingRecord, LayerTrace as ProtoLayer, Settlement, SettlementDetail, SettlementInfo,
    Source, Trace,
};
use yizhan_runtime::ServiceError;
use yizhan_terms::{Care, FundField, MedType, Payer, fund_pay_type_name};

use super::visit::CheckedVisit;
use super::{explain, filing, trace};
use crate::books::messages::ledger::{Shares, postings};
use crate::reference::domain::{Institution, Item};

/// Everything an answer is made from besides the outcome.
pub struct Context<'c> {
    /// The visit.
    pub visit: &'c CheckedVisit,
    /// Enrollment's answer.
    pub eligibility: &'c Eligibility,
    /// What the filing service answered, where it was asked.
    pub filing: Option<&'c FilingRecord>,
    /// Where.
    pub institution: &'c Institution,
    /// The catalogue entry of each line.
    pub items: &'c [Arc<Item>],
    /// The case that was settled.
    pub case: &'c Case,
    /// The policy that decided.
    pub policy: &'c Policy,
}

/// What makes an answer a settlement rather than a preview.
#[derive(Clone, Debug)]
pub struct Identity {
    /// 结算ID
    pub setl_id: String,
    /// 发送方报文ID
    pub request_id: String,
    /// 结算时间
    pub time: Timestamp,
}

/// A preview, or with an identity a settlement with its postings.
///
/// # Errors
/// An internal error when an identity of amounts does not hold: nothing wrong is ever answered.
pub fn build(
    context: &Context<'_>,
    outcome: &Outcome<'_>,
    identity: Option<&Identity>,
) -> Result<Settlement, ServiceError> {
    let trace = trace::of(context.policy, outcome);
    let setldetail = details(outcome, &trace);
    let mut settlement = Settlement {
        setlinfo: Some(info(context, outcome, identity)),
        setldetail,
        feedetail: lines(context, outcome),
        trace: Some(trace),
        postings: Vec::new(),
    };
    if identity.is_some() {
        settlement.postings = postings(&shares(context, outcome));
    }
    let mut amounts = Amounts::of(outcome);
    amounts.postings = settlement.postings.iter().map(|posting| Fen(posting.amount_fen)).collect();
    let broken = amounts.broken();
    if !broken.is_empty() {
        tracing::error!(monotonic_counter.identities_broken = 1, ?broken, "refused to answer wrong amounts");
        return Err(ServiceError::internal(anyhow::anyhow!("identities broken: {}", broken.join("; "))));
    }
    Ok(settlement)
}

fn info(context: &Context<'_>, outcome: &Outcome<'_>, identity: Option<&Identity>) -> SettlementInfo {
    let (visit, eligibility) = (context.visit, context.eligibility);
    let by_field = by_field(outcome);
    let field = |field: FundField| by_field.get(&field).map_or(0, |fen| fen.0);
    let hifp_pay_fen = field(FundField::Hifp);
    let account = outcome.account_own_fen + outcome.account_shared_fen;
    let civil_servant = context.case.person.memberships.contains("civil_servant");
    SettlementInfo {
        setl_id: identity.map(|identity| identity.setl_id.clone()).unwrap_or_default(),
        medins_setl_id: identity.map(|identity| identity.request_id.clone()).unwrap_or_default(),
        mdtrt_id: visit.reported.mdtrt_id.clone(),
        psn_no: visit.reported.psn_no.clone(),
        psn_name_masked: eligibility.psn_name_masked.clone(),
        insutype: visit.insutype.code().to_owned(),
        psn_type: eligibility.psn_type.clone(),
        cvlserv_flag: if civil_servant { "1" } else { "0" }.to_owned(),
        age: eligibility.age,
        setl_time: identity.map(|identity| identity.time),
        med_type: visit.med_type.code().to_owned(),
        begndate: visit.begin.to_string(),
        enddate: visit.end.to_string(),
        fixmedins_code: context.institution.code.clone(),
        fixmedins_name: context.institution.name.clone(),
        poolarea_no: eligibility.poolarea_no.clone(),
        mdtrtarea_admvs: context.institution.admdvs.clone(),
        medfee_sumamt_fen: outcome.parts.total_fen.0,
        fulamt_ownpay_amt_fen: outcome.parts.full_self_fen.0,
        overlmt_selfpay_fen: outcome.parts.over_limit_fen.0,
        preselfpay_amt_fen: outcome.parts.pre_self_fen.0,
        inscp_scp_amt_fen: outcome.parts.in_scope_fen.0,
        act_pay_dedc_fen: outcome.basic_deductible_fen().0,
        hifp_pay_fen,
        pool_prop_selfpay: share_of(hifp_pay_fen, outcome.parts.in_scope_fen.0),
        cvlserv_pay_fen: field(FundField::Cvlserv),
        hifes_pay_fen: field(FundField::Hifes),
        hifmi_pay_fen: field(FundField::Hifmi),
        hifob_pay_fen: field(FundField::Hifob),
        hifdm_pay_fen: field(FundField::Hifdm),
        maf_pay_fen: field(FundField::Maf),
        oth_pay_fen: field(FundField::Oth),
        fund_pay_sumamt_fen: outcome.fund_pay_fen.0,
        psn_part_amt_fen: outcome.person_fen.0,
        acct_pay_fen: account.0,
        acct_mulaid_pay_fen: outcome.account_shared_fen.0,
        psn_cash_pay_fen: outcome.cash_fen.0,
        hosp_part_amt_fen: outcome.hospital_fen.0,
        balc_fen: (context.case.account.own_fen - outcome.account_own_fen).0,
        beside_bill_fen: outcome.beside_bill_fen.0,
        clr_optins: eligibility.poolarea_no.clone(),
        clr_type: clearing_type(visit.med_type).to_owned(),
        refd_setl_flag: "0".to_owned(),
        reverses_setl_id: String::new(),
        eligibility_id: eligibility.eligibility_id.clone(),
        person_version: eligibility.person_version,
        eligibility_expires_text: String::new(),
        eligibility_expires_at: eligibility.expires_at,
        audit_pending: true,
        reversal_reason: String::new(),
        dise_codg: visit.reported.dise_codg.clone(),
        out_filing: filing::code_of(context.case.visit.filing).to_owned(),
        tags: visit.reported.tags.clone(),
        opsp_dise_code: visit.reported.opsp_dise_code.clone(),
        filing: context.filing.cloned(),
        emergency: visit.reported.emergency,
        refl_flag: visit.reported.refl_flag,
    }
}

/// What the funds pay, by the header field each is summed into.
fn by_field(outcome: &Outcome<'_>) -> BTreeMap<FundField, Fen> {
    let mut sums = BTreeMap::new();
    for layer in outcome.layers.iter().filter(|layer| !layer.beside_bill) {
        let field = FundField::of(layer.fund_pay_type).expect("the loader accepts known fund codes only");
        *sums.entry(field).or_insert(Fen::ZERO) += layer.paid_fen;
    }
    sums
}

/// A part of a whole as a ratio with four decimals; empty when there is no whole.
fn share_of(part: i64, whole: i64) -> String {
    if whole == 0 {
        return String::new();
    }
    format!("{:.4}", (Decimal::from(part) / Decimal::from(whole)).round_dp(4))
}

/// 清算类别 (docs/CODES.md, clr_type).
fn clearing_type(med_type: MedType) -> &'static str {
    match med_type.care() {
        _ if med_type.is_stay() => "21",
        Care::Pharmacy => "41",
        _ => "11",
    }
}

/// One row for each payer whose layer applied, then account, relative's account and cash.
fn details(outcome: &Outcome<'_>, trace: &Trace) -> Vec<SettlementDetail> {
    let layers =
        outcome.layers.iter().zip(&trace.layers).filter(|(layer, _)| layer.applied && !layer.beside_bill);
    let mut rows: Vec<SettlementDetail> =
        layers.map(|(layer, told)| layer_detail(layer, told, &trace.sources)).collect();
    let own = [
        ("310200", "职工个人账户", outcome.account_own_fen),
        ("310200", "职工个人账户（家庭共济）", outcome.account_shared_fen),
        ("999998", "个人现金", outcome.cash_fen),
    ];
    rows.extend(own.into_iter().filter(|(.., amount)| *amount != Fen::ZERO).map(|(code, name, amount)| {
        SettlementDetail {
            fund_pay_type: code.to_owned(),
            fund_pay_type_name: name.to_owned(),
            fund_payamt_fen: amount.0,
            ..SettlementDetail::default()
        }
    }));
    rows
}

fn layer_detail(layer: &LayerTrace<'_>, told: &ProtoLayer, sources: &[Source]) -> SettlementDetail {
    let open = layer.cap.as_ref().and_then(|cap| cap.open_fen);
    SettlementDetail {
        fund_pay_type: layer.fund_pay_type.to_owned(),
        fund_pay_type_name: fund_pay_type_name(layer.fund_pay_type).unwrap_or_default().to_owned(),
        layer_id: layer.layer.to_owned(),
        inscp_scp_amt_fen: yizhan_money::round_half_up(layer.base_fen).0,
        crt_payb_lmt_amt_fen: open.map_or(0, |open| yizhan_money::round_half_up(open).0),
        fund_payamt_fen: layer.paid_fen.0,
        setl_proc_info: explain::layer(told, sources),
    }
}

fn lines(context: &Context<'_>, outcome: &Outcome<'_>) -> Vec<FeeLineResult> {
    let reported = context.visit.reported.feedetail.iter();
    let lines = reported.zip(&context.case.lines).zip(context.items).zip(&outcome.lines);
    lines
        .map(|(((reported, line), item), split)| FeeLineResult {
            feedetl_sn: line.id.clone(),
            hilist_code: line.code.clone(),
            hilist_name: item.name.clone(),
            chrgitm_lv: line.class.clone(),
            det_item_fee_sumamt_fen: split.parts.total_fen.0,
            pric_uplmt_amt: line.ceiling_fen.map(trace::yuan).unwrap_or_default(),
            selfpay_prop: split.prepay.normalize().to_string(),
            fulamt_ownpay_amt_fen: split.parts.full_self_fen.0,
            overlmt_amt_fen: split.parts.over_limit_fen.0,
            preselfpay_amt_fen: split.parts.pre_self_fen.0,
            inscp_scp_amt_fen: split.parts.in_scope_fen.0,
            cnt: reported.cnt.clone(),
            pric: reported.pric.clone(),
            fee_ocur_date: match reported.fee_ocur_date.as_str() {
                "" => context.visit.end.to_string(),
                day => day.to_owned(),
            },
            bilg_dept_codg: reported.bilg_dept_codg.clone(),
            bilg_dr_codg: reported.bilg_dr_codg.clone(),
        })
        .collect()
}

fn shares<'c>(context: &'c Context<'_>, outcome: &'c Outcome<'_>) -> Shares<'c> {
    let of = |beside: bool| {
        let layers = outcome.layers.iter();
        layers
            .filter(move |layer| layer.beside_bill == beside && layer.payer != Payer::Hospital)
            .map(|layer| (layer.fund_pay_type, layer.paid_fen.0))
            .collect()
    };
    Shares {
        fixmedins_code: &context.institution.code,
        psn_no: &context.visit.reported.psn_no,
        mulaid_psn_no: &context.visit.reported.mulaid_psn_no,
        total_fen: outcome.parts.total_fen.0,
        funds: of(false),
        hospital_fen: outcome.hospital_fen.0,
        account_fen: outcome.account_own_fen.0,
        shared_fen: outcome.account_shared_fen.0,
        cash_fen: outcome.cash_fen.0,
        beside: of(true),
    }
}

/// The answer recomputed: what the engine decides is made again, what was looked up about the
/// visit is taken from the stored answer.
pub fn again(
    stored: &Settlement,
    case: &Case,
    policy: &Policy,
    outcome: &Outcome<'_>,
) -> Result<Settlement, ServiceError> {
    let damaged = |what: &str| ServiceError::internal(anyhow::anyhow!("a stored settlement has no {what}"));
    let info = stored.setlinfo.as_ref().ok_or_else(|| damaged("setlinfo"))?;
    let visit = CheckedVisit::of_record(stored, case).ok_or_else(|| damaged("readable codes"))?;
    let institution = Institution {
        code: info.fixmedins_code.clone(),
        name: info.fixmedins_name.clone(),
        level: case.visit.level,
        admdvs: info.mdtrtarea_admvs.clone(),
        kind: yizhan_terms::InstitutionType::Hospital,
        contracted: case.visit.contracted,
    };
    let items: Vec<_> = stored.feedetail.iter().map(|line| Arc::new(recorded_item(line))).collect();
    let eligibility = Eligibility {
        psn_no: info.psn_no.clone(),
        psn_name_masked: info.psn_name_masked.clone(),
        psn_type: info.psn_type.clone(),
        age: info.age,
        poolarea_no: info.poolarea_no.clone(),
        eligibility_id: info.eligibility_id.clone(),
        person_version: info.person_version,
        expires_at: info.eligibility_expires_at,
        ..Eligibility::default()
    };
    let context = Context {
        visit: &visit,
        eligibility: &eligibility,
        filing: info.filing.as_ref(),
        institution: &institution,
        items: &items,
        case,
        policy,
    };
    let identity = Identity {
        setl_id: info.setl_id.clone(),
        request_id: info.medins_setl_id.clone(),
        time: info.setl_time.unwrap_or_default(),
    };
    let mut again = build(&context, outcome, Some(&identity))?;
    if let Some(told) = &mut again.setlinfo {
        told.eligibility_expires_text.clone_from(&info.eligibility_expires_text);
    }
    Ok(again)
}

/// Only the name of an item is told by the stored answer; the rest is in the case.
fn recorded_item(line: &FeeLineResult) -> Item {
    Item {
        name: line.hilist_name.clone(),
        list_type: String::new(),
        class: String::new(),
        ceiling_fen: None,
        prepay: None,
        labels: Vec::new(),
    }
}
