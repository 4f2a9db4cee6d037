//! 职工与居民之间切换: two continuous years, a gap of three months made good (医保办发〔2021〕43号).

use yizhan_enrollment::coverage::domain::entitlement::Payer;
use yizhan_enrollment::rules::Rules;

use crate::build::*;

const TRANSFER: &str = "医保办发〔2021〕43号";
const GUIDE: &str = "国办发〔2024〕38号";

#[test]
fn from_employee_to_resident() {
    for (case, document, before, paid_on, year, expected) in [
        (
            "无中断，次日参保",
            TRANSFER,
            "310 2026-01-01..2026-05-31",
            "2026-06-01",
            2026,
            "2026-06-01..2026-12-31 from 2026-06-01 0+0",
        ),
        (
            "提前办理，元旦起",
            TRANSFER,
            "310 2020-01-01..2025-12-31",
            "2025-12-20",
            2026,
            "2026-01-01..2026-12-31 from 2026-01-01 0+0",
        ),
        (
            "满 2 年，中断 3 个月：追溯",
            TRANSFER,
            "310 2024-06-01..2026-05-31",
            "2026-09-30",
            2026,
            "2026-06-01..2026-12-31 from 2026-06-01 0+0",
        ),
        (
            "满 2 年，中断超过 3 个月",
            GUIDE,
            "310 2024-06-01..2026-05-31",
            "2026-10-01",
            2026,
            "2026-10-01..2026-12-31 from 2027-01-02 3+0",
        ),
        (
            "差一天满 2 年，中断 1 个月",
            GUIDE,
            "310 2024-06-02..2026-05-31",
            "2026-07-20",
            2026,
            "2026-07-20..2026-12-31 from 2026-10-21 3+0",
        ),
        (
            "2 年跨两个险种、闰日",
            TRANSFER,
            "390 2024-02-29..2024-12-31; 310 2025-01-01..2026-02-28",
            "2026-04-10",
            2026,
            "2026-03-01..2026-12-31 from 2026-03-01 0+0",
        ),
        (
            "跨年中断：追溯到参保年度首日",
            TRANSFER,
            "310 2020-01-01..2025-11-30",
            "2026-02-27",
            2026,
            "2026-01-01..2026-12-31 from 2026-01-01 0+0",
        ),
    ] {
        let decision = resident(&person(before), "430200", paid_on, year);
        assert_eq!(told(&decision), expected, "{case}");
        cites(&decision, document);
    }
}

#[test]
fn from_resident_to_employee() {
    for (case, document, before, paid_on, begndate, expected) in [
        (
            "无中断",
            TRANSFER,
            "390 2023-01-01..2025-12-31",
            "2026-01-31",
            "2026-01-01",
            "2026-01-01.. from 2026-01-01 0+0",
        ),
        (
            "满 2 年，中断 2 个月，补缴：追溯",
            TRANSFER,
            "390 2024-01-01..2024-12-31; 390 2025-01-01..2025-12-31",
            "2026-03-09",
            "2026-01-01",
            "2026-01-01.. from 2026-01-01 0+0",
        ),
        (
            "不满 2 年，中断 2 个月：缴费当月",
            "通行做法",
            "390 2025-01-01..2025-12-31",
            "2026-03-09",
            "2026-01-01",
            "2026-01-01.. from 2026-03-01 0+0",
        ),
    ] {
        let decision = employee(&person(before), paid_on, begndate);
        assert_eq!(told(&decision), expected, "{case}");
        cites(&decision, document);
    }
}

/// A transfer between areas counts like a switch, even within one scheme.
#[test]
fn residents_who_come_from_another_area() {
    let (person, rules) = (person("390 2023-01-01..2026-05-31"), Rules::embedded());
    let stays = payer(&person, "430200", "2026-07-20", &rules);
    assert_eq!(told(&stays.resident(2026).unwrap()), "2026-07-20..2026-12-31 from 2026-10-21 3+0");
    let comes = Payer { transferred: true, ..stays };
    assert_eq!(told(&comes.resident(2026).unwrap()), "2026-06-01..2026-12-31 from 2026-06-01 0+0");
}
