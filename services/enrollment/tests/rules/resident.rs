//! 居民: centralised period, fixed and variable waiting months, exempt groups; month-end, leap day, year-end.

use yizhan_enrollment::rules::{Departments, Rules, WaitingRule};

use crate::build::*;

const GUIDE: &str = "国办发〔2024〕38号";

/// Case, document cited, area, insured before, paid on, for the year: days insured, first day entitled, months.
#[test]
fn when_residents_are_entitled() {
    for (case, document, area, before, paid_on, year, expected) in [
        // The centralised period (医保发〔2024〕19号; docs/CODES.md, Waiting: coverage year after centralised payment).
        (
            "续保，集中期第一天",
            "医保发〔2024〕19号",
            "430200",
            "390 2025-01-01..2025-12-31",
            "2025-09-01",
            2026,
            "2026-01-01..2026-12-31 from 2026-01-01 0+0",
        ),
        (
            "续保，集中期最后一天",
            "医保发〔2024〕19号",
            "430200",
            "390 2025-01-01..2025-12-31",
            "2025-12-31",
            2026,
            "2026-01-01..2026-12-31 from 2026-01-01 0+0",
        ),
        (
            "首次参保，集中期内",
            "医保发〔2024〕19号",
            "430200",
            "",
            "2025-10-08",
            2026,
            "2026-01-01..2026-12-31 from 2026-01-01 0+0",
        ),
        (
            "集中期后一天：固定 3 个月，元旦缴费",
            GUIDE,
            "430200",
            "390 2025-01-01..2025-12-31",
            "2026-01-01",
            2026,
            "2026-01-01..2026-12-31 from 2026-04-02 3+0",
        ),
        (
            "首次参保，错过集中期",
            GUIDE,
            "430200",
            "",
            "2026-03-15",
            2026,
            "2026-03-15..2026-12-31 from 2026-06-16 3+0",
        ),
        // 江西: the period reaches into the year.
        (
            "江西 12 月 31 日缴费，全年",
            "2026 年度江西省",
            "360100",
            "390 2025-01-01..2025-12-31",
            "2025-12-31",
            2026,
            "2026-01-01..2026-12-31 from 2026-01-01 0+0",
        ),
        (
            "江西 1 月 1 日缴费，次日起",
            "2026 年度江西省",
            "360100",
            "390 2025-01-01..2025-12-31",
            "2026-01-01",
            2026,
            "2026-01-02..2026-12-31 from 2026-01-02 0+0",
        ),
        (
            "江西 2 月 28 日缴费，次日起",
            "2026 年度江西省",
            "360100",
            "390 2025-01-01..2025-12-31",
            "2026-02-28",
            2026,
            "2026-03-01..2026-12-31 from 2026-03-01 0+0",
        ),
        (
            "江西闰年 2 月 28 日缴费，次日是 29 日",
            "江西省城乡居民基本医疗保险集中征缴期",
            "360100",
            "390 2027-01-01..2027-12-31",
            "2028-02-28",
            2028,
            "2028-02-29..2028-12-31 from 2028-02-29 0+0",
        ),
        (
            "江西闰年 2 月 29 日缴费，已过集中期",
            GUIDE,
            "360100",
            "390 2027-01-01..2027-12-31",
            "2028-02-29",
            2028,
            "2028-02-29..2028-12-31 from 2028-05-30 3+0",
        ),
        (
            "江西 3 月 1 日缴费，等待 3 个月",
            GUIDE,
            "360100",
            "390 2025-01-01..2025-12-31",
            "2026-03-01",
            2026,
            "2026-03-01..2026-12-31 from 2026-06-02 3+0",
        ),
        // 断保 (gap years), within the centralised period: waiting begins with the coverage year.
        (
            "断保 1 年，集中期内",
            GUIDE,
            "430200",
            "390 2024-01-01..2024-12-31",
            "2025-10-08",
            2026,
            "2026-01-01..2026-12-31 from 2026-05-01 3+1",
        ),
        (
            "断保 3 年，集中期内",
            GUIDE,
            "430200",
            "390 2024-01-01..2024-12-31",
            "2027-10-08",
            2028,
            "2028-01-01..2028-12-31 from 2028-07-01 3+3",
        ),
        (
            "断保 4 年，未修复",
            GUIDE,
            "430200",
            "390 2024-01-01..2024-12-31",
            "2028-10-08",
            2029,
            "2029-01-01..2029-12-31 from 2029-08-01 3+4",
        ),
        (
            "2025 年以前的断保不计",
            GUIDE,
            "430200",
            "390 2019-01-01..2019-12-31",
            "2025-10-08",
            2026,
            "2026-01-01..2026-12-31 from 2026-05-01 3+1",
        ),
        (
            "断保发生在 2024 年，2025 年参保，集中期内：不计",
            "医保发〔2024〕19号",
            "430200",
            "390 2023-01-01..2023-12-31",
            "2024-10-08",
            2025,
            "2025-01-01..2025-12-31 from 2025-01-01 0+0",
        ),
        // Outside the period with a gap: counted from the day after payment; month-end, leap day, year-end.
        (
            "断保 1 年，30 日缴费，到期月无 30 日",
            GUIDE,
            "430200",
            "390 2024-01-01..2024-12-31",
            "2026-10-31",
            2026,
            "2026-10-31..2026-12-31 from 2027-03-01 3+1",
        ),
        (
            "月末：11 月 30 日 + 3 个月 = 2 月 28 日",
            GUIDE,
            "430200",
            "390 2025-01-01..2025-12-31",
            "2026-11-30",
            2026,
            "2026-11-30..2026-12-31 from 2027-03-01 3+0",
        ),
        (
            "闰年：11 月 30 日 + 3 个月 = 2 月 29 日",
            GUIDE,
            "430200",
            "390 2026-01-01..2026-12-31",
            "2027-11-30",
            2027,
            "2027-11-30..2027-12-31 from 2028-03-01 3+0",
        ),
        (
            "闰日缴费",
            GUIDE,
            "430200",
            "390 2027-01-01..2027-12-31",
            "2028-02-29",
            2028,
            "2028-02-29..2028-12-31 from 2028-05-30 3+0",
        ),
        (
            "年末：9 月 30 日缴费，12 月 30 日期满",
            GUIDE,
            "430200",
            "390 2025-01-01..2025-12-31",
            "2026-09-30",
            2026,
            "2026-09-30..2026-12-31 from 2026-12-31 3+0",
        ),
        (
            "年末：10 月 1 日缴费，跨年期满",
            GUIDE,
            "430200",
            "390 2025-01-01..2025-12-31",
            "2026-10-01",
            2026,
            "2026-10-01..2026-12-31 from 2027-01-02 3+0",
        ),
    ] {
        let decision = resident(&person(before), area, paid_on, year);
        assert_eq!(told(&decision), expected, "{case}");
        cites(&decision, document);
    }
}

/// 国办发〔2024〕38号 (除新生儿等特殊群体外), 国办发〔2021〕42号: who is assisted does not wait, however long the gap.
#[test]
fn exempt_groups_do_not_wait() {
    for (case, identity, days, paid_on, expected) in [
        ("特困", "特困", "2025-06-01..", "2026-05-20", "2026-05-20..2026-12-31 from 2026-05-20 0+0"),
        ("低保", "低保", "2025-06-01..", "2026-05-20", "2026-05-20..2026-12-31 from 2026-05-20 0+0"),
        (
            "返贫致贫，认定当天缴费",
            "返贫致贫",
            "2026-05-20..",
            "2026-05-20",
            "2026-05-20..2026-12-31 from 2026-05-20 0+0",
        ),
        (
            "孤儿，提前缴费，从参保年度起",
            "孤儿",
            "2020-01-01..",
            "2025-12-31",
            "2026-01-01..2026-12-31 from 2026-01-01 0+0",
        ),
        (
            "身份前一天到期",
            "低保",
            "2025-06-01..2026-05-19",
            "2026-05-20",
            "2026-05-20..2026-12-31 from 2026-09-21 3+1",
        ),
        (
            "不在名单的身份",
            "优抚",
            "2025-06-01..",
            "2026-05-20",
            "2026-05-20..2026-12-31 from 2026-09-21 3+1",
        ),
    ] {
        let person = with_identity(person("390 2024-01-01..2024-12-31"), identity, days);
        let decision = resident(&person, "430200", paid_on, 2026);
        assert_eq!(told(&decision), expected, "{case}");
        cites(&decision, GUIDE);
    }
}

/// The names of exempt identities are those that departments' rosters write: another spelling would exempt nobody.
#[test]
fn exempt_identities_are_kinds_that_some_department_produces() {
    let rules = Rules::embedded();
    let waiting = rules.find::<WaitingRule>("430200".parse().unwrap(), day("2026-01-01")).unwrap();
    assert!(!waiting.rule.exempt_identities.is_empty());
    let departments = &rules.find::<Departments>("430200".parse().unwrap(), day("2026-01-01")).unwrap().rule;
    for name in &waiting.rule.exempt_identities {
        let produced = departments.codes().any(|code| departments.of(code).unwrap().kind(name, "").is_some());
        assert!(produced, "no department produces {name}");
    }
}

/// Waiting that reaches into the next year is not escaped by paying for that year in time.
#[test]
fn waiting_goes_on_over_the_year_s_end() {
    let mut late = person("390 2024-01-01..2024-12-31");
    let first = resident(&late, "430200", "2026-12-20", 2026);
    assert_eq!(told(&first), "2026-12-20..2026-12-31 from 2027-04-21 3+1");
    let mut held = coverage("390", "2026-12-20..2026-12-31");
    held.entitled_begndate = Some(first.entitled_begndate);
    late.put(held);
    let next = resident(&late, "430200", "2026-12-21", 2027);
    assert_eq!(told(&next), "2027-01-01..2027-12-31 from 2027-04-21 0+0");
    let assisted = with_identity(late, "低保", "2027-01-01..");
    let exempt = resident(&assisted, "430200", "2027-01-10", 2027);
    assert_eq!(told(&exempt), "2027-01-10..2027-12-31 from 2027-01-10 0+0", "who is assisted does not wait");
}
