//! A visit as reported, checked: everything that is wrong with it at once.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use yizhan_money::{Fen, MAX_FEN};
use yizhan_proto::settlement::v1::{FeeLine, Visit};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::{Reason, ServiceError, Violations};
use yizhan_terms::{Insutype, MedType};

use crate::fields::{MAX_ID, check_decimal, check_id, check_psn_no};

/// Lines in one visit at most.
pub const MAX_LINES: usize = 2000;
/// Diagnoses and tags at most.
pub const MAX_MARKS: usize = 20;

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
    /// Day of the service.
    pub day: NaiveDate,
}

/// Checks a visit; `today` bounds its last day, `wrong` is what was found before.
pub fn check(
    visit: Option<Visit>,
    today: NaiveDate,
    mut wrong: Violations,
) -> Result<CheckedVisit, ServiceError> {
    let Some(visit) = visit else {
        wrong.push("visit", Reason::Required);
        wrong.none()?;
        unreachable!("a violation was just noted");
    };
    check_ids(&visit, &mut wrong);
    let insutype = Insutype::settled(&visit.insutype);
    wrong.require(insutype.is_some(), "visit.insutype", Reason::CodeUnknown);
    let med_type = MedType::from_code(&visit.med_type);
    wrong.require(med_type.is_some(), "visit.med_type", Reason::CodeUnknown);
    check_disease(&visit, med_type, &mut wrong);
    let days = check_days(&visit, today, &mut wrong);
    check_marks(&visit, &mut wrong);
    let lines = check_lines(&visit.feedetail, days, &mut wrong);
    wrong.none()?;
    let (Some(insutype), Some(med_type), Some((begin, end))) = (insutype, med_type, days) else {
        return Err(ServiceError::internal(anyhow::anyhow!("a violation was not noted")));
    };
    Ok(CheckedVisit { reported: visit, insutype, med_type, begin, end, lines })
}

fn check_ids(visit: &Visit, wrong: &mut Violations) {
    check_psn_no(&visit.psn_no, "visit.psn_no", wrong);
    check_id(&visit.mdtrt_id, "visit.mdtrt_id", wrong);
    check_id(&visit.fixmedins_code, "visit.fixmedins_code", wrong);
    if !visit.mulaid_psn_no.is_empty() {
        check_psn_no(&visit.mulaid_psn_no, "visit.mulaid_psn_no", wrong);
        wrong.require(visit.mulaid_psn_no != visit.psn_no, "visit.mulaid_psn_no", Reason::OwnAccount);
        wrong.require(visit.acct_used_flag, "visit.mulaid_psn_no", Reason::AccountNotUsed);
    }
}

/// 门诊慢特病 is care of a disease the person is entitled for; the register decides.
fn check_disease(visit: &Visit, med_type: Option<MedType>, wrong: &mut Violations) {
    if med_type == Some(MedType::Chronic) || !visit.opsp_dise_code.is_empty() {
        check_id(&visit.opsp_dise_code, "visit.opsp_dise_code", wrong);
    }
}

fn check_days(visit: &Visit, today: NaiveDate, wrong: &mut Violations) -> Option<(NaiveDate, NaiveDate)> {
    let begin = check_day(&visit.begndate, "visit.begndate", wrong);
    let end = check_day(&visit.enddate, "visit.enddate", wrong);
    let (begin, end) = (begin?, end?);
    wrong.require(
        begin <= end,
        "visit.enddate",
        Reason::DatesReversed.saying("出院（结束）日期早于入院（开始）日期"),
    );
    wrong.require(end <= today, "visit.enddate", Reason::InTheFuture);
    Some((begin, end))
}

fn check_day(text: &str, field: &str, wrong: &mut Violations) -> Option<NaiveDate> {
    let day = parse_date(text);
    wrong.require(day.is_some(), field, Reason::DateInvalid);
    day
}

fn check_marks(visit: &Visit, wrong: &mut Violations) {
    for (marks, field) in [(&visit.dise_codg, "visit.dise_codg"), (&visit.tags, "visit.tags")] {
        if marks.len() > MAX_MARKS {
            wrong
                .push(field, Reason::TooMany.saying(format!("最多 {MAX_MARKS} 项")))
                .with("limit", MAX_MARKS);
        }
        let fits = |mark: &String| !mark.is_empty() && mark.chars().count() <= MAX_ID;
        wrong.require(
            marks.iter().all(fits),
            field,
            Reason::TooLong.saying(format!("每项 1 至 {MAX_ID} 个字符")),
        );
    }
}

fn check_lines(
    lines: &[FeeLine],
    days: Option<(NaiveDate, NaiveDate)>,
    wrong: &mut Violations,
) -> Vec<CheckedLine> {
    if lines.is_empty() {
        wrong.push("visit.feedetail", Reason::Required.saying("至少一条费用明细"));
    }
    if lines.len() > MAX_LINES {
        let limit = wrong.push("visit.feedetail", Reason::TooManyLines);
        limit.with("limit", MAX_LINES).with("lines", lines.len());
        return Vec::new();
    }
    let mut numbers = BTreeSet::new();
    let mut checked = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        let field = |name: &str| format!("visit.feedetail[{index}].{name}");
        check_id(&line.feedetl_sn, &field("feedetl_sn"), wrong);
        wrong.require(
            numbers.insert(&line.feedetl_sn),
            field("feedetl_sn"),
            Reason::Duplicate.saying("费用明细流水号重复"),
        );
        check_id(&line.hilist_code, &field("hilist_code"), wrong);
        for (code, name) in [(&line.bilg_dept_codg, "bilg_dept_codg"), (&line.bilg_dr_codg, "bilg_dr_codg")] {
            if !code.is_empty() {
                check_id(code, &field(name), wrong);
            }
        }
        checked.extend(check_line(line, days, &field, wrong));
    }
    let total = checked.iter().try_fold(0i64, |sum, line| sum.checked_add(line.amount.0));
    let within = total.is_some_and(|total| total <= MAX_FEN);
    wrong.require(within, "visit.feedetail", Reason::AmountTooLarge.saying("费用总额超过 16 位"));
    checked
}

fn check_line(
    line: &FeeLine,
    days: Option<(NaiveDate, NaiveDate)>,
    field: &dyn Fn(&str) -> String,
    wrong: &mut Violations,
) -> Option<CheckedLine> {
    let quantity = check_decimal(&line.cnt, 4).filter(|cnt| *cnt > Decimal::ZERO);
    wrong.require(quantity.is_some(), field("cnt"), Reason::QuantityInvalid);
    let price = check_decimal(&line.pric, 6).filter(|pric| !pric.is_sign_negative());
    wrong.require(
        price.is_some(),
        field("pric"),
        Reason::PriceInvalid.saying("单价应为不小于 0、最多 6 位小数的数"),
    );
    let amount = line.det_item_fee_sumamt_fen;
    wrong.require(amount >= 0, field("det_item_fee_sumamt_fen"), Reason::AmountNegative);
    wrong.require(amount <= MAX_FEN, field("det_item_fee_sumamt_fen"), Reason::AmountTooLarge);
    let day = check_fee_day(line, days, field, wrong);
    let (quantity, price_fen) = (quantity?, price?.checked_mul(Decimal::ONE_HUNDRED)?);
    let product = quantity.checked_mul(price_fen).and_then(Fen::try_round);
    if amount >= 0 && product != Some(Fen(amount)) {
        let expected = product.map_or_else(|| "超出范围".to_owned(), |product| product.0.to_string());
        wrong.push(field("det_item_fee_sumamt_fen"), Reason::AmountMismatch).with("expected_fen", expected);
    }
    Some(CheckedLine { quantity, price_fen, amount: Fen(amount), day: day? })
}

fn check_fee_day(
    line: &FeeLine,
    days: Option<(NaiveDate, NaiveDate)>,
    field: &dyn Fn(&str) -> String,
    wrong: &mut Violations,
) -> Option<NaiveDate> {
    let (begin, end) = days?;
    if line.fee_ocur_date.is_empty() {
        return Some(end);
    }
    let day = check_day(&line.fee_ocur_date, &field("fee_ocur_date"), wrong)?;
    wrong.require(begin <= day && day <= end, field("fee_ocur_date"), Reason::OutsideVisit);
    Some(day)
}
