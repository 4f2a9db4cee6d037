//! The engine's outcome as the contract's settlement, with the national names.

use std::sync::Arc;

use chrono::NaiveDate;
use prost_types::Timestamp;
use yizhan_money::Fen;
use yizhan_policy::Policy;
use yizhan_policy::case::Case;
use yizhan_policy::outcome::{LayerTrace, Outcome};
use yizhan_proto::settlement::v1::{
    FeeLine, FeeLineResult, LayerTrace as ProtoLayer, Posting, SameDays, Settlement, SettlementDetail,
    SettlementInfo, SettlementMark, Source, Trace,
};
use yizhan_runtime::{ServiceError, metrics};
use yizhan_terms::{Fund, FundField, InstitutionType};

use super::super::domain::{clearing_type, share_of};
use super::audited::withhold;
use super::filing::Filed;
use super::part::{Part, is_told};
use super::stay::Stay;
use super::visit::CheckedVisit;
use super::{explain, filing, previous, trace};
use crate::accounts::domain::Relative;
use crate::books::domain::ledger::{self as books, AccountOf, Parties, postings, relative_in};
use crate::books::messages::parts::{amounts_of, header, postings_of, sum_of};
use crate::reference::domain::{Institution, Item};

/// A visit, and what was looked up about it.
pub struct LookedUp {
    /// The visit.
    pub visit: CheckedVisit,
    /// Enrollment's answer about its days, and what of it counts.
    pub stay: Stay,
    /// The relative whose account helps.
    pub relative: Option<Relative>,
    /// What the filing service answered, where it was asked.
    pub filed: Option<Filed>,
    /// Where.
    pub institution: Arc<Institution>,
    /// The catalogue entry of each line.
    pub items: Vec<Arc<Item>>,
    /// What is not as it should be and settled all the same.
    pub marks: Vec<SettlementMark>,
    /// The application by which a visit is settled that the person paid (零星报销).
    pub application: Option<Applied>,
}

/// An application for a visit that the person paid.
#[derive(Clone, Debug)]
pub struct Applied {
    /// Its id.
    pub reimbursement_id: String,
    /// 手工报销原因
    pub manl_reim_rea: String,
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

/// A preview, or with an identity a settlement with its postings; with the person's other visits on the same days, and of a part of a stay
/// with what makes it one.
///
/// # Errors
/// An internal error when an identity of amounts does not hold: nothing wrong is ever answered.
pub fn build(
    known: &LookedUp,
    case: &Case,
    policy: &Policy,
    outcome: &Outcome<'_>,
    (identity, same_days, part): (Option<&Identity>, Vec<SameDays>, Option<Part<'_>>),
) -> Result<Settlement, ServiceError> {
    let reported = known.visit.reported.feedetail.iter().zip(&known.items);
    let answer = Settlement {
        setlinfo: Some(SettlementInfo { same_days, ..reported_info(known, identity) }),
        feedetail: reported
            .map(|(line, item)| reported_line(line, item, [known.visit.begin, known.visit.end]))
            .collect(),
        ..Settlement::default()
    };
    let answer = match part {
        Some(part) => part.tell(answer),
        None => answer,
    };
    let relative = known.relative.as_ref();
    let relative = relative.map(|Relative { poolarea_no, psn_no, .. }| AccountOf { poolarea_no, psn_no });
    decide(answer, case, policy, outcome, relative)
}

/// The answer recomputed: what the engine decides is made again, what was looked up about the
/// visit is taken from the stored answer.
pub fn again(
    stored: &Settlement,
    case: &Case,
    policy: &Policy,
    outcome: &Outcome<'_>,
) -> Result<Settlement, ServiceError> {
    let (booked, info) = (postings_of(stored), header(stored));
    let relative = relative_in(&booked, &info.psn_no, &info.poolarea_no);
    decide(stored.clone(), case, policy, outcome, relative).map(withhold)
}

/// Everything in an answer that the engine decides.
fn decide(
    mut answer: Settlement,
    case: &Case,
    policy: &Policy,
    outcome: &Outcome<'_>,
    relative: Option<AccountOf<'_>>,
) -> Result<Settlement, ServiceError> {
    let trace = trace::of(policy, outcome);
    let info = decided_info(answer.setlinfo.unwrap_or_default(), case, outcome);
    let SettlementInfo { fixmedins_code, poolarea_no, psn_no, .. } = &info;
    let parties = Parties { fixmedins_code, poolarea_no, psn_no, relative };
    let booked = match info.setl_id.as_str() {
        "" => Vec::new(),
        _ if info.setl_type == books::MANUAL => books::reimbursement(psn_no, outcome),
        _ => postings(parties, outcome),
    };
    answer.postings = booked.into_iter().map(posting).collect();
    answer.feedetail = decided_lines(answer.feedetail, case, outcome);
    answer.setldetail = details(outcome, &trace, &info);
    answer.setlinfo = Some(info);
    answer.trace = Some(trace);
    let broken = amounts_of(&answer).broken();
    if !broken.is_empty() {
        metrics::identities_violated();
        tracing::error!(
            ?broken,
            policy = policy.id,
            version = policy.version,
            "refused to answer wrong amounts"
        );
        return Err(ServiceError::internal(anyhow::anyhow!("identities broken: {}", broken.join("; "))));
    }
    Ok(answer)
}

fn reported_info(known: &LookedUp, identity: Option<&Identity>) -> SettlementInfo {
    let LookedUp { visit, stay, relative, filed, institution, application, .. } = known;
    let eligibility = &stay.eligibility;
    let identity = identity.cloned();
    let time = identity.as_ref().map(|identity| identity.time);
    let (setl_id, medins_setl_id) =
        identity.map(|identity| (identity.setl_id, identity.request_id)).unwrap_or_default();
    SettlementInfo {
        setl_id,
        medins_setl_id,
        setl_time: time,
        mdtrt_id: visit.reported.mdtrt_id.clone(),
        psn_no: visit.reported.psn_no.clone(),
        psn_name_masked: eligibility.psn_name_masked.clone(),
        psn_type: eligibility.psn_type.clone(),
        age: eligibility.age,
        med_type: visit.med_type.code().to_owned(),
        fixmedins_code: institution.code.clone(),
        fixmedins_name: institution.name.clone(),
        poolarea_no: eligibility.poolarea_no.clone(),
        mdtrtarea_admvs: institution.admdvs.clone(),
        clr_optins: eligibility.poolarea_no.clone(),
        clr_type: clearing_type(visit.med_type).to_owned(),
        refd_setl_flag: "0".to_owned(),
        eligibility_id: eligibility.eligibility_id.clone(),
        person_version: eligibility.person_version,
        eligibility_expires_at: eligibility.expires_at,
        audit_pending: true,
        dise_codg: visit.reported.dise_codg.clone(),
        tags: visit.reported.tags.clone(),
        opsp_dise_code: visit.reported.opsp_dise_code.clone(),
        filing: filed.as_ref().map(|filed| filed.record.clone()),
        emergency: visit.reported.emergency,
        refl_flag: visit.reported.refl_flag,
        dscg_way: visit.reported.dscg_way.clone(),
        adm_way: visit.reported.adm_way.clone(),
        fees_uploaded: visit.reported.fees_uploaded,
        coverage_spans: stay.told.clone(),
        mulaid_psn_name_masked: told(relative, |relative| &relative.psn_name_masked),
        mulaid_poolarea_no: told(relative, |relative| &relative.poolarea_no),
        mulaid_kinship: told(relative, |relative| relative.kinship),
        marks: known.marks.clone(),
        gend: eligibility.gend.clone(),
        brdy: eligibility.brdy.clone(),
        medins_type: institution.kind.code().to_owned(),
        medins_lv: level_of(institution).to_owned(),
        oprninfo: visit.reported.oprninfo.clone(),
        dise_name: visit.reported.dise_name.clone(),
        adm_dept_codg: visit.reported.adm_dept_codg.clone(),
        dscg_dept_codg: visit.reported.dscg_dept_codg.clone(),
        dr_codg: visit.reported.dr_codg.clone(),
        itnt_flag: visit.reported.itnt_flag,
        setl_type: application.as_ref().map(|_| books::MANUAL).unwrap_or_default().to_owned(),
        manl_reim_rea: application.as_ref().map(|of| of.manl_reim_rea.clone()).unwrap_or_default(),
        reimbursement_id: application.as_ref().map(|of| of.reimbursement_id.clone()).unwrap_or_default(),
        ..SettlementInfo::default()
    }
}

/// A pharmacy has none, whatever it is registered with.
fn level_of(institution: &Institution) -> &str {
    if institution.kind == InstitutionType::Pharmacy { "" } else { institution.level.code() }
}

fn told(relative: &Option<Relative>, what: impl Fn(&Relative) -> &str) -> String {
    relative.as_ref().map(what).unwrap_or_default().to_owned()
}

/// As the contract tells it.
pub fn posting(booked: books::Posting) -> Posting {
    let books::Posting { poolarea_no, account, amount } = booked;
    Posting { poolarea_no, account, amount_fen: amount.0 }
}

fn decided_info(info: SettlementInfo, case: &Case, outcome: &Outcome<'_>) -> SettlementInfo {
    let civil_servant = case.person.memberships.contains("civil_servant");
    let in_scope = outcome.parts.in_scope_fen;
    let mut info = SettlementInfo {
        insutype: case.scheme.code().to_owned(),
        cvlserv_flag: if civil_servant { "1" } else { "0" }.to_owned(),
        begndate: case.visit.begin.to_string(),
        enddate: case.visit.end.to_string(),
        out_filing: filing::code_of(case.visit.filing).to_owned(),
        medfee_sumamt_fen: outcome.parts.total_fen.0,
        fulamt_ownpay_amt_fen: outcome.parts.full_self_fen.0,
        overlmt_selfpay_fen: outcome.parts.over_limit_fen.0,
        preselfpay_amt_fen: outcome.parts.pre_self_fen.0,
        inscp_scp_amt_fen: in_scope.0,
        act_pay_dedc_fen: outcome.basic_deductible_fen().0,
        fund_pay_sumamt_fen: outcome.fund_pay_fen.0,
        psn_part_amt_fen: outcome.person_fen.0,
        acct_pay_fen: (outcome.account_own_fen + outcome.account_shared_fen).0,
        acct_mulaid_pay_fen: outcome.account_shared_fen.0,
        psn_cash_pay_fen: outcome.cash_fen.0,
        balc_fen: if case.account.used {
            (case.account.own_fen + case.account.kept_fen - outcome.account_own_fen).0
        } else {
            0
        },
        beside_bill_fen: outcome.beside_bill_fen.0,
        previous_stay: case.visit.previous.as_ref().map(previous::told),
        ..info
    };
    FundField::ALL.iter().for_each(|field| *sum_of(&mut info, *field) = 0);
    for layer in outcome.layers.iter().filter(|layer| !layer.beside_bill) {
        let field = layer.fund_pay_type.field().expect("the loader accepts funds of payers only");
        *sum_of(&mut info, field) += layer.paid_fen.0;
    }
    info.pool_prop_selfpay = share_of(Fen(info.hifp_pay_fen), in_scope);
    info.hosp_part_amt_fen = outcome.hospital_fen.0;
    info
}

/// One row for each payer whose layer applied, then account, relative's account and cash.
fn details(outcome: &Outcome<'_>, trace: &Trace, info: &SettlementInfo) -> Vec<SettlementDetail> {
    let layers =
        outcome.layers.iter().zip(&trace.layers).filter(|(layer, _)| layer.applied && !layer.beside_bill);
    let mut rows: Vec<SettlementDetail> =
        layers.map(|(layer, told)| layer_detail(layer, told, &trace.sources)).collect();
    let whose = explain::relative_account(info).unwrap_or_default();
    let own = [
        (Fund::Account, Fund::Account.label(), outcome.account_own_fen, String::new()),
        (Fund::Account, "职工个人账户（家庭共济）", outcome.account_shared_fen, whose),
        (Fund::Cash, Fund::Cash.label(), outcome.cash_fen, String::new()),
    ];
    let paid = own.into_iter().filter(|(_, _, amount, _)| *amount != Fen::ZERO);
    rows.extend(paid.map(|(fund, name, amount, how)| SettlementDetail {
        fund_pay_type: fund.to_string(),
        fund_pay_type_name: name.to_owned(),
        fund_payamt_fen: amount.0,
        setl_proc_info: how,
        ..SettlementDetail::default()
    }));
    rows
}

fn layer_detail(layer: &LayerTrace<'_>, told: &ProtoLayer, sources: &[Source]) -> SettlementDetail {
    let open = layer.cap.as_ref().and_then(|cap| cap.open_fen);
    SettlementDetail {
        fund_pay_type: layer.fund_pay_type.to_string(),
        fund_pay_type_name: layer.fund_pay_type.label().to_owned(),
        layer_id: layer.layer.to_owned(),
        inscp_scp_amt_fen: yizhan_money::round_half_up(layer.base_fen).0,
        crt_payb_lmt_amt_fen: open.map_or(0, |open| yizhan_money::round_half_up(open).0),
        fund_payamt_fen: layer.paid_fen.0,
        setl_proc_info: explain::layer(told, sources),
    }
}

fn reported_line(line: &FeeLine, item: &Item, [begin, end]: [NaiveDate; 2]) -> FeeLineResult {
    let day = &line.fee_ocur_date;
    FeeLineResult {
        feedetl_sn: line.feedetl_sn.clone(),
        hilist_name: item.name.clone(),
        cnt: line.cnt.clone(),
        pric: line.pric.clone(),
        fee_ocur_date: if day.is_empty() { end.to_string() } else { day.clone() },
        bilg_dept_codg: line.bilg_dept_codg.clone(),
        bilg_dr_codg: line.bilg_dr_codg.clone(),
        drug_trac_info: line.drug_trac_info.clone(),
        rxno: line.rxno.clone(),
        rx_circ_flag: line.rx_circ_flag,
        rx_fixmedins_code: line.rx_fixmedins_code.clone(),
        fee_ocur_time: line.fee_ocur_time.clone(),
        prd_days: line.prd_days,
        sin_dos_dscr: line.sin_dos_dscr.clone(),
        used_frqu_dscr: line.used_frqu_dscr.clone(),
        dscg_tkdrug_flag: line.dscg_tkdrug_flag,
        long_rx_flag: line.long_rx_flag,
        list_type: item.list_type.clone(),
        fee_ocur_date_assumed: day.is_empty() && begin != end,
        ..FeeLineResult::default()
    }
}

/// The rows of an answer are in the order of the case; of a part of a stay there is one for each line that it tells of, and at last one for
/// each line that is not in the case: nothing is left of it.
fn decided_lines(reported: Vec<FeeLineResult>, case: &Case, outcome: &Outcome<'_>) -> Vec<FeeLineResult> {
    let mut lines = case.lines.iter().zip(&outcome.lines);
    let decided = |row: FeeLineResult| match lines.find(|(line, _)| line.id == row.feedetl_sn) {
        None => row,
        Some((line, split)) => FeeLineResult {
            hilist_code: line.code.clone(),
            chrgitm_lv: line.class.clone(),
            det_item_fee_sumamt_fen: split.parts.total_fen.0,
            pric_uplmt_amt: line.ceiling_fen.map(trace::yuan).unwrap_or_default(),
            selfpay_prop: split.prepay.normalize().to_string(),
            fulamt_ownpay_amt_fen: split.parts.full_self_fen.0,
            overlmt_amt_fen: split.parts.over_limit_fen.0,
            preselfpay_amt_fen: split.parts.pre_self_fen.0,
            inscp_scp_amt_fen: split.parts.in_scope_fen.0,
            ..row
        },
    };
    reported.into_iter().map(decided).filter(is_told).collect()
}
