//! Institutions: 定点医药机构.

use crate::dictionary;

dictionary! {
    /// The level of an institution as benefit policies distinguish it (村/社区 to 省部属).
    ///
    /// The national `hosp_lv` (三级甲等 …) is finer in grade but does not know 基层 and
    /// 省部属, which most policies price apart, so an institution is registered with this one.
    Tier {
        Primary = "primary", "基层医疗机构";
        First = "first", "一级及未定级";
        Second = "second", "二级";
        Third = "third", "三级";
        Provincial = "provincial", "省部属三级";
    }
}

dictionary! {
    /// 定点医药机构类型 `fixmedins_type` (docs/CODES.md).
    InstitutionType {
        Hospital = "1", "定点医疗机构";
        Pharmacy = "2", "定点零售药店";
    }
}

dictionary! {
    /// How an institution's contract (医保协议) stands; our own codes.
    ContractStatus {
        Signed = "signed", "在协议期";
        Suspended = "suspended", "中止";
        Ended = "ended", "解除或终止";
    }
}

/// Whether it is a 定点医药机构编号: 12 characters, a letter and digits (docs/CODES.md, Amounts).
pub fn is_fixmedins_code(code: &str) -> bool {
    let (letter, digits) = (code.get(..1).unwrap_or_default(), code.get(1..).unwrap_or_default());
    code.len() == 12
        && letter.bytes().all(|b| b.is_ascii_uppercase())
        && digits.bytes().all(|b| b.is_ascii_digit())
}
