//! Fields that requests of several rooms have.

use rust_decimal::Decimal;
use yizhan_money::MAX_FEN;
use yizhan_runtime::{Reason, Violations};
use yizhan_terms::{Area, is_psn_no};

/// Characters of an identifier (mdtrt_id, setl_id, hilist_code …) at most (docs/CODES.md, Amounts).
pub const MAX_ID: usize = 30;

/// An identifier: given, short enough, printable ASCII.
pub fn check_id(value: &str, field: &str, wrong: &mut Violations) {
    if value.is_empty() {
        wrong.push(field, Reason::Required);
    } else if value.len() > MAX_ID {
        wrong.push(field, Reason::TooLong.saying(format!("最多 {MAX_ID} 个字符"))).with("limit", MAX_ID);
    } else if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        wrong.push(field, Reason::Characters);
    }
}

/// A 人员编号, as everywhere.
pub fn check_psn_no(value: &str, field: &str, wrong: &mut Violations) {
    wrong.require(is_psn_no(value), field, Reason::PsnNoInvalid.saying(Reason::PsnNoInvalid.text()));
}

/// A 6-digit admdvs.
pub fn check_area(admdvs: &str, field: &str, wrong: &mut Violations) {
    let six = Area::parse(admdvs).is_some();
    wrong.require(six, field, Reason::AreaInvalid);
}

/// What is wrong with a person named by area and number.
pub fn check_person(psn_no: &str, poolarea_no: &str) -> Violations {
    let mut wrong = Violations::new();
    check_psn_no(psn_no, "psn_no", &mut wrong);
    check_area(poolarea_no, "poolarea_no", &mut wrong);
    wrong
}

/// A plain decimal (no exponent) with at most `places` decimals and 16 digits.
pub fn check_decimal(text: &str, places: u32) -> Option<Decimal> {
    let plain = !text.is_empty()
        && text.len() <= 24
        && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    let value: Decimal = plain.then(|| text.parse().ok()).flatten()?;
    (value.normalize().scale() <= places && value.abs() <= Decimal::from(MAX_FEN)).then_some(value)
}
