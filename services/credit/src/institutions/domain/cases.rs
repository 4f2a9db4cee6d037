//! Every rule of scores, documents and repair, with a case each.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use yizhan_documents::load;
use yizhan_proto::credit::v1::{Entry, EntryKind};
use yizhan_terms::Area;

use super::advice::{Change, advise};
use super::facts::{Facts, as_of};
use super::matter::{Matter, clean_from};
use super::score::{rounded, score};
use super::standing::{Lacks, Standing};
use super::table::{Need, State};
use crate::ledger::standing;
use crate::schemes::scorecard::Scorecard;
use crate::schemes::{SchemeFamilies, Schemes};

/// A shipped scheme, as it assesses 2025.
pub fn shipped(area: &str) -> Scorecard {
    let area = Area::parse(area).expect("an area");
    Schemes::embedded().find::<Scorecard>(area, date("2025-12-31")).expect("in force").rule.clone()
}

/// A day.
pub fn date(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

/// An entry of area 150100.
pub fn entry(at: usize, kind: EntryKind, day: &str) -> Entry {
    Entry {
        entry_id: format!("e{at:04}"),
        matter_id: format!("e{at:04}"),
        poolarea_no: "150100".to_owned(),
        kind: kind.into(),
        decided_on: day.to_owned(),
        ..Entry::default()
    }
}

/// An entry a word, counted from 0: `day item` conduct, `day repaired 0 2` points of entry 0, `day undo 0`, `day code=value` measured, `day code~value` from feeds;
/// both of 2025.
pub fn history(scheme: &Scorecard, text: &str) -> Vec<Entry> {
    let told = text.split("; ").filter(|said| !said.is_empty()).enumerate().map(|(at, said)| {
        let words: Vec<&str> = said.split(' ').collect();
        let (day, what) = (words[0], words[1]);
        let of = |place: &str| format!("e{:04}", place.parse::<usize>().expect("a place"));
        let measured = |kind, (code, value): (&str, &str)| Entry {
            item: code.to_owned(),
            value: value.to_owned(),
            from_date: "2025-01-01".to_owned(),
            ..entry(at, kind, day)
        };
        match what {
            "repaired" => Entry {
                matter_id: of(words[2]),
                value: words[3].to_owned(),
                ..entry(at, EntryKind::ConductRepaired, day)
            },
            "undo" => Entry { undoes_entry_id: of(words[2]), ..entry(at, EntryKind::Withdrawn, day) },
            _ if what.contains('=') => measured(EntryKind::GradeIndicator, what.split_once('=').expect("=")),
            _ if what.contains('~') => measured(EntryKind::GradeFigure, what.split_once('~').expect("~")),
            item => Entry {
                item: item.to_owned(),
                value: scheme.item(item).map(|(_, points, _)| points.to_string()).unwrap_or_default(),
                ..entry(at, EntryKind::Conduct, day)
            },
        }
    });
    told.collect()
}

/// Rule, area, history, as of, year, score, grade.
const CASES: &[(&str, &str, &str, &str, i32, &str, &str)] = &[
    ("没有扣分", "150100", "", "2026-01-10", 2025, "100.00", "A"),
    ("正好 90 分为 A", "150100", "2025-03-01 article-38", "2026-01-10", 2025, "90.00", "A"),
    ("89 分为 B", "150100", "2025-03-01 article-38; 2025-03-02 data-late", "2026-01-10", 2025, "89.00", "B"),
    (
        "79 分为 C",
        "150100",
        "2025-03-01 article-38; 2025-04-01 article-39; 2025-05-01 data-late",
        "2026-01-10",
        2025,
        "79.00",
        "C",
    ),
    (
        "封顶",
        "150100",
        "2025-03-01 agreement-suspended; 2025-04-01 agreement-suspended; 2025-05-01 agreement-suspended",
        "2026-01-10",
        2025,
        "60.00",
        "D",
    ),
    ("一票否决", "150100", "2025-03-01 article-40", "2026-01-10", 2025, "100.00", "D"),
    ("一票否决计入下一年度", "150100", "2025-03-01 article-40", "2027-01-10", 2026, "100.00", "D"),
    ("两个年度之后不再计入", "150100", "2025-03-01 article-40", "2028-01-10", 2027, "100.00", "A"),
    ("扣分不计入下一年度", "150100", "2025-03-01 article-38", "2027-01-10", 2026, "100.00", "A"),
    (
        "修复返还分值",
        "150100",
        "2025-03-01 agreement-suspended; 2025-10-01 repaired 0 5",
        "2026-01-10",
        2025,
        "90.00",
        "A",
    ),
    (
        "修复之前",
        "150100",
        "2025-03-01 agreement-suspended; 2025-10-01 repaired 0 5",
        "2025-09-30",
        2025,
        "85.00",
        "B",
    ),
    (
        "修复的一票否决不再计入",
        "150100",
        "2025-03-01 article-40; 2025-10-01 repaired 0 0",
        "2026-01-10",
        2025,
        "100.00",
        "A",
    ),
    ("撤销的不计", "150100", "2025-03-01 article-38; 2025-06-01 undo 0", "2026-01-10", 2025, "100.00", "A"),
    ("撤销之前计", "150100", "2025-03-01 article-38; 2025-06-01 undo 0", "2025-05-31", 2025, "90.00", "A"),
    ("方案中没有的情形不计", "150100", "2025-03-01 no-such-item", "2026-01-10", 2025, "100.00", "A"),
    (
        "基础分加指标",
        "440100",
        "2026-01-05 direct-settlement=100; 2026-01-05 fund-use=65; 2026-01-05 violation_share=0.01",
        "2026-01-10",
        2025,
        "925.00",
        "A",
    ),
    (
        "超出两端的值",
        "440100",
        "2026-01-05 direct-settlement=999999999999999999999999; 2026-01-05 fund-use=-5; 2026-01-05 violation_share=-1",
        "2026-01-10",
        2025,
        "950.00",
        "A",
    ),
    (
        "导入的先于计算的",
        "440100",
        "2026-01-05 direct-settlement=50; 2026-01-06 direct-settlement~100; 2026-01-05 fund-use~40; 2026-01-05 violation_share~0.01",
        "2026-01-10",
        2025,
        "850.00",
        "B",
    ),
    (
        "后导入的先于先导入的",
        "440100",
        "2026-01-05 direct-settlement=50; 2026-01-06 direct-settlement=75; 2026-01-05 fund-use=40; 2026-01-05 violation_share=0.01",
        "2026-01-10",
        2025,
        "875.00",
        "B",
    ),
    (
        "严重失信直接为 E",
        "440100",
        "2025-05-01 seriously-discredited; 2026-01-05 direct-settlement=100; 2026-01-05 fund-use=90; 2026-01-05 violation_share=0",
        "2026-01-10",
        2025,
        "1000.00",
        "E",
    ),
    (
        "小数按两位四舍五入",
        "440100",
        "2026-01-05 direct-settlement=50.005; 2026-01-05 fund-use=40; 2026-01-05 violation_share=0.01",
        "2026-01-10",
        2025,
        "850.01",
        "B",
    ),
];

#[test]
fn every_rule_has_its_case() {
    for (rule, area, told, day, year, expected, grade) in CASES {
        let scheme = shipped(area);
        let entries = history(&scheme, told);
        let stands = as_of(&entries, "150100", date(day));
        let facts = Facts::of(&stands.iter().collect::<Vec<_>>(), &scheme, *year);
        let scored = score(&facts, &scheme).expect("all values");
        let found = (format!("{:.2}", scored.score), scored.grade(&scheme));
        assert_eq!((found.0.as_str(), found.1), (*expected, *grade), "{rule}: {told}");
    }
}

#[test]
fn who_lacks_a_value_is_not_scored_and_what_another_area_entered_does_not_count() {
    let scheme = shipped("440100");
    let mut entries = history(
        &scheme,
        "2026-01-05 direct-settlement=100; 2026-01-05 fund-use=65; 2026-01-05 violation_share=0.009",
    );
    let facts = |entries: &[Entry]| {
        let stands = as_of(entries, "150100", date("2026-02-01"));
        Facts::of(&stands.iter().collect::<Vec<_>>(), &scheme, 2025)
    };
    assert!(score(&facts(&entries), &scheme).is_ok());
    entries[1].poolarea_no = "150200".to_owned();
    assert_eq!(score(&facts(&entries), &scheme), Err(vec!["fund-use".to_owned()]));
    assert!(advise(&facts(&entries), &scheme).is_empty());
}

/// History of 2025, and how each advice is told: grade, score, changes.
const ADVICE: &[(&str, &str, &[&str])] = &[
    ("150100", "", &[]),
    ("150100", "2025-03-01 article-38; 2025-03-02 agreement-breach", &["A 90.00: e0000-2"]),
    // Three acts of 15, the cap is 40: five of the repaired points gain nothing.
    (
        "150100",
        "2025-03-01 agreement-suspended; 2025-04-01 agreement-suspended; 2025-05-01 agreement-suspended",
        &["C 65.00: e0000-10"],
    ),
    ("150100", "2025-03-01 article-40; 2025-03-02 article-38", &["A 90.00: e0000-0"]),
    (
        "440100",
        "2025-03-01 agreement-penalty; 2026-01-05 direct-settlement=75; 2026-01-05 fund-use=90; 2026-01-05 violation_share=0.01",
        &["A 900.00: e0000-25", "A 900.00: violation_share=0.005"],
    ),
];

#[test]
fn advice_says_the_least_that_returns_the_better_grade() {
    for (area, told, expected) in ADVICE {
        let scheme = shipped(area);
        let entries = history(&scheme, told);
        let facts = Facts::of(&entries.iter().collect::<Vec<_>>(), &scheme, 2025);
        let advice = advise(&facts, &scheme).into_iter().map(|advice| {
            let changes = advice.changes.iter().map(|change| match change {
                Change::Repair { entry_id, points, .. } => format!("{entry_id}-{points}"),
                Change::Reach { indicator, value } => format!("{indicator}={value}"),
            });
            let changes: Vec<String> = changes.collect();
            format!("{} {:.2}: {}", scheme.grades[advice.place].grade, advice.score, changes.join(" "))
        });
        assert_eq!(advice.collect::<Vec<_>>(), *expected, "{told}");
    }
}

#[test]
fn repair_waits_for_six_months_without_conduct() {
    let scheme = shipped("150100");
    let entries = history(&scheme, "2025-03-10 article-38; 2025-08-31 data-late; 2025-09-01 repaired 0 10");
    let stands = standing(&entries);
    assert_eq!(clean_from(&stands, &scheme), Some(date("2026-03-01")));
    let matter = Matter::of(&stands, "e0000");
    assert_eq!(matter.state(), State::Repaired);
    assert!(!matter.is_met(Need::Left, date("2026-03-01"), None, &scheme), "all of it is repaired");
    let late = Matter::of(&stands, "e0001");
    let clean = |day| late.is_met(Need::Clean, date(day), None, &scheme);
    assert_eq!((clean("2026-02-28"), clean("2026-03-01")), (false, true));
    assert_eq!(clean_from(&standing(&entries[2..]), &scheme), None);
}

#[test]
fn a_grade_holds_until_it_is_taken_back_or_another_year_is_final() {
    let made_final = |at, day: &str, year: i32, grade: &str| Entry {
        item: grade.to_owned(),
        from_date: format!("{year}-01-01"),
        ..entry(at, EntryKind::GradeFinal, day)
    };
    let agreement =
        Entry { from_date: "2024-07-01".to_owned(), ..entry(0, EntryKind::Agreement, "2024-07-01") };
    let undone =
        Entry { undoes_entry_id: "e0002".to_owned(), ..entry(3, EntryKind::Withdrawn, "2026-03-01") };
    let entries = [
        agreement,
        made_final(1, "2025-02-01", 2024, "B"),
        made_final(2, "2026-02-01", 2025, "A"),
        undone,
        made_final(4, "2026-04-01", 2025, "C"),
    ];
    let standing = Standing::of(&entries.iter().collect::<Vec<_>>());
    let on = |day| standing.on(date(day)).map_or("", |one| one.grade.as_str());
    let days = ["2025-01-31", "2025-02-01", "2026-02-01", "2026-03-01", "2026-04-01"];
    assert_eq!(days.map(on), ["", "B", "A", "B", "C"]);
    let lacks = |by, day| standing.lacks(6, date(by), date(day));
    assert_eq!(lacks("2024-12-30", "2025-02-01"), Some(Lacks::Months));
    assert_eq!(lacks("2024-12-31", "2025-02-01"), None);
    assert_eq!(Standing::default().lacks(0, date("2025-01-01"), date("2025-01-01")), Some(Lacks::Agreement));
}

/// What is wrong with a document, and what is said of it.
const WRONG: &[(&str, &str, &str)] = &[
    ("base: 850", "base: 840", "base and the weights come to 990, not to full, 1000"),
    ("name: 较低风险, from: 800", "name: 较低风险, from: 700", "thresholds that fall"),
    ("name: 高风险, from: 0", "name: 高风险, from: 10", "thresholds that fall"),
    ("grade: B, name: 较低风险", "grade: A, name: 较低风险", "grade `A` stands twice"),
    ("grade: E, cycles: 3", "grade: A, cycles: 3", "`A` is no grade below the best"),
    ("code: fund-use-penalty", "code: fund-use", "indicator `fund-use` stands twice"),
    ("item: article-39", "item: article-38", "item `article-38` stands twice"),
    ("cap: 300", "cap: 100", "an item beyond its cap"),
    ("worst: 50, best: 100", "worst: 50, best: 50", "worst and best are the same"),
    ("points: 20 }", "points: 0 }", "an item costs something"),
    ("sampling_rate: 2%", "sampling_rate: 2", "not a percentage"),
    ("row: guangdong-b", "row: guangdong-a", "the name of a row, twice"),
];

#[test]
fn a_scheme_that_does_not_fit_is_refused() {
    let text = include_str!("../../../schemes/440000-scorecard.yaml");
    assert!(load::<SchemeFamilies>("s.yaml", text).is_ok());
    for (right, wrong, expected) in WRONG {
        assert!(text.contains(right), "{right}");
        let problems = load::<SchemeFamilies>("s.yaml", &text.replacen(right, wrong, 1)).unwrap_err();
        let told = format!("{problems:?}");
        assert!(told.contains(expected), "{wrong}: {told}");
    }
}

#[test]
fn halves_are_rounded_up() {
    assert_eq!(rounded(Decimal::new(89_995, 3)), Decimal::new(9000, 2));
}
