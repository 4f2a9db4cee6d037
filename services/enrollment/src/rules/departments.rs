//! 部门: which department produces which identities, memberships and facts, in an area from a day on. Each datum comes from the
//! department that produces it; the agency may say everything.

use std::collections::BTreeSet;

use yizhan_documents::{At, Kind as Fault, Map, Reader, value};

use crate::person::domain::timeline::MembershipKind;

/// The departments of an area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departments(Vec<Department>);

/// A department that reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Department {
    /// The project's own code: the national interface has none. A caller says it (`department:330800.veterans`).
    pub code: String,
    /// What it is called.
    pub name: String,
    /// What its rosters may say.
    pub kinds: Vec<Kind>,
    /// What else it may record.
    pub facts: Vec<Fact>,
}

/// A kind of identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name, which policies match on.
    pub name: String,
    /// 人员身份类别 it is registered under; empty where no code is published.
    pub psn_idet_type: String,
    /// A local code that means the same: understood in a roster, not registered. May be empty.
    local_code: String,
    /// The membership that comes with it, which is what payers beside the basic schemes read.
    pub membership: Option<Kin>,
}

/// A membership that comes with an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kin {
    /// What it is about.
    pub kind: MembershipKind,
    /// What it is called or ranks as; by default the identity's name.
    pub category: String,
    /// What it continues; by default its category.
    pub series: String,
}

/// What a department may record besides rosters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// 死亡: RecordDeath.
    Deaths,
    /// 常住地: RecordResidences.
    Residences,
    /// 缴费: RecordContributions.
    Contributions,
    /// 户籍家庭: RecordHouseholds.
    Households,
}

impl Fact {
    /// Every one.
    pub const ALL: [Fact; 4] = [Fact::Deaths, Fact::Residences, Fact::Contributions, Fact::Households];

    /// As it stands in documents.
    pub fn code(self) -> &'static str {
        match self {
            Fact::Deaths => "deaths",
            Fact::Residences => "residences",
            Fact::Contributions => "contributions",
            Fact::Households => "households",
        }
    }

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Fact::Deaths => "死亡信息",
            Fact::Residences => "常住地",
            Fact::Contributions => "缴费信息",
            Fact::Households => "户籍家庭",
        }
    }
}

impl Departments {
    /// The keys of a version.
    pub const KEYS: &'static [&'static str] = &["reporters"];

    /// Reads a version; `None` after something wrong was reported.
    pub fn read(_: &Reader, map: &Map) -> Option<Self> {
        let (mut codes, mut meanings) = (BTreeSet::new(), BTreeSet::new());
        let read = |at: At| department(&at, &mut codes, &mut meanings);
        map.required("reporters", |at| at.list_of(read)).map(Departments)
    }

    /// The department of a code.
    pub fn of(&self, code: &str) -> Option<&Department> {
        self.0.iter().find(|department| department.code == code)
    }

    /// Their codes.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|department| department.code.as_str())
    }
}

impl Department {
    /// The kind meant by a name, a code, or both (then both must mean it).
    pub fn kind(&self, name: &str, code: &str) -> Option<&Kind> {
        let named = |kind: &&Kind| name.is_empty() || kind.name == name;
        let coded = |kind: &&Kind| {
            code.is_empty() || [kind.psn_idet_type.as_str(), kind.local_code.as_str()].contains(&code)
        };
        let said = !(name.is_empty() && code.is_empty());
        self.kinds.iter().find(|kind| said && named(kind) && coded(kind))
    }
}

fn department(at: &At, codes: &mut BTreeSet<String>, meanings: &mut BTreeSet<String>) -> Option<Department> {
    let map = at.map(&["code", "name", "kinds", "facts"])?;
    let code = map.required("code", |at| once(codes, &at, value::name(&at)?));
    let name = text(&map, "name");
    let kinds = map.optional("kinds", |at| at.list_of(|at| kind(&at, meanings)));
    let facts = map.optional("facts", |at| at.set_of(|at| at.code(&Fact::ALL, Fact::code)));
    let (kinds, facts) = (kinds?.unwrap_or_default(), facts?.unwrap_or_default());
    Some(Department { code: code?, name: name?, kinds, facts })
}

/// Every name has one producer, and every code one meaning.
fn kind(at: &At, meanings: &mut BTreeSet<String>) -> Option<Kind> {
    let map = at.map(&["name", "psn_idet_type", "local_code", "membership", "category", "series"])?;
    let name = map.required("name", |at| once(meanings, &at, at.text()?));
    let mut code = |key| map.optional(key, |at| once(meanings, &at, at.text()?));
    let (psn_idet_type, local_code) = (code("psn_idet_type"), code("local_code"));
    let said = map.optional("membership", |at| {
        at.code(&MembershipKind::REPORTED, |(_, word)| word).map(|(kind, _)| kind)
    });
    let category = map.optional("category", |at| at.text().map(str::to_owned));
    let series = map.optional("series", |at| at.text().map(str::to_owned));
    let (name, category, series) = (name?, category?, series?);
    let membership = said?.map(|kind| {
        let category = category.unwrap_or_else(|| name.clone());
        Kin { kind, series: series.unwrap_or_else(|| category.clone()), category }
    });
    let (psn_idet_type, local_code) = (psn_idet_type?.unwrap_or_default(), local_code?.unwrap_or_default());
    Some(Kind { name, psn_idet_type, local_code, membership })
}

fn text(map: &Map, key: &str) -> Option<String> {
    map.required(key, |at| at.text().map(str::to_owned))
}

fn once(seen: &mut BTreeSet<String>, at: &At, said: &str) -> Option<String> {
    if seen.insert(said.to_owned()) {
        return Some(said.to_owned());
    }
    at.problem(Fault::DuplicateValue, format!("`{said}` stands in this list already"))
}

#[cfg(test)]
mod tests {
    use yizhan_documents::load;
    use yizhan_terms::Area;

    use super::super::{Entitlement, Rules};
    use super::*;

    fn shipped() -> Departments {
        let day = "2026-01-01".parse().unwrap();
        Rules::embedded().find::<Departments>(Area::NATION, day).unwrap().rule.clone()
    }

    #[test]
    fn a_kind_is_found_by_name_or_code() {
        let shipped = shipped();
        let civil = shipped.of("civil-affairs").unwrap();
        assert_eq!(civil.kind("特困", "").unwrap().psn_idet_type, "2304");
        assert_eq!(civil.kind("", "7131").unwrap().name, "特困");
        assert_eq!(civil.kind("孤儿", "7041").unwrap().psn_idet_type, "");
        for (name, code) in [("", ""), ("特困", "2303"), ("优抚", ""), ("", "9999")] {
            assert_eq!(civil.kind(name, code), None, "{name} {code}");
        }
    }

    /// Who reports what beside identities.
    #[test]
    fn the_shipped_departments_report_memberships_and_facts() {
        let shipped = shipped();
        let told = |department: &str, kind: &str| {
            shipped.of(department).unwrap().kind(kind, "").unwrap().membership.clone()
        };
        let veteran = told("veterans", "烈士遗属").unwrap();
        assert_eq!((veteran.kind, veteran.category.as_str()), (MembershipKind::Veteran, "烈士遗属"));
        assert_eq!(told("union", "36元").unwrap().kind, MembershipKind::Union);
        assert_eq!(told("civil-servants", "科级").unwrap().kind, MembershipKind::CivilServant);
        assert_eq!(told("commercial-insurers", "惠衢保2021").unwrap().series, "惠衢保");
        assert_eq!(shipped.of("police").unwrap().facts, [Fact::Deaths, Fact::Residences, Fact::Households]);
        assert_eq!(shipped.of("tax").unwrap().facts, [Fact::Contributions]);
    }

    #[test]
    fn a_name_has_one_producer() {
        let text = "rules: x\nversion: \"1\"\ntitle: 试\narea: \"330800\"\nsources:\n  s: { title: t, quality: P }\n\
                    departments:\n  - from: 2026-01-01\n    source: s\n    reporters:\n      - { code: a, name: 甲, kinds: [{ name: 低保 }] }\n      \
                    - { code: b, name: 乙, kinds: [{ name: 低保, membership: veterans }], facts: [births] }\n";
        let problems = load::<Entitlement>("x.yaml", text).unwrap_err();
        let told: Vec<_> = problems.0.iter().map(|problem| problem.kind.code()).collect();
        assert_eq!(told, ["DUPLICATE_VALUE", "UNKNOWN_CODE", "UNKNOWN_CODE"]);
    }
}
