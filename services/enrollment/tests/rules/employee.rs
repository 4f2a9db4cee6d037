//! 职工: from the month paid; a gap of three months made good; after a longer one not, and an area may let them wait.

use yizhan_enrollment::person::domain::timeline::Timeline;
use yizhan_enrollment::rules::{Entitlement, Rules};
use yizhan_terms::Insutype;

use crate::build::*;

const TRANSFER: &str = "医保办发〔2021〕43号";
const PRACTICE: &str = "通行做法";

/// Case, document, insured before, paid on, paid from: days insured, first day entitled, months.
#[test]
fn when_employees_are_entitled() {
    let worked = "310 2020-01-01..2025-12-31";
    for (case, document, before, paid_on, begndate, expected) in [
        ("首次参保：缴费当月", PRACTICE, "", "2026-03-31", "2026-03-01", "2026-03-01.. from 2026-03-01 0+0"),
        (
            "首次参保，补缴前两个月：缴费当月起",
            PRACTICE,
            "",
            "2026-03-31",
            "2026-01-01",
            "2026-01-01.. from 2026-03-01 0+0",
        ),
        ("首次参保，闰日缴费", PRACTICE, "", "2028-02-29", "2028-02-01", "2028-02-01.. from 2028-02-01 0+0"),
        ("无中断", TRANSFER, worked, "2026-01-20", "2026-01-01", "2026-01-01.. from 2026-01-01 0+0"),
        (
            "中断 3 个月（含），补缴：追溯",
            TRANSFER,
            worked,
            "2026-04-30",
            "2026-01-01",
            "2026-01-01.. from 2026-01-01 0+0",
        ),
        (
            "中断 3 个月，不补缴：当月",
            TRANSFER,
            worked,
            "2026-04-30",
            "2026-04-01",
            "2026-04-01.. from 2026-04-01 0+0",
        ),
        (
            "中断超过 3 个月：当月",
            TRANSFER,
            worked,
            "2026-05-01",
            "2026-05-01",
            "2026-05-01.. from 2026-05-01 0+0",
        ),
        (
            "中断超过 3 个月，补缴不追溯",
            TRANSFER,
            worked,
            "2026-05-01",
            "2026-01-01",
            "2026-01-01.. from 2026-05-01 0+0",
        ),
        (
            "月中停保，次月 15 日到期",
            TRANSFER,
            "310 2020-01-01..2026-01-15",
            "2026-04-16",
            "2026-01-16",
            "2026-01-16.. from 2026-01-16 0+0",
        ),
        (
            "11 月 30 日停保，闰年 2 月底期满",
            TRANSFER,
            "310 2020-01-01..2027-11-30",
            "2028-03-31",
            "2027-12-01",
            "2027-12-01.. from 2027-12-01 0+0",
        ),
        (
            "11 月 30 日停保，4 月缴费",
            TRANSFER,
            "310 2020-01-01..2027-11-30",
            "2028-04-01",
            "2027-12-01",
            "2027-12-01.. from 2028-04-01 0+0",
        ),
        (
            "年末停保，8 月底缴费",
            TRANSFER,
            worked,
            "2026-08-31",
            "2026-08-01",
            "2026-08-01.. from 2026-08-01 0+0",
        ),
    ] {
        let decision = employee(&person(before), paid_on, begndate);
        assert_eq!(told(&decision), expected, "{case}");
        cites(&decision, document);
    }
}

/// “可设置不超过6个月的待遇享受等待期”: only where the area set one, and never more.
#[test]
fn an_area_may_let_them_wait_after_a_longer_gap() {
    let rules = six_months();
    let decide = |before: &str, paid_on: &str, begndate: &str| {
        let person = person(before);
        told(&payer(&person, "430200", paid_on, &rules).employee(Insutype::Employee, day(begndate)).unwrap())
    };
    let worked = "310 2020-01-01..2025-12-31";
    assert_eq!(decide(worked, "2026-05-01", "2026-05-01"), "2026-05-01.. from 2026-11-01 6+0");
    assert_eq!(
        decide(worked, "2026-05-01", "2026-01-01"),
        "2026-01-01.. from 2026-11-01 6+0",
        "paid back, and waits"
    );
    assert_eq!(
        decide(worked, "2026-08-31", "2026-08-01"),
        "2026-08-01.. from 2027-02-01 6+0",
        "over the year's end"
    );
    assert_eq!(
        decide(worked, "2026-04-30", "2026-01-01"),
        "2026-01-01.. from 2026-01-01 0+0",
        "three months"
    );
    let text = AREA.replace("waiting_months: 6", "waiting_months: 7");
    assert!(yizhan_documents::load::<Entitlement>("x.yaml", &text).is_err(), "more than the nation lets");
}

const AREA: &str = "rules: x\nversion: \"1\"\ntitle: 试\narea: \"430200\"\nsources:\n  s: { title: t, quality: P }\n\
    continuity:\n  - { from: 2021-12-01, source: s, gap_months: 3, continuous_years: 2, waiting_months: 6 }\n";

fn six_months() -> Rules {
    let mut rules = Rules::embedded();
    rules.publish(yizhan_documents::load("x.yaml", AREA).unwrap());
    rules
}

/// A coverage that is ended and begun again while it waits goes on waiting.
#[test]
fn waiting_is_not_escaped_by_ending_the_coverage() {
    let rules = six_months();
    let mut person = person("310 2020-01-01..2025-06-30");
    let decide = |person: &Timeline, paid_on: &str, begndate: &str| {
        payer(person, "430200", paid_on, &rules).employee(Insutype::Employee, day(begndate)).unwrap()
    };
    let late = decide(&person, "2026-01-20", "2026-01-01");
    assert_eq!(told(&late), "2026-01-01.. from 2026-07-01 6+0");
    let mut held = coverage("310", "2026-01-01..2026-02-10");
    held.entitled_begndate = Some(late.entitled_begndate);
    person.put(held);
    let again = decide(&person, "2026-02-20", "2026-02-11");
    assert_eq!(again.entitled_begndate, day("2026-07-01"));
}
