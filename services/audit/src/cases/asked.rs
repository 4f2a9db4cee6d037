//! What requests about cases say, checked: everything that is wrong at once.

use std::collections::BTreeSet;

use yizhan_proto::audit::v1::{CaseAmount, CaseLine, CasePaper};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};

use super::domain::{MAX_ID, is_id};

/// Lines of a case at most.
pub const MAX_LINES: usize = 500;
/// Papers of a step at most.
const MAX_PAPERS: usize = 20;
/// Experts of a joint review, or officers of a check, at most.
const MAX_EXPERTS: usize = 20;
/// Longest 经办人编号, or number of a settlement, line, doctor or institution.
const MAX_NUMBER: usize = 30;
/// Longest 违规内容 and 违规依据, characters.
const MAX_CONTENT: usize = 200;

/// Notes what is no such number.
pub fn number(fields: &mut Fields<'_>, field: &str, text: &str, needed: bool) {
    let longest = if matches!(field, "file_id" | "jr_id" | "rule_id") { MAX_ID } else { MAX_NUMBER };
    let fits = text.len() <= longest && text.bytes().all(|b| b.is_ascii_graphic());
    fields.require(!needed || !text.is_empty(), field, Reason::Required);
    fields.require(fits, field, Reason::Characters.saying(format!("最多 {longest} 位可见 ASCII 字符")));
}

/// 经办人编号, which every officer has.
pub fn check_opter(caller: &Caller, opter: &str, wrong: &mut Violations) {
    let needed = !matches!(caller, Caller::Institution { .. });
    wrong.require(!needed || !opter.is_empty(), "opter", Reason::Required.saying("缺少经办人编号"));
    wrong.require(is_opter(opter), "opter", Reason::OpterInvalid);
}

/// Whether it can be the number of an officer or expert, or nothing.
pub fn is_opter(opter: &str) -> bool {
    opter.len() <= MAX_NUMBER && opter.bytes().all(|b| b.is_ascii_graphic())
}

/// The lines a case is opened on, each once.
pub fn lines(given: &[CaseLine], needed: bool, wrong: &mut Violations) {
    wrong.require(!needed || !given.is_empty(), "lines", Reason::Required.saying("请填写明细，或选择疑点"));
    wrong.require(given.len() <= MAX_LINES, "lines", Reason::TooMany.saying(format!("最多 {MAX_LINES} 条")));
    let mut keys = BTreeSet::new();
    for (at, line) in given.iter().take(MAX_LINES).enumerate() {
        let prefix = format!("lines[{at}].");
        let mut fields = Fields::within(&prefix, wrong);
        let first = keys.insert((&line.setl_id, &line.feedetl_sn));
        fields.require(first, "feedetl_sn", Reason::Duplicate);
        number(&mut fields, "setl_id", &line.setl_id, true);
        number(&mut fields, "feedetl_sn", &line.feedetl_sn, false);
        number(&mut fields, "bilg_dr_codg", &line.bilg_dr_codg, false);
        fields.require(
            line.jr_id.is_empty(),
            "jr_id",
            Reason::FieldNotExpected.saying("疑点在 jr_ids 中选择"),
        );
        number(&mut fields, "rule_id", &line.rule_id, false);
        fields.text("vola_bhvr_type", &line.vola_bhvr_type, false);
        for (field, text) in [("vola_cont", &line.vola_cont), ("vola_evid", &line.vola_evid)] {
            let fits = text.chars().count() <= MAX_CONTENT;
            fields.require(fits, field, Reason::TooLong.saying(format!("最多 {MAX_CONTENT} 个字符")));
        }
        fields.require(line.vola_amt_fen >= 0, "vola_amt_fen", not_negative());
    }
}

/// The findings it is opened on, each once.
pub fn jr_ids(given: &[String], wrong: &mut Violations) {
    let said = Reason::TooMany.saying(format!("最多 {MAX_LINES} 个"));
    wrong.require(given.len() <= MAX_LINES, "jr_ids", said);
    for (at, jr_id) in given.iter().take(MAX_LINES).enumerate() {
        let field = format!("jr_ids[{at}]");
        let fits = (1..=MAX_ID).contains(&jr_id.len()) && jr_id.bytes().all(|b| b.is_ascii_graphic());
        wrong.require(fits, field.as_str(), Reason::Characters);
        wrong.require(!given[..at].contains(jr_id), field, Reason::Duplicate);
    }
}

fn not_negative() -> yizhan_runtime::Said {
    Reason::AmountInvalid.saying("金额不能小于零")
}

/// Papers of a step.
pub fn papers(given: &[CasePaper], wrong: &mut Violations) {
    let said = Reason::TooMany.saying(format!("最多 {MAX_PAPERS} 份"));
    wrong.require(given.len() <= MAX_PAPERS, "papers", said);
    for (at, paper) in given.iter().take(MAX_PAPERS).enumerate() {
        let prefix = format!("papers[{at}].");
        let mut fields = Fields::within(&prefix, wrong);
        number(&mut fields, "file_id", &paper.file_id, true);
        fields.text("note", &paper.note, false);
    }
}

/// Amounts of a step. Whether the case has such lines shows later.
pub fn amounts(given: &[CaseAmount], wrong: &mut Violations) {
    let said = Reason::TooMany.saying(format!("最多 {MAX_LINES} 条"));
    wrong.require(given.len() <= MAX_LINES, "amounts", said);
    for (at, amount) in given.iter().take(MAX_LINES).enumerate() {
        let prefix = format!("amounts[{at}].");
        let mut fields = Fields::within(&prefix, wrong);
        number(&mut fields, "setl_id", &amount.setl_id, true);
        number(&mut fields, "feedetl_sn", &amount.feedetl_sn, false);
        fields.require(amount.amount_fen >= 0, "amount_fen", not_negative());
    }
}

/// Officers of a check, and those with a stake, each once.
pub fn officers(officers: &[String], recused: &[String], wrong: &mut Violations) {
    for (field, list) in [("officers", officers), ("recused", recused)] {
        let said = Reason::TooMany.saying(format!("最多 {MAX_EXPERTS} 人"));
        wrong.require(list.len() <= MAX_EXPERTS, field, said);
        for (at, officer) in list.iter().take(MAX_EXPERTS).enumerate() {
            let fits = !officer.is_empty() && is_opter(officer);
            wrong.require(fits, format!("{field}[{at}]"), Reason::OpterInvalid);
            wrong.require(!list[..at].contains(officer), format!("{field}[{at}]"), Reason::Duplicate);
        }
    }
}

/// Experts who are to be asked, and how many of them have to answer.
pub fn experts(given: &[String], needed: i32, wrong: &mut Violations) {
    let said = || Reason::CountInvalid.saying(format!("最多 {MAX_EXPERTS} 人"));
    wrong.require((0..=MAX_EXPERTS as i32).contains(&needed), "opinions_needed", said());
    wrong.require(given.len() <= MAX_EXPERTS, "experts", said());
    for (at, expert) in given.iter().take(MAX_EXPERTS).enumerate() {
        let fits = !expert.is_empty() && is_opter(expert);
        wrong.require(fits, format!("experts[{at}]"), Reason::OpterInvalid);
    }
}

/// Nobody has this case, or the caller may not know of it.
pub fn case_unknown(case_id: &str) -> ServiceError {
    let shown = Some(case_id).filter(|id| is_id(id)).unwrap_or_default();
    ServiceError::new(Reason::CaseUnknown, "no such case").with("case_id", shown)
}
