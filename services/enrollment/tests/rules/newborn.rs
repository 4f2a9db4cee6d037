//! 新生儿: within 90 days after birth, entitled from birth.

use yizhan_enrollment::coverage::domain::entitlement::Payer;
use yizhan_enrollment::person::domain::timeline::Timeline;
use yizhan_enrollment::rules::Rules;

use crate::build::*;

/// docs/CODES.md, Waiting (江西; policy pages): case, born, paid, for the year, days insured, first day entitled.
#[test]
fn ninety_days_after_birth() {
    for (case, brdy, paid_on, year, expected) in [
        ("出生当天", "2025-03-01", "2025-03-01", 2025, "2025-03-01..2025-12-31 from 2025-03-01 0+0"),
        ("第 90 日", "2025-03-01", "2025-05-30", 2025, "2025-03-01..2025-12-31 from 2025-03-01 0+0"),
        (
            "第 91 日：不等待，缴费当天起",
            "2025-03-01",
            "2025-05-31",
            2025,
            "2025-05-31..2025-12-31 from 2025-05-31 0+0",
        ),
        (
            "闰日出生，第 90 日",
            "2028-02-29",
            "2028-05-29",
            2028,
            "2028-02-29..2028-12-31 from 2028-02-29 0+0",
        ),
        (
            "闰日出生，第 91 日",
            "2028-02-29",
            "2028-05-30",
            2028,
            "2028-05-30..2028-12-31 from 2028-05-30 0+0",
        ),
        ("跨年：缴出生年度", "2025-12-10", "2026-03-10", 2025, "2025-12-10..2025-12-31 from 2025-12-10 0+0"),
        ("跨年：缴次年", "2025-12-10", "2026-03-10", 2026, "2026-01-01..2026-12-31 from 2026-01-01 0+0"),
        ("跨年第 91 日", "2025-12-10", "2026-03-11", 2026, "2026-03-11..2026-12-31 from 2026-03-11 0+0"),
        ("出生后第 365 日", "2025-03-01", "2026-03-01", 2026, "2026-03-01..2026-12-31 from 2026-03-01 0+0"),
        (
            "第 366 日：按普通居民",
            "2025-03-01",
            "2026-03-02",
            2026,
            "2026-03-02..2026-12-31 from 2026-06-03 3+0",
        ),
    ] {
        let decision = resident(&born(brdy, ""), "430200", paid_on, year);
        assert_eq!(told(&decision), expected, "{case}");
        cites(&decision, if expected.ends_with("0+0") { "90 日" } else { "国办发〔2024〕38号" });
        cites(&decision, "国办发〔2024〕38号");
    }
}

/// From when a late newborn is entitled is the area's to say; who was insured before is no newborn.
#[test]
fn an_area_says_from_when_a_late_newborn_is_entitled() {
    let mut rules = Rules::embedded();
    let text = "rules: x\nversion: \"1\"\ntitle: 试\narea: \"430200\"\nsources:\n  s: { title: t, quality: P }\n\
                newborn:\n  - { from: 2026-01-01, source: s, within_days: 90, late: { within_days: 180, entitled: day_after_payment } }\n";
    rules.publish(yizhan_documents::load("x.yaml", text).unwrap());
    let decide = |person: &Timeline, area: &str, paid_on: &str| {
        told(&payer(person, area, paid_on, &rules).resident(2026).unwrap())
    };
    let child = born("2026-01-10", "");
    assert_eq!(decide(&child, "430200", "2026-05-20"), "2026-05-21..2026-12-31 from 2026-05-21 0+0");
    assert_eq!(
        decide(&child, "430200", "2026-07-10"),
        "2026-07-10..2026-12-31 from 2026-10-11 3+0",
        "day 181"
    );
    assert_eq!(decide(&child, "430100", "2026-05-20"), "2026-05-20..2026-12-31 from 2026-05-20 0+0");
    let known = born("2025-10-10", "390 2025-10-10..2025-12-31");
    assert_eq!(decide(&known, "430200", "2026-03-20"), "2026-03-20..2026-12-31 from 2026-06-21 3+0");
}

/// Who enters school is entitled from 1 September of that year and does not wait.
#[test]
fn students_from_september_of_the_year_of_entry() {
    let rules = Rules::embedded();
    let student = person("");
    let decide = |entering, paid_on: &str, year: i32| {
        let pays = Payer { entering, ..payer(&student, "430200", paid_on, &rules) };
        told(&pays.resident(year).unwrap())
    };
    assert_eq!(decide(Some("1404"), "2026-10-15", 2026), "2026-09-01..2026-12-31 from 2026-09-01 0+0");
    assert_eq!(decide(Some("1404"), "2026-07-20", 2026), "2026-09-01..2026-12-31 from 2026-09-01 0+0");
    assert_eq!(decide(None, "2026-10-15", 2026), "2026-10-15..2026-12-31 from 2027-01-16 3+0");
    assert_eq!(decide(Some("15"), "2026-10-15", 2026), "2026-10-15..2026-12-31 from 2027-01-16 3+0");
    assert_eq!(
        decide(Some("1404"), "2025-10-15", 2026),
        "2026-01-01..2026-12-31 from 2026-01-01 0+0",
        "in time"
    );
}
