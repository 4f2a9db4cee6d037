//! Working days over holidays and make-up days.

use std::sync::LazyLock;

use chrono::{Datelike, Days, Weekday};
use proptest::prelude::*;
use yizhan_documents::calendar::{Calendar, WorkingDays, is_weekday};
use yizhan_filing::rules::Rules;

use super::day;

/// A day, so many working days, the day they end on, whether calendars are published for all days between.
type Row = (&'static str, u32, &'static str, bool);

fn check(table: &[Row]) {
    let rules = Rules::embedded();
    let days = WorkingDays::of(&rules, "430200".parse().unwrap());
    for (from, working_days, expected, published) in table {
        let answer = days.add(day(from), *working_days);
        assert_eq!(answer, (day(expected), *published), "{working_days} working days after {from}");
        let (count, _) = days.between(day(from), answer.0);
        assert_eq!(count, *working_days, "between {from} and {expected}");
    }
}

/// 国办发明电〔2024〕12号: 春节 1月28日至2月4日, 1月26日（周日）、2月8日（周六）上班.
#[test]
fn spring_festival_2025() {
    check(&[
        ("2025-01-24", 1, "2025-01-26", true), // Friday; the Sunday is worked on
        ("2025-01-24", 2, "2025-01-27", true), // Monday before the holiday
        ("2025-01-24", 3, "2025-02-05", true), // Wednesday behind it
        ("2025-01-25", 2, "2025-01-27", true), // from a Saturday
        ("2025-01-27", 2, "2025-02-06", true), // submitted on the last day before
        ("2025-01-30", 2, "2025-02-06", true), // submitted online during the holiday: the same
        ("2025-02-06", 2, "2025-02-08", true), // Friday, and the Saturday that is worked on
        ("2025-02-07", 2, "2025-02-10", true), // over the Sunday, which is free
    ]);
}

/// 国办发明电〔2025〕7号: 春节 2月15日至23日, 2月14日（周六）、2月28日（周六）上班.
#[test]
fn spring_festival_2026() {
    check(&[
        ("2026-02-12", 2, "2026-02-14", true), // Friday, and the Saturday that is worked on
        ("2026-02-13", 1, "2026-02-14", true),
        ("2026-02-13", 2, "2026-02-24", true), // nine days off
        ("2026-02-14", 2, "2026-02-25", true),
        ("2026-02-20", 2, "2026-02-25", true), // a Friday within: no working day
        ("2026-02-26", 2, "2026-02-28", true), // Friday, and the Saturday that is worked on
        ("2026-02-28", 1, "2026-03-02", true),
    ]);
}

/// 国办发明电〔2024〕12号: 10月1日至8日, 9月28日（周日）、10月11日（周六）上班.
#[test]
fn national_day_2025() {
    check(&[
        ("2025-09-26", 1, "2025-09-28", true), // Friday; the Sunday is worked on
        ("2025-09-26", 2, "2025-09-29", true),
        ("2025-09-29", 2, "2025-10-09", true), // Tuesday, then Thursday behind the holiday
        ("2025-09-30", 2, "2025-10-10", true),
        ("2025-10-06", 2, "2025-10-10", true), // 中秋节 lies within
        ("2025-10-09", 2, "2025-10-11", true), // Friday, and the Saturday that is worked on
        ("2025-10-10", 2, "2025-10-13", true),
    ]);
}

/// 国办发明电〔2025〕7号: 10月1日至7日, 9月20日（周日）、10月10日（周六）上班; 中秋节 9月25日至27日.
#[test]
fn national_day_2026() {
    check(&[
        ("2026-09-18", 1, "2026-09-20", true), // Friday; the Sunday is worked on
        ("2026-09-23", 2, "2026-09-28", true), // over 中秋节: Thursday 24, Monday 28
        ("2026-09-29", 2, "2026-10-08", true), // Wednesday 30, then Thursday behind the holiday
        ("2026-09-30", 2, "2026-10-09", true),
        ("2026-10-08", 2, "2026-10-10", true), // Friday, and the Saturday that is worked on
        ("2026-10-09", 2, "2026-10-12", true),
    ]);
}

/// 国办发明电〔2023〕7号: 春节 2月10日至17日, 2月4日（周日）、2月18日（周日）上班; 国庆节 9月29日（周日）、10月12日（周六）上班.
#[test]
fn spring_festival_and_national_day_2024() {
    check(&[
        ("2024-02-02", 1, "2024-02-04", true),
        ("2024-02-08", 1, "2024-02-09", true), // 除夕: 鼓励休息, but a working day
        ("2024-02-08", 2, "2024-02-18", true), // the Sunday that is worked on
        ("2024-02-09", 2, "2024-02-19", true),
        ("2024-09-13", 2, "2024-09-18", true), // Saturday 14 is worked on, 中秋节 15–17 is not
        ("2024-09-27", 1, "2024-09-29", true),
        ("2024-09-30", 2, "2024-10-09", true),
        ("2024-10-10", 2, "2024-10-12", true),
    ]);
}

/// No notice for 2027 ships with the service: Monday to Friday, and the answer says so.
#[test]
fn into_a_year_without_a_calendar() {
    check(&[
        ("2026-12-29", 2, "2026-12-31", true),
        ("2026-12-30", 1, "2026-12-31", true),
        ("2026-12-30", 2, "2027-01-01", false), // a Friday: 元旦 is not known yet
        ("2026-12-31", 2, "2027-01-04", false),
        ("2030-05-01", 2, "2030-05-03", false),
        ("2023-12-29", 1, "2024-01-02", false), // the Saturday and Sunday of 2023 are not published
        ("2026-12-31", 0, "2026-12-31", true),  // the day itself
        ("2027-01-02", 0, "2027-01-02", true),  // a Saturday too: nothing is counted
    ]);
}

#[test]
fn a_single_day_is_asked_about() {
    let rules = Rules::embedded();
    let days = WorkingDays::of(&rules, "110000".parse().unwrap());
    let table = [
        ("2026-02-13", true, true),  // Friday
        ("2026-02-14", true, true),  // Saturday, 调休上班
        ("2026-02-16", false, true), // Monday, 春节
        ("2026-03-01", false, true), // Sunday
        ("2027-01-01", true, false), // Friday of a year that is not published
        ("2027-01-02", false, false),
    ];
    for (on, working, published) in table {
        assert_eq!(days.is_working_day(day(on)), (working, published), "{on}");
    }
    assert_eq!(days.between(day("2026-02-14"), day("2026-02-14")), (0, true));
    assert_eq!(days.between(day("2026-02-28"), day("2026-02-14")), (0, true));
    assert_eq!(days.between(day("2026-12-31"), day("2027-01-04")), (2, false));
}

/// Year, 共几天 by holiday, and the days that are worked on.
type Notice = (i32, &'static [(&'static str, i64)], &'static [(&'static str, Weekday)]);

/// As many days off and make-up days as the notices say, on the days of the week they say.
#[test]
fn the_calendars_are_those_of_the_notices() {
    let rules = Rules::embedded();
    let notices: [Notice; 3] = [
        (
            2024,
            &[
                ("元旦", 1),
                ("春节", 8),
                ("清明节", 3),
                ("劳动节", 5),
                ("端午节", 1),
                ("中秋节", 3),
                ("国庆节", 7),
            ],
            &[
                ("2024-02-04", Weekday::Sun),
                ("2024-02-18", Weekday::Sun),
                ("2024-04-07", Weekday::Sun),
                ("2024-04-28", Weekday::Sun),
                ("2024-05-11", Weekday::Sat),
                ("2024-09-14", Weekday::Sat),
                ("2024-09-29", Weekday::Sun),
                ("2024-10-12", Weekday::Sat),
            ],
        ),
        (
            2025,
            &[("元旦", 1), ("春节", 8), ("清明节", 3), ("劳动节", 5), ("端午节", 3), ("国庆节、中秋节", 8)],
            &[
                ("2025-01-26", Weekday::Sun),
                ("2025-02-08", Weekday::Sat),
                ("2025-04-27", Weekday::Sun),
                ("2025-09-28", Weekday::Sun),
                ("2025-10-11", Weekday::Sat),
            ],
        ),
        (
            2026,
            &[
                ("元旦", 3),
                ("春节", 9),
                ("清明节", 3),
                ("劳动节", 5),
                ("端午节", 3),
                ("中秋节", 3),
                ("国庆节", 7),
            ],
            &[
                ("2026-01-04", Weekday::Sun),
                ("2026-02-14", Weekday::Sat),
                ("2026-02-28", Weekday::Sat),
                ("2026-05-09", Weekday::Sat),
                ("2026-09-20", Weekday::Sun),
                ("2026-10-10", Weekday::Sat),
            ],
        ),
    ];
    for (year, holidays, workdays) in notices {
        let calendar =
            &rules.find::<Calendar>("100000".parse().unwrap(), day(&format!("{year}-06-01"))).unwrap().rule;
        let read: Vec<_> = calendar
            .holidays
            .iter()
            .map(|holiday| (holiday.name.as_str(), (holiday.to - holiday.from).num_days() + 1))
            .collect();
        assert_eq!(read, holidays, "{year}");
        let expected: Vec<_> = workdays.iter().map(|(on, _)| day(on)).collect();
        assert_eq!(calendar.workdays, expected, "{year}");
        for (on, weekday) in workdays {
            assert_eq!(day(on).weekday(), *weekday, "{on}");
        }
        // 调休 takes and gives: weekdays off, less the days worked on, are the statutory ones
        // (《全国年节及纪念日放假办法》: 11 days, 13 from 2025 on).
        let off = calendar
            .holidays
            .iter()
            .flat_map(|holiday| holiday.from.iter_days().take_while(|on| *on <= holiday.to))
            .filter(|on| is_weekday(*on))
            .count();
        assert_eq!(off - workdays.len(), if year < 2025 { 11 } else { 13 }, "{year}");
    }
}

/// An area's own calendar goes before the nation's, in that area only.
#[test]
fn an_area_may_have_days_off_of_its_own() {
    let mut rules = Rules::embedded();
    let text = "rules: guangxi-calendar\nversion: \"2026\"\ntitle: 广西\narea: \"450000\"\nsources:\n  s: { title: 广西三月三放假安排, quality: P }\n\
                calendar:\n  - from: 2026-04-20\n    to: 2026-04-21\n    source: s\n    holidays: [{ name: 三月三, from: 2026-04-20, to: 2026-04-21 }]\n";
    rules.publish(yizhan_documents::load("x.yaml", text).unwrap());
    let after = |area: &str| WorkingDays::of(&rules, area.parse().unwrap()).add(day("2026-04-17"), 2);
    assert_eq!(after("450100"), (day("2026-04-23"), true));
    assert_eq!(after("430200"), (day("2026-04-21"), true));
}

static RULES: LazyLock<Rules> = LazyLock::new(Rules::embedded);

proptest! {
    /// What is counted lands on a working day, later for a later day and for more days, and is counted back the same.
    #[test]
    fn adding_is_monotone_and_ends_on_working_days(from in 0u64..1500, further in 0u64..10, count in 0u32..60) {
        let days = WorkingDays::of(&RULES, "430200".parse().unwrap());
        let from = day("2023-10-01") + Days::new(from);
        let (end, _) = days.add(from, count);
        prop_assert!(count == 0 || days.is_working_day(end).0);
        prop_assert!(days.add(from + Days::new(further), count).0 >= end);
        prop_assert!(days.add(from, count + 1).0 > end);
        prop_assert_eq!(days.between(from, end).0, count);
    }

    /// By brute force: the latest day from which the working days are over before today.
    #[test]
    fn the_latest_overdue_start_is_the_latest(today in 0u64..1500, count in 0u32..12) {
        let days = WorkingDays::of(&RULES, "430200".parse().unwrap());
        let today = day("2023-10-01") + Days::new(today);
        let start = days.latest_start_overdue(today, count);
        let overdue = |start| days.add(start, count).0 < today;
        let brute = today.iter_days().rev().find(|start| overdue(*start));
        prop_assert_eq!(Some(start), brute);
    }
}
