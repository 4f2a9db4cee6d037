//! The national rules on entitlement, and what areas made of them: dated documents ([`yizhan_documents`]) that a policy officer can
//! read (`services/enrollment/rules`).

mod departments;
mod families;
mod load;

use std::sync::LazyLock;

use include_dir::{Dir, include_dir};
use yizhan_documents::calendar::NATIONAL;
use yizhan_documents::{families, texts};

pub use departments::{Department, Departments, Fact, Kin, Kind};
pub use families::{
    Begun, Continuity, DayOfYear, Employee, Enrolment, FirstDay, KinshipRule, LateNewborn, Newborn, Refund,
    RewardRule, Student, TransferDays, Unconfirmed, WaitingRule,
};
pub use yizhan_documents::calendar::{Calendar, WorkingDays};
pub use yizhan_documents::{Dated, NoRule};

families! {
    /// What a document of entitlement rules may hold.
    pub struct Entitlement, called "待遇规则", embedded embedded_texts() => {
        enrolment: Enrolment = "resident_enrolment", read load::enrolment, keys Enrolment::KEYS;
        waiting: WaitingRule = "resident_waiting", read WaitingRule::read, keys WaitingRule::KEYS;
        newborn: Newborn = "newborn", read Newborn::read, keys Newborn::KEYS;
        student: Student = "student", read Student::read, keys Student::KEYS;
        refund: Refund = "refund", read Refund::read, keys Refund::KEYS;
        continuity: Continuity = "continuity", read Continuity::read, keys Continuity::KEYS;
        employee: Employee = "employee", read Employee::read, keys Employee::KEYS;
        reward: RewardRule = "reward", read RewardRule::read, keys RewardRule::KEYS;
        transfer: TransferDays = "transfer", read TransferDays::read, keys TransferDays::KEYS;
        kinship: KinshipRule = "kinship", read KinshipRule::read, keys KinshipRule::KEYS;
        departments: Departments = "departments", read Departments::read, keys Departments::KEYS;
        calendar: Calendar = "calendar", read Calendar::read, keys Calendar::KEYS;
    }
}

/// The rules of entitlement, asked by area and day.
pub type Rules = yizhan_documents::Rules<Entitlement>;
/// The same in memory, as they are now.
pub type RulesBook = yizhan_rules::RulesBook<Entitlement>;

/// The embedded documents, as file name and text, in order of name; the later one of an area goes first.
pub fn embedded_texts() -> &'static [(&'static str, &'static str)] {
    static FOLDER: Dir = include_dir!("$CARGO_MANIFEST_DIR/rules");
    static FILES: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| [vec![NATIONAL], texts(&FOLDER)].concat());
    &FILES
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use yizhan_documents::load;

    use yizhan_terms::Area;

    use super::*;

    fn area(code: &str) -> Area {
        code.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn every_family_is_in_force_everywhere_from_2025_on() {
        let rules = Rules::embedded();
        for area in ["110000", "360100", "430281", "411000"].map(area) {
            for year in [2025, 2026, 2040] {
                let day = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
                rules.find::<Enrolment>(area, day).unwrap();
                rules.find::<WaitingRule>(area, day).unwrap();
                rules.find::<Newborn>(area, day).unwrap();
                rules.find::<Continuity>(area, day).unwrap();
                rules.find::<Employee>(area, day).unwrap();
                rules.find::<RewardRule>(area, day).unwrap();
            }
        }
    }

    #[test]
    fn the_nearest_area_decides_and_the_rest_is_the_nation_s() {
        let rules = Rules::embedded();
        let reward = |code| rules.find::<RewardRule>(area(code), day("2026-06-01")).unwrap();
        assert_eq!(reward("110000").rule.per_year_fen, 100_000);
        assert_eq!(reward("360100").rule.per_year_fen, 300_000);
        assert_eq!(
            (reward("411081").rule.limit_fen, reward("410100").rule.limit_fen),
            (Some(8_000_000), None)
        );
        assert!(reward("411081").citation.contains("许昌"));
        let waiting = rules.find::<WaitingRule>(area("360100"), day("2026-06-01")).unwrap();
        assert_eq!(waiting.id, "national-entitlement@2024.38/resident_waiting/2025-01-01");
        assert!(waiting.citation.starts_with("国办发〔2024〕38号"));
        let before = rules.find::<WaitingRule>(area("360100"), day("2024-12-31")).unwrap_err();
        assert_eq!(before.family, "resident_waiting");
        let opens = |year| {
            rules
                .find::<Enrolment>(area("360100"), day(&format!("{year}-01-01")))
                .unwrap()
                .rule
                .opens
                .of(year)
        };
        assert_eq!((opens(2025), opens(2026)), (day("2024-09-15"), day("2025-10-15")));
    }

    #[test]
    fn a_later_document_of_the_same_area_goes_first() {
        let mut rules = Rules::embedded();
        let text = "rules: x\nversion: \"1\"\ntitle: 江西修订\narea: \"360000\"\nsources:\n  s: { title: 新文件, quality: G }\n\
                    newborn:\n  - { from: 2026-07-01, source: s, within_days: 180 }\n";
        rules.publish(load("x.yaml", text).unwrap());
        let within = |code, on| rules.find::<Newborn>(area(code), day(on)).unwrap().rule.within_days;
        assert_eq!((within("360100", "2026-06-30"), within("360100", "2026-07-01")), (90, 180));
        assert_eq!(within("430200", "2026-07-01"), 90);
        assert!(rules.by_id::<Newborn>("x@1/newborn/2026-07-01").is_some());
    }
}
