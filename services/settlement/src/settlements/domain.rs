//! Rules of a visit that stand in no policy.

pub mod chain;
pub mod paid;

use yizhan_money::Fen;
use yizhan_terms::{Care, InstitutionType, MedType};

/// Whether institutions of this kind settle this 医疗类别.
pub fn is_offered(kind: InstitutionType, med_type: MedType) -> bool {
    kind != InstitutionType::Pharmacy
        || matches!(med_type, MedType::Pharmacy | MedType::Chronic | MedType::PooledOutpatient)
}

/// 急诊抢救: marked so, or 急诊 and 急诊转住院 by its category (docs/CODES.md, med_type): the procedure asks for the
/// mark of an emergency (门诊急诊标志, 住院类型 急诊; art. 34), which these two categories are.
pub fn is_emergency(marked: bool, med_type: MedType) -> bool {
    marked || matches!(med_type, MedType::Emergency | MedType::EmergencyInpatient)
}

/// 清算类别 (docs/CODES.md, clr_type).
pub fn clearing_type(med_type: MedType) -> &'static str {
    match med_type.care() {
        _ if med_type.is_stay() => "21",
        Care::Pharmacy => "41",
        _ => "11",
    }
}

/// A part of a whole as a ratio with four decimals; empty when there is no whole.
pub fn share_of(part: Fen, whole: Fen) -> String {
    match whole {
        Fen::ZERO => String::new(),
        whole => format!("{:.4}", (part.decimal() / whole.decimal()).round_dp(4)),
    }
}
