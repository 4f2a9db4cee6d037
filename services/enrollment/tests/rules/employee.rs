//! 职工: from the month paid; a gap of three months made good; a longer one waits.

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
            "中断超过 3 个月：等待 6 个月",
            TRANSFER,
            worked,
            "2026-05-01",
            "2026-05-01",
            "2026-05-01.. from 2026-11-01 6+0",
        ),
        (
            "中断超过 3 个月，补缴也等待",
            TRANSFER,
            worked,
            "2026-05-01",
            "2026-01-01",
            "2026-01-01.. from 2026-11-01 6+0",
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
            "2027-12-01.. from 2028-10-01 6+0",
        ),
        (
            "年末停保，8 月底缴费，等待跨年",
            TRANSFER,
            worked,
            "2026-08-31",
            "2026-08-01",
            "2026-08-01.. from 2027-02-01 6+0",
        ),
    ] {
        let decision = employee(&person(before), paid_on, begndate);
        assert_eq!(told(&decision), expected, "{case}");
        cites(&decision, document);
    }
}

/// A coverage that is ended and begun again while it waits goes on waiting.
#[test]
fn waiting_is_not_escaped_by_ending_the_coverage() {
    let mut person = person("310 2020-01-01..2025-06-30");
    let late = employee(&person, "2026-01-20", "2026-01-01");
    assert_eq!(told(&late), "2026-01-01.. from 2026-07-01 6+0");
    let mut held = coverage("310", "2026-01-01..2026-02-10");
    held.entitled_begndate = Some(late.entitled_begndate);
    person.put(held);
    let again = employee(&person, "2026-02-20", "2026-02-11");
    assert_eq!(again.entitled_begndate, day("2026-07-01"));
}
