//! Persons: 险种类型 and whether somebody works or has retired.

use crate::dictionary;

dictionary! {
    /// 险种类型 `insutype`, the basic schemes a visit is settled under (docs/CODES.md).
    Insutype {
        Employee = "310", "职工基本医疗保险";
        VeteranCadre = "340", "离休人员医疗保障";
        Resident = "390", "城乡居民基本医疗保险";
    }
}

dictionary! {
    /// What the first two digits of 人员类别 `psn_type` say (docs/CODES.md): policies speak
    /// of 在职 and 退休, of children and students.
    Status {
        InService = "in_service", "在职";
        Retired = "retired", "退休";
        VeteranCadre = "veteran_cadre", "离休";
        Child = "child", "未成年居民";
        Student = "student", "大学生";
        Adult = "adult", "成年居民";
        Senior = "senior", "老年居民";
    }
}

impl Status {
    /// From `psn_type`, two digits (`12`) or four (`1201`): both appear in real messages.
    pub fn from_psn_type(psn_type: &str) -> Option<Status> {
        if !matches!(psn_type.len(), 2 | 4) || !psn_type.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        match &psn_type[..2] {
            "11" => Some(Status::InService),
            "12" => Some(Status::Retired),
            "13" => Some(Status::VeteranCadre),
            "14" if psn_type == "1404" => Some(Status::Student),
            "14" => Some(Status::Child),
            "15" => Some(Status::Adult),
            "16" => Some(Status::Senior),
            _ => None,
        }
    }
}

/// Whether this could be a 人员编号: 1 to 30 letters, digits, '-' or '_'; opaque.
pub fn is_psn_no(value: &str) -> bool {
    (1..=30).contains(&value.len())
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lengths_of_psn_type() {
        assert_eq!(Status::from_psn_type("12"), Some(Status::Retired));
        assert_eq!(Status::from_psn_type("1102"), Some(Status::InService));
        assert_eq!(Status::from_psn_type("1404"), Some(Status::Student));
        assert_eq!(Status::from_psn_type("99"), None);
        assert_eq!(Status::from_psn_type("职工"), None);
    }
}
