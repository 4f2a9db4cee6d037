//! Persons: 险种类型 and whether somebody works or has retired.

use crate::dictionary;

dictionary! {
    /// 险种类型 `insutype` (docs/CODES.md), in the order of their codes.
    Insutype {
        Employee = "310", "职工基本医疗保险";
        CivilServantSubsidy = "320", "公务员医疗补助";
        LargeExpenseSubsidy = "330", "大额医疗费用补助";
        VeteranCadre = "340", "离休人员医疗保障";
        DisabledSoldier = "350", "一至六级残疾军人医疗补助";
        RedArmyVeteran = "360", "老红军医疗保障";
        EnterpriseSupplement = "370", "企业补充医疗保险";
        RuralCooperative = "380", "新型农村合作医疗";
        Resident = "390", "城乡居民基本医疗保险";
        UrbanResident = "391", "城镇居民基本医疗保险";
        CriticalIllness = "392", "城乡居民大病医疗保险";
        OtherSpecial = "399", "其他特殊人员医疗保障";
        LongTermCare = "410", "长期照护保险";
        Maternity = "510", "生育保险";
    }
}

impl Insutype {
    /// The basic schemes, of which a person has one on a day; in the order they are asked when a question names none.
    pub const BASIC: [Insutype; 8] = {
        use Insutype::*;
        [
            Employee,
            VeteranCadre,
            DisabledSoldier,
            RedArmyVeteran,
            OtherSpecial,
            Resident,
            UrbanResident,
            RuralCooperative,
        ]
    };

    /// Those that a visit is settled under.
    pub const SETTLED: [Insutype; 3] = [Insutype::Employee, Insutype::VeteranCadre, Insutype::Resident];

    /// Whether it is a basic scheme; the others come on top of one.
    pub fn is_basic(self) -> bool {
        Insutype::BASIC.contains(&self)
    }

    /// The one with this code that a visit is settled under.
    pub fn settled(code: &str) -> Option<Insutype> {
        Insutype::from_code(code).filter(|insutype| Insutype::SETTLED.contains(insutype))
    }

    /// Whether it is 居民: the merged scheme and the two it came from.
    pub fn is_of_residents(self) -> bool {
        matches!(self, Insutype::Resident | Insutype::UrbanResident | Insutype::RuralCooperative)
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
    fn schemes_are_in_the_order_of_their_codes() {
        assert!(Insutype::ALL.is_sorted_by_key(|insutype| insutype.code()) && Insutype::ALL.is_sorted());
        assert_eq!(Insutype::settled("391"), None);
        assert!(Insutype::SETTLED.iter().all(|insutype| insutype.is_basic()));
        assert_eq!(serde_json::from_str::<Insutype>("\"510\"").unwrap(), Insutype::Maternity);
        assert!(serde_json::from_str::<Insutype>("\"39901\"").is_err());
    }

    #[test]
    fn both_lengths_of_psn_type() {
        assert_eq!(Status::from_psn_type("12"), Some(Status::Retired));
        assert_eq!(Status::from_psn_type("1102"), Some(Status::InService));
        assert_eq!(Status::from_psn_type("1404"), Some(Status::Student));
        assert_eq!(Status::from_psn_type("99"), None);
        assert_eq!(Status::from_psn_type("职工"), None);
    }
}
