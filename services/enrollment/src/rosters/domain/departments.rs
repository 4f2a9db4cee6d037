//! Which department produces which identities: each datum comes from the department that produces it (docs/CODES.md,
//! Departments). Names are those that policies match on; codes are psn_idet_type, where one is published. The codes in the
//! last column are local ones: understood in a roster, registered under the national one or none.

/// A department that sends rosters.
#[derive(Debug, PartialEq, Eq)]
pub struct Department {
    /// The project's own code: the national interface has none.
    pub code: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// What it produces.
    pub kinds: &'static [Kind],
}

/// A kind of identity.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// 人员身份类别 it is registered under; empty where no code is published.
    pub psn_idet_type: &'static str,
    /// A local code that means the same; may be empty.
    local_code: &'static str,
}

const fn kind(name: &'static str, psn_idet_type: &'static str, local_code: &'static str) -> Kind {
    Kind { name, psn_idet_type, local_code }
}

/// All of them.
pub const DEPARTMENTS: &[Department] = &[
    Department {
        code: "civil-affairs",
        name: "民政",
        kinds: &[
            kind("特困", "2304", "7131"),
            kind("低保", "2303", ""),
            kind("低保边缘", "", "7201"),
            kind("低收入", "2305", ""),
            kind("孤儿", "", "7041"),
            kind("事实无人抚养儿童", "", "7141"),
        ],
    },
    Department {
        code: "rural-affairs",
        name: "农业农村（乡村振兴）",
        kinds: &[
            kind("返贫致贫", "", "7202"),
            kind("监测对象", "", ""),
            kind("脱贫不稳定", "", "7203"),
            kind("边缘易致贫", "", "7204"),
            kind("突发严重困难", "", "7205"),
            kind("建档立卡", "2302", ""),
        ],
    },
    Department {
        code: "disabled-persons",
        name: "残联",
        kinds: &[kind("重度残疾", "", "7069"), kind("残疾人员", "2308", "")],
    },
    Department {
        code: "veterans",
        name: "退役军人事务",
        kinds: &[
            kind("优抚", "", "7052"),
            kind("因公牺牲军人家属", "2101", ""),
            kind("退役残疾军人", "2102", ""),
            kind("二等乙级伤残", "2103", ""),
            kind("一至六级残疾军人", "2104", ""),
            kind("老红军", "2105", ""),
            kind("现役军人家属", "2401", ""),
        ],
    },
    Department {
        code: "health",
        name: "卫生健康",
        kinds: &[kind("计生特殊家庭", "", ""), kind("失独父母", "6008", "")],
    },
    Department {
        code: "medical-insurance",
        name: "医疗保障",
        kinds: &[
            kind("因病致贫重病", "2306", "7110"),
            kind("救助对象", "", ""),
            kind("低保重度残疾", "", ""),
            kind("全额资助参保对象", "", ""),
            kind("定额资助参保对象", "", ""),
        ],
    },
];

/// The department of a code.
pub fn department(code: &str) -> Option<&'static Department> {
    DEPARTMENTS.iter().find(|department| department.code == code)
}

impl Department {
    /// The kind meant by a name, a code, or both (then both must mean it).
    pub fn kind(&self, name: &str, code: &str) -> Option<&'static Kind> {
        let named = |kind: &&Kind| name.is_empty() || kind.name == name;
        let coded = |kind: &&Kind| code.is_empty() || [kind.psn_idet_type, kind.local_code].contains(&code);
        let said = !(name.is_empty() && code.is_empty());
        self.kinds.iter().find(|kind| said && named(kind) && coded(kind))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_has_one_producer_and_every_code_one_meaning() {
        let kinds: Vec<&Kind> = DEPARTMENTS.iter().flat_map(|department| department.kinds).collect();
        let names: BTreeSet<_> = kinds.iter().map(|kind| kind.name).collect();
        assert_eq!(names.len(), kinds.len());
        let codes = kinds.iter().flat_map(|kind| [kind.psn_idet_type, kind.local_code]);
        let codes: Vec<_> = codes.filter(|code| !code.is_empty()).collect();
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
    }

    #[test]
    fn a_kind_is_found_by_name_or_code() {
        let civil = department("civil-affairs").unwrap();
        assert_eq!(civil.kind("特困", "").unwrap().psn_idet_type, "2304");
        assert_eq!(civil.kind("", "7131").unwrap().name, "特困");
        assert_eq!(civil.kind("孤儿", "7041").unwrap().psn_idet_type, "");
        for (name, code) in [("", ""), ("特困", "2303"), ("优抚", ""), ("", "9999")] {
            assert_eq!(civil.kind(name, code), None, "{name} {code}");
        }
    }
}
