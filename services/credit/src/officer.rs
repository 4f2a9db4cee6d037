//! What an officer says with what is entered.

use std::ops::RangeInclusive;

use yizhan_runtime::{Caller, Fields, Reason, Violations};
use yizhan_workflow::is_reason;

/// Longest 经办人编号.
const MAX_OPTER: usize = 30;
/// Years that something can be of.
const YEARS: RangeInclusive<i32> = 2000..=2999;

/// 经办人编号, without which an agency enters nothing.
pub fn check_opter(caller: &Caller, opter: &str, wrong: &mut Violations) {
    let needed = matches!(caller, Caller::Agency { .. });
    wrong.require(!needed || !opter.is_empty(), "opter", Reason::Required.saying("缺少经办人编号"));
    let fits = opter.len() <= MAX_OPTER && opter.bytes().all(|byte| byte.is_ascii_graphic());
    wrong.require(fits, "opter", Reason::OpterInvalid);
}

/// A text of at most 200 characters.
pub fn check_said(field: &str, text: &str, needed: bool, wrong: &mut Violations) {
    wrong.require(!needed || !text.trim().is_empty(), field, Reason::TextRequired);
    wrong.require(is_reason(text), field, Reason::TextInvalid.saying("最多 200 个字符"));
}

/// A calendar year.
pub fn check_year(year: i32, fields: &mut Fields) {
    fields.require(YEARS.contains(&year), "year", Reason::DateInvalid);
}
