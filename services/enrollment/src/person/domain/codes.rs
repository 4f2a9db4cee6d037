//! The dictionaries the register checks against (national interface; see the contract's comments for the names).

/// All psn_cert_type.
pub const CERTIFICATE_TYPES: [&str; 13] =
    ["01", "02", "03", "04", "05", "06", "07", "08", "09", "16", "17", "90", "99"];

/// 居民身份证.
pub const RESIDENT_IDENTITY_CARD: &str = "01";

/// 人员变动 (psn_chg_type).
const PERSON_CHANGES: [&str; 14] =
    ["11", "12", "13", "14", "21", "22", "23", "24", "25", "27", "31", "32", "37", "38"];
/// 冻结, a psn_chg_type.
pub const FROZEN: &str = "31";

/// 缴费类型.
const CONTRIBUTION_TYPES: [&str; 14] =
    ["10", "11", "20", "30", "32", "33", "34", "35", "36", "40", "60", "99", "991", "992"];
/// 征收方式.
const COLLECTION_WAYS: [&str; 11] = ["01", "02", "03", "04", "05", "06", "07", "08", "09", "11", "31"];

/// Whether it is a clct_type.
pub fn is_clct_type(code: &str) -> bool {
    CONTRIBUTION_TYPES.contains(&code)
}

/// Whether it is a clct_way.
pub fn is_clct_way(code: &str) -> bool {
    COLLECTION_WAYS.contains(&code)
}

/// Whether it is a psn_chg_type.
pub fn is_psn_chg_type(code: &str) -> bool {
    PERSON_CHANGES.contains(&code)
}

/// Whether it is a psn_cert_type.
pub fn is_psn_cert_type(code: &str) -> bool {
    CERTIFICATE_TYPES.contains(&code)
}

/// Whether it is a gend.
pub fn is_gend(code: &str) -> bool {
    ["0", "1", "2", "9"].contains(&code)
}

/// Whether it is a hi_type.
pub fn is_hi_type(code: &str) -> bool {
    ["1", "2", "3"].contains(&code)
}

/// Whether it is a psn_type, two or four digits.
pub fn is_psn_type(code: &str) -> bool {
    yizhan_terms::Status::from_psn_type(code).is_some()
}

/// Whether it is a med_type: two digits of the national core, or four of a local extension.
pub fn is_med_type(code: &str) -> bool {
    yizhan_terms::MedType::from_code(code).is_some()
        || (code.len() == 4 && code.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether care of this med_type is outside 住院统筹 (hi_type 3): 普通门诊, 门诊挂号, 门诊统筹 and 定点药店购药.
pub fn outside_inpatient_pooling(med_type: &str) -> bool {
    ["11", "12", "15", "41"].contains(&med_type)
}
