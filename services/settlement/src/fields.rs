//! Fields of settlement's requests, beside those that every service has ([`Fields`]).

use rust_decimal::Decimal;
use yizhan_money::MAX_FEN;
use yizhan_runtime::fields::Fields;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};

/// Characters of an identifier (mdtrt_id, setl_id, hilist_code …) at most (docs/CODES.md, Amounts).
pub const MAX_ID: usize = 30;
/// Characters of a reference to a paper or an account at most.
pub const MAX_REFERENCE: usize = 64;

/// An identifier: given, short enough, printable ASCII.
pub fn check_id(fields: &mut Fields<'_>, field: &str, value: &str) {
    if value.len() > MAX_ID {
        let text = format!("最多 {MAX_ID} 个字符");
        fields.wrong(field, Reason::TooLong.saying(text)).with("limit", MAX_ID);
    } else if fields.require(!value.is_empty(), field, Reason::Required) {
        fields.require(value.bytes().all(|byte| byte.is_ascii_graphic()), field, Reason::Characters);
    }
}

/// Refuses who is not this institution and does not act for it.
///
/// # Errors
/// INSTITUTION_NOT_OWN.
pub fn require_own_institution(caller: &Caller, code: &str) -> Result<(), ServiceError> {
    if caller.may_act_for_institution(code) {
        return Ok(());
    }
    let error = ServiceError::new(Reason::InstitutionNotOwn, "the visit is another institution's");
    Err(error.with_text("只能办理本机构的就诊"))
}

/// What is wrong with a person named by area and number.
pub fn check_person(psn_no: &str, poolarea_no: &str) -> Violations {
    let mut wrong = Violations::new();
    let mut fields = Fields::of(&mut wrong);
    fields.psn_no("psn_no", psn_no);
    fields.area("poolarea_no", poolarea_no);
    wrong
}

/// A plain decimal (no exponent) with at most `places` decimals and 16 digits.
pub fn decimal(text: &str, places: u32) -> Option<Decimal> {
    let plain = !text.is_empty()
        && text.len() <= 24
        && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    let value: Decimal = plain.then(|| text.parse().ok()).flatten()?;
    (value.normalize().scale() <= places && value.abs() <= Decimal::from(MAX_FEN)).then_some(value)
}

/// A reference to something that is kept elsewhere.
pub fn reference(fields: &mut Fields<'_>, field: &str, text: &str, needed: bool) {
    fields.require(!needed || !text.is_empty(), field, Reason::Required);
    let fits = text.len() <= MAX_REFERENCE && text.bytes().all(|byte| byte.is_ascii_graphic());
    fields.require(fits, field, Reason::Characters.saying(format!("最多 {MAX_REFERENCE} 位可见 ASCII 字符")));
}
