//! A visit as reported, checked: everything that is wrong with it at once.

mod clinical;
pub mod elsewhere;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use yizhan_money::{Fen, MAX_FEN};
use yizhan_policy::model::VisitRules;
use yizhan_proto::settlement::v1::{FeeLine, Visit};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::fields::Fields;
use yizhan_runtime::{Reason, Violations};
use yizhan_terms::{AdmissionWay, DischargeWay, Insutype, MedType, is_fixmedins_code};

use super::stay::Stay;
use crate::fields::{MAX_ID, check_id, decimal};

/// Lines in one visit at most.
pub const MAX_LINES: usize = 2000;
/// Trace codes on one line at most.
pub const MAX_CODES: usize = 200;
/// Trace codes on one bill at most.
pub const MAX_CODES_OF_BILL: usize = 2000;
/// Characters of a trace code.
const CODE_LENGTH: RangeInclusive<usize> = 10..=100;
/// Characters of a 处方号 at most.
const MAX_RXNO: usize = 40;
/// Diagnoses and tags at most.
pub const MAX_MARKS: usize = 20;
/// Days from the first day of a visit to its last at most, whatever the area's policy allows: enrollment is asked about them all.
const MAX_VISIT_DAYS: i64 = 3_653;

/// Lines of one settlement at most, where they were brought before: so many fit into an answer.
pub const MAX_SETTLED: usize = 4000;

/// How many lines a visit may have.
pub fn most_lines(visit: &Visit) -> usize {
    if visit.fees_uploaded { MAX_SETTLED } else { MAX_LINES }
}

/// A visit that is well formed; whether its codes exist is another question.
#[derive(Clone, Debug)]
pub struct CheckedVisit {
    /// As reported.
    pub reported: Visit,
    /// 险种类型
    pub insutype: Insutype,
    /// 医疗类别
    pub med_type: MedType,
    /// First day.
    pub begin: NaiveDate,
    /// Last day.
    pub end: NaiveDate,
    /// Lines, in the order reported.
    pub lines: Vec<CheckedLine>,
}

/// A line that is well formed.
#[derive(Clone, Debug)]
pub struct CheckedLine {
    /// 数量
    pub quantity: Decimal,
    /// 单价 in fen.
    pub price_fen: Decimal,
    /// 明细项目费用总额
    pub amount: Fen,
    /// Day of the service, where it was reported.
    pub day: Option<NaiveDate>,
}

/// Checks a visit; `today` bounds its last day. `None` where something is wrong, which is noted.
pub fn check(visit: Option<Visit>, today: NaiveDate, wrong: &mut Violations) -> Option<CheckedVisit> {
    let visit = wrong.some(visit, "visit", Reason::Required)?;
    check_id(&mut Fields::within("visit.", wrong), "fixmedins_code", &visit.fixmedins_code);
    check_anywhere(visit, today, wrong)
}

/// The same of a visit to an institution that may have no code.
pub fn check_anywhere(visit: Visit, today: NaiveDate, wrong: &mut Violations) -> Option<CheckedVisit> {
    let mut fields = Fields::within("visit.", wrong);
    check_ids(&visit, &mut fields);
    let insutype = fields.coded("insutype", &visit.insutype, Insutype::settled);
    let med_type = fields.coded("med_type", &visit.med_type, MedType::from_code);
    // 门诊慢特病 is care of a disease the person is entitled for; the register decides.
    if med_type == Some(MedType::Chronic) || !visit.opsp_dise_code.is_empty() {
        check_id(&mut fields, "opsp_dise_code", &visit.opsp_dise_code);
    }
    check_ways(&visit, &mut fields);
    clinical::check(&visit, &mut fields);
    let days = check_days(&visit, today, &mut fields);
    check_marks(&visit.dise_codg, "dise_codg", &mut fields);
    check_marks(&visit.tags, "tags", &mut fields);
    check_part(&visit, med_type, &mut fields);
    // A part of a stay, of which nothing came since the part before.
    let none_needed = med_type.is_some_and(MedType::is_stay);
    let lines = check_lines(&visit.feedetail, most_lines(&visit), (days, none_needed), wrong);
    clinical::check_operations(&visit.oprninfo, wrong);
    elsewhere::check(&visit, med_type, wrong);
    if visit.mid_setl_flag {
        check_dated(lines.iter().flatten(), wrong);
    }
    let (insutype, med_type, (begin, end), lines) = (insutype?, med_type?, days?, lines?);
    Some(CheckedVisit { reported: visit, insutype, med_type, begin, end, lines })
}

fn check_ids(visit: &Visit, fields: &mut Fields<'_>) {
    fields.psn_no("psn_no", &visit.psn_no);
    check_id(fields, "mdtrt_id", &visit.mdtrt_id);
    if !visit.mulaid_psn_no.is_empty() {
        fields.psn_no("mulaid_psn_no", &visit.mulaid_psn_no);
        fields.require(visit.mulaid_psn_no != visit.psn_no, "mulaid_psn_no", Reason::OwnAccount);
        fields.require(visit.acct_used_flag, "mulaid_psn_no", Reason::AccountNotUsed);
    }
}

/// What is asked of a part of a stay.
fn check_part(visit: &Visit, med_type: Option<MedType>, fields: &mut Fields<'_>) {
    if visit.mid_setl_flag {
        let stay = med_type.is_none_or(MedType::is_stay);
        fields.require(stay, "mid_setl_flag", Reason::PartOfNoStay);
        fields.require(visit.mulaid_psn_no.is_empty(), "mulaid_psn_no", Reason::PartWithoutRelative);
    }
}

/// Lines say their day: what is not covered, and the year of each, must stay known when the stay goes on.
pub fn check_dated<'l>(lines: impl Iterator<Item = &'l CheckedLine>, wrong: &mut Violations) {
    for (index, line) in lines.enumerate() {
        if line.day.is_none() {
            wrong.push(format!("visit.feedetail[{index}].fee_ocur_date"), Reason::LineDateRequired);
        }
    }
}

/// How the patient came and left, where it was reported.
fn check_ways(visit: &Visit, fields: &mut Fields<'_>) {
    if !visit.dscg_way.is_empty() {
        fields.coded("dscg_way", &visit.dscg_way, DischargeWay::from_code);
    }
    if !visit.adm_way.is_empty() {
        fields.coded("adm_way", &visit.adm_way, AdmissionWay::from_code);
    }
}

fn check_days(visit: &Visit, today: NaiveDate, fields: &mut Fields<'_>) -> Option<(NaiveDate, NaiveDate)> {
    let begin = fields.date("begndate", &visit.begndate);
    let end = fields.date("enddate", &visit.enddate);
    let (begin, end) = (begin?, end?);
    let reversed = Reason::DatesReversed.saying("出院（结束）日期早于入院（开始）日期");
    fields.require(begin <= end, "enddate", reversed);
    fields.require(end <= today, "enddate", Reason::InTheFuture);
    let days = (end - begin).num_days();
    fields.require(days <= MAX_VISIT_DAYS, "begndate", Reason::VisitTooLong);
    Some((begin, end))
}

/// How many days a visit may have.
pub fn most_days(visit: &CheckedVisit, rules: &VisitRules) -> i64 {
    if visit.med_type.is_stay() { rules.stay_days } else { rules.outpatient_days }
}

/// Checks a visit, whose length counts since a day, against what the rules of the area that pays say of its days, and of those that are not
/// covered.
pub fn check_bounds(
    (visit, since): (&CheckedVisit, NaiveDate),
    stay: &Stay,
    rules: &VisitRules,
    today: NaiveDate,
    wrong: &mut Violations,
) {
    let born = parse_date(&stay.eligibility.brdy);
    wrong.require(born.is_none_or(|born| born <= visit.begin), "visit.begndate", Reason::BeforeBirth);
    let limit = most_days(visit, rules);
    if (visit.end - since).num_days() >= limit {
        let what = if visit.med_type.is_stay() { "住院" } else { "门诊就诊" };
        let text = format!("一次{what}最多 {limit} 天，请核对日期，或分段结算");
        wrong.push("visit.begndate", Reason::VisitTooLong.saying(text)).with("limit", limit);
    }
    let limit = rules.settle_within_days;
    if (today - visit.end).num_days() > limit {
        let text = format!("就诊结束已超过 {limit} 天，不能直接结算，请到参保地经办机构申请");
        wrong.push("visit.enddate", Reason::SettledTooLate.saying(text)).with("limit", limit);
    }
    if !stay.not_covered.is_empty() {
        check_dated(visit.lines.iter(), wrong);
    }
}

fn check_marks(marks: &[String], field: &str, fields: &mut Fields<'_>) {
    if marks.len() > MAX_MARKS {
        let text = format!("最多 {MAX_MARKS} 项");
        fields.wrong(field, Reason::TooMany.saying(text)).with("limit", MAX_MARKS);
    }
    let fits = |mark: &String| !mark.is_empty() && mark.chars().count() <= MAX_ID;
    let text = format!("每项 1 至 {MAX_ID} 个字符");
    fields.require(marks.iter().all(fits), field, Reason::TooLong.saying(text));
}

fn check_lines(
    lines: &[FeeLine],
    most: usize,
    (days, none_needed): (Option<(NaiveDate, NaiveDate)>, bool),
    wrong: &mut Violations,
) -> Option<Vec<CheckedLine>> {
    wrong.require(
        none_needed || !lines.is_empty(),
        "visit.feedetail",
        Reason::Required.saying("至少一条费用明细"),
    );
    if lines.len() > most {
        let limit = wrong.push("visit.feedetail", Reason::TooManyLines);
        limit.with("limit", most).with("lines", lines.len());
        return None;
    }
    let mut numbers = BTreeSet::new();
    let mut checked = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        let at = format!("visit.feedetail[{index}].");
        let mut fields = Fields::within(&at, wrong);
        let new = numbers.insert(&line.feedetl_sn);
        fields.require(new, "feedetl_sn", Reason::Duplicate.saying("费用明细流水号重复"));
        checked.push(check_line(line, days, &mut fields));
    }
    let codes: usize = lines.iter().map(|line| line.drug_trac_info.len()).sum();
    if codes > MAX_CODES_OF_BILL {
        let text = format!("一次结算最多 {MAX_CODES_OF_BILL} 个追溯码");
        wrong.push("visit.feedetail", Reason::TooMany.saying(text)).with("limit", MAX_CODES_OF_BILL);
    }
    let total = checked.iter().flatten().try_fold(0i64, |sum, line| sum.checked_add(line.amount.0));
    let within = total.is_some_and(|total| total <= MAX_FEN);
    wrong.require(within, "visit.feedetail", Reason::AmountTooLarge.saying("费用总额超过 16 位"));
    checked.into_iter().collect()
}

/// Whether a line says by which prescription, of whom.
pub fn is_prescribed(line: &FeeLine) -> bool {
    !line.rxno.is_empty() && !line.rx_fixmedins_code.is_empty() && !line.bilg_dr_codg.is_empty()
}

/// What a line says of its prescription; what was prescribed elsewhere says by whom.
fn check_prescription(line: &FeeLine, fields: &mut Fields<'_>) {
    if line.rxno.len() > MAX_RXNO {
        let text = format!("最多 {MAX_RXNO} 个字符");
        fields.wrong("rxno", Reason::TooLong.saying(text)).with("limit", MAX_RXNO);
    }
    fields.require(line.rxno.bytes().all(|byte| byte.is_ascii_graphic()), "rxno", Reason::Characters);
    let known = line.rx_fixmedins_code.is_empty() || is_fixmedins_code(&line.rx_fixmedins_code);
    fields.require(known, "rx_fixmedins_code", Reason::InstitutionInvalid);
    fields.require(!line.rx_circ_flag || is_prescribed(line), "rxno", Reason::PrescriptionRequired);
}

/// Whether it is written as trace codes are.
pub fn is_trace_code(code: &str) -> bool {
    let written = |byte: u8| byte.is_ascii_alphanumeric() || b"()-./:".contains(&byte);
    CODE_LENGTH.contains(&code.len()) && code.bytes().all(written)
}

/// Its trace codes: well formed, and each once.
fn check_codes(line: &FeeLine, fields: &mut Fields<'_>) {
    if line.drug_trac_info.len() > MAX_CODES {
        let text = format!("一条明细最多 {MAX_CODES} 个追溯码");
        fields.wrong("drug_trac_info", Reason::TooMany.saying(text)).with("limit", MAX_CODES);
    }
    let mut seen = BTreeSet::new();
    for (index, code) in line.drug_trac_info.iter().take(MAX_CODES).enumerate() {
        let code = code.drug_trac_codg.as_str();
        let field = format!("drug_trac_info[{index}].drug_trac_codg");
        fields.require(is_trace_code(code), &field, Reason::TraceCodeInvalid);
        fields.require(seen.insert(code), &field, Reason::Duplicate.saying("同一明细中追溯码重复"));
    }
}

/// One line, within the days of its visit where they are known; `None` where something is wrong, which is noted.
pub fn check_line(
    line: &FeeLine,
    days: Option<(NaiveDate, NaiveDate)>,
    fields: &mut Fields<'_>,
) -> Option<CheckedLine> {
    check_id(fields, "feedetl_sn", &line.feedetl_sn);
    check_id(fields, "hilist_code", &line.hilist_code);
    for (field, code) in [("bilg_dept_codg", &line.bilg_dept_codg), ("bilg_dr_codg", &line.bilg_dr_codg)] {
        if !code.is_empty() {
            check_id(fields, field, code);
        }
    }
    check_prescription(line, fields);
    check_codes(line, fields);
    clinical::check_line(line, fields);
    let quantity = decimal(&line.cnt, 4).filter(|cnt| *cnt > Decimal::ZERO);
    let quantity = fields.some(quantity, "cnt", Reason::QuantityInvalid);
    let price = decimal(&line.pric, 6).filter(|pric| !pric.is_sign_negative());
    let text = "单价应为不小于 0、最多 6 位小数的数";
    let price = fields.some(price, "pric", Reason::PriceInvalid.saying(text));
    let amount = line.det_item_fee_sumamt_fen;
    fields.require(amount >= 0, "det_item_fee_sumamt_fen", Reason::AmountNegative);
    let day = fields.optional("fee_ocur_date", &line.fee_ocur_date, Fields::date);
    let within = day.flatten().zip(days).is_none_or(|(day, (begin, end))| begin <= day && day <= end);
    fields.require(within, "fee_ocur_date", Reason::OutsideVisit);
    let (quantity, price_fen) = (quantity?, price?.checked_mul(Decimal::ONE_HUNDRED)?);
    let product = quantity.checked_mul(price_fen).and_then(Fen::try_round);
    if amount >= 0 && product != Some(Fen(amount)) {
        let expected = product.map_or_else(|| "超出范围".to_owned(), |product| product.0.to_string());
        let mismatch = fields.wrong("det_item_fee_sumamt_fen", Reason::AmountMismatch);
        mismatch.with("expected_fen", expected);
    }
    day.map(|day| CheckedLine { quantity, price_fen, amount: Fen(amount), day })
}
