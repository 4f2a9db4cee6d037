//! The rules of a matter: what an act gives and how often, how many working days a step has, when and how far somebody is restored and repaired.

use yizhan_documents::load;
use yizhan_proto::credit::v1::{Entry, EntryKind, EntryLine, PointsAct, Subject, SubjectKind};
use yizhan_runtime::{Fields, Violations};
use yizhan_terms::Area;

use super::decide::judged;
use super::domain::cases::{date, history, national};
use super::domain::matter::Matter;
use super::domain::table::Need;
use super::domain::timeline::{Status, Timeline};
use super::messages::{due, is_met, qualification, restore_from};
use crate::ledger::same::check_once;
use crate::ledger::standing;
use crate::schemes::points::Responsibility;
use crate::schemes::{SchemeFamilies, Schemes};

const AREA: &str = "430200";

/// Entries, one a word: `day matter WHAT`, or `day matter WHAT=points`; the entry that begins a matter has its id.
fn entries(text: &str) -> Vec<Entry> {
    let read = |(at, said): (usize, &str)| {
        let [day, matter, what] = said.split(' ').collect::<Vec<_>>()[..] else { panic!("{said}") };
        let (what, value) = what.split_once('=').unwrap_or((what, ""));
        let kind =
            EntryKind::from_str_name(&format!("ENTRY_KIND_{what}")).unwrap_or_else(|| panic!("{said}"));
        let begins = !text[..].split("; ").take(at).any(|before| before.split(' ').nth(1) == Some(matter));
        Entry {
            entry_id: if begins { matter.to_owned() } else { format!("e{at}") },
            subject: Some(Subject { kind: SubjectKind::Practitioner.into(), code: "D1".into() }),
            poolarea_no: AREA.into(),
            kind: kind.into(),
            matter_id: matter.into(),
            value: value.into(),
            decided_on: day.into(),
            ..Entry::default()
        }
    };
    text.split("; ").enumerate().map(read).collect()
}

/// Items, responsibility, what was asked (0: nothing), and the item and points that count; `None`: refused.
type Act = (&'static [&'static str], Responsibility, i32, Option<(&'static str, u32)>);

const ACTS: &[Act] = {
    use Responsibility::{Important, Main, Ordinary};
    &[
        // 一个行为涉及多个情形的，按最高的记
        (&["agreement", "article-38"], Main, 0, Some(("article-38", 6))),
        (&["article-40", "agreement", "in-anothers-name"], Ordinary, 0, Some(("article-40", 10))),
        (&["in-anothers-name", "article-39"], Important, 0, Some(("in-anothers-name", 8))),
        // 同档的，记一次
        (&["article-38", "article-39"], Main, 0, Some(("article-38", 6))),
        (&["article-39", "article-38"], Main, 0, Some(("article-39", 6))),
        (&["agreement", "agreement"], Main, 0, Some(("agreement", 3))),
        // 超出档次
        (&["agreement"], Main, 3, Some(("agreement", 3))),
        (&["agreement"], Main, 4, None),
        (&["agreement"], Main, 2, None),
        (&["agreement", "article-38"], Main, 3, None),
        (&["article-40"], Main, 13, None),
        (&["article-40"], Main, -1, None),
        (&["nowhere"], Main, 0, None),
        (&[], Main, 0, None),
    ]
};

#[test]
fn an_act_gives_the_most_of_its_items() {
    let scheme = national();
    for (items, responsibility, points, expected) in ACTS {
        let act = PointsAct {
            items: items.iter().map(|item| (*item).to_owned()).collect(),
            responsibility: responsibility.number(),
            points: *points,
            act_id: "V1".into(),
            occurred_on: "2026-03-01".into(),
            ..PointsAct::default()
        };
        let mut wrong = Violations::new();
        let found = judged(&act, &scheme, date("2026-03-02"), &mut Fields::of(&mut wrong));
        let found = found.as_ref().map(|(item, points)| (item.as_str(), *points));
        assert_eq!((found, wrong.none().is_err()), (*expected, expected.is_none()), "{items:?} {points}");
    }
}

/// What audit found: id, case, decision, kind, line. Points were decided by the first `before` acts, in this area; whether those of the last count.
type Counted = (
    &'static str,
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
    (&'static str, &'static str),
    bool,
);

const FOUND: &[&str] = &[
    "f1 C1 1 重复收费 1",
    "f2 C1 2 超标准收费 1",
    "f3 C2 1 重复收费 1",
    "f4 C2 1 超量开药 1",
    "f5 C1 1 超量开药 2",
];

const COUNTED: &[Counted] = &[
    ("编号相同", &[], &[(AREA, "V1")], (AREA, "V1"), true),
    ("编号不同", &[], &[(AREA, "V1")], (AREA, "V2"), false),
    ("两个经办机构各自编号", &[], &[("430300", "V1")], (AREA, "V1"), false),
    ("稽核发现的同一行为，各地只记一次", FOUND, &[("430300", "f1")], (AREA, "f1"), true),
    ("同一案件更正后的同一明细", FOUND, &[(AREA, "f1")], (AREA, "f2"), true),
    ("另一案件同一明细同一违规", FOUND, &[(AREA, "f1")], (AREA, "f3"), true),
    ("另一案件同一明细另一违规", FOUND, &[(AREA, "f1")], (AREA, "f4"), false),
    ("同一案件另一明细", FOUND, &[(AREA, "f1")], (AREA, "f5"), false),
    ("自编号与稽核发现", FOUND, &[(AREA, "V1")], (AREA, "f1"), false),
];

#[test]
fn an_act_counts_once() {
    let found = |told: &&str| {
        let [id, case_id, number, item, line] = told.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{told}")
        };
        Entry {
            entry_id: id.into(),
            kind: EntryKind::ActFound.into(),
            case_id: case_id.into(),
            decision_no: number.parse().expect("a number"),
            item: item.into(),
            lines: vec![EntryLine { setl_id: "S1".into(), feedetl_sn: line.into() }],
            ..Entry::default()
        }
    };
    let act = |(area, act_id): &(&str, &str)| Entry {
        kind: EntryKind::PointsDecided.into(),
        poolarea_no: (*area).into(),
        act_id: (*act_id).into(),
        matter_id: "m1".into(),
        ..Entry::default()
    };
    for (article, all, before, last, counted) in COUNTED {
        let all: Vec<Entry> = all.iter().map(found).collect();
        let (before, last): (Vec<Entry>, Entry) = (before.iter().map(act).collect(), act(last));
        let answer = check_once(std::slice::from_ref(&last), &before.iter().collect::<Vec<_>>(), &all);
        assert_eq!(answer.is_err(), *counted, "{article}");
        let twice = check_once(&[last.clone(), last], &[], &all);
        assert!(twice.is_err(), "{article}: twice in one decision");
    }
}

/// Article, steps, last day of the next one; empty: none.
const PERIODS: &[(&str, &str, &str)] = &[
    ("5 个工作日内通知", "2026-03-02 m POINTS_DECIDED=9", "2026-03-09"),
    ("通知：节假日不计", "2026-04-02 m POINTS_DECIDED=9", "2026-04-10"),
    ("3 个工作日内送达", "2026-03-02 m POINTS_DECIDED=9; 2026-03-05 m POINTS_NOTICED", "2026-03-10"),
    (
        "送达后 10 个工作日内申诉",
        "2026-03-02 m POINTS_DECIDED=9; 2026-03-09 m POINTS_NOTICED; 2026-03-12 m POINTS_DELIVERED",
        "2026-03-26",
    ),
    (
        "20 个工作日内处理",
        "2026-03-02 m POINTS_DECIDED=9; 2026-03-12 m POINTS_DELIVERED; 2026-03-26 m POINTS_APPEALED",
        "2026-04-24",
    ),
    (
        "鉴定期间不催办",
        "2026-03-02 m POINTS_DECIDED=9; 2026-03-26 m POINTS_APPEALED; 2026-04-01 m APPRAISAL_BEGUN",
        "",
    ),
    (
        "鉴定时间不计入",
        "2026-03-02 m POINTS_DECIDED=9; 2026-03-26 m POINTS_APPEALED; 2026-04-01 m APPRAISAL_BEGUN; 2026-04-10 m APPRAISAL_RETURNED",
        "2026-05-07",
    ),
    (
        "申诉已决定",
        "2026-03-02 m POINTS_DECIDED=9; 2026-03-26 m POINTS_APPEALED; 2026-04-01 m POINTS_APPEAL_DECIDED",
        "",
    ),
    ("恢复 10 个工作日内审核", "2026-03-02 m POINTS_DECIDED=9; 2026-04-09 m RESTORE_APPLIED", "2026-04-23"),
    ("修复 10 个工作日内审核", "2026-03-02 m POINTS_DECIDED=9; 2026-04-01 m REPAIR_APPLIED", "2026-04-16"),
];

#[test]
fn a_step_has_so_many_working_days() {
    let (schemes, scheme) = (Schemes::embedded(), national());
    let area = Area::parse(AREA).expect("an area");
    for (article, steps, expected) in PERIODS {
        let entries = entries(steps);
        let due = due(&Matter::of(&standing(&entries), "m"), &scheme, &schemes, area);
        assert_eq!(due.map(|day| day.to_string()).unwrap_or_default(), *expected, "{article}: {steps}");
    }
}

/// Article, history of the timeline, day of the decision, day, what is needed, whether it is met.
const NEEDS: &[(&str, &str, &str, &str, Need, bool)] = &[
    ("暂停届满前 15 个工作日申请恢复", "2026-03-02 9", "2026-03-02", "2026-04-09", Need::EndsSoon, true),
    ("早于 15 个工作日", "2026-03-02 9", "2026-03-02", "2026-04-08", Need::EndsSoon, false),
    ("届满以后", "2026-03-02 9", "2026-03-02", "2026-06-01", Need::EndsSoon, true),
    ("未被暂停", "2026-03-02 8", "2026-03-02", "2026-04-09", Need::EndsSoon, false),
    ("未被暂停不能恢复", "2026-03-02 8", "2026-03-02", "2026-04-09", Need::Suspended, false),
    ("终止不能恢复", "2026-03-02 12", "2026-03-02", "2026-04-09", Need::Suspended, false),
    ("满 30 日申请修复", "2026-03-02 8", "2026-03-02", "2026-04-01", Need::LongEnough, true),
    ("未满 30 日", "2026-03-02 8", "2026-03-02", "2026-03-31", Need::LongEnough, false),
];

#[test]
fn somebody_is_restored_and_repaired_not_too_early() {
    let (schemes, scheme) = (Schemes::embedded(), national());
    let area = Area::parse(AREA).expect("an area");
    for (article, told, decided, day, need, expected) in NEEDS {
        let entries = entries(&format!("{decided} m POINTS_DECIDED=9"));
        let all = standing(&entries);
        let (matter, timeline) = (Matter::of(&all, "m"), Timeline::of(&history(told)));
        let found = is_met(*need, (date(day), area), (&matter, &timeline), (&scheme, &schemes));
        assert_eq!(found, *expected, "{article}: {told}, {day}");
    }
    let first =
        restore_from(&standing(&entries("2026-03-02 m POINTS_DECIDED=9")), &schemes, date("2026-05-02"));
    assert_eq!(first, date("2026-04-09"), "what is advised is what is allowed");
}

/// Article, entries of all matters, day, points that a repair of `m` may give back.
const REPAIRS: &[(&str, &str, &str, u32)] = &[
    ("每年最多 3 分", "2026-03-02 m POINTS_DECIDED=8", "2026-05-04", 3),
    ("不超过该次记分", "2026-03-02 m POINTS_DECIDED=2", "2026-05-04", 2),
    ("同年已修复的计入", "2026-03-02 m POINTS_DECIDED=8; 2026-04-02 m REPAIRED=2", "2026-05-04", 1),
    (
        "另一事项已修复的计入",
        "2026-03-02 n POINTS_DECIDED=4; 2026-03-02 m POINTS_DECIDED=4; 2026-04-02 n REPAIRED=3",
        "2026-05-04",
        0,
    ),
    (
        "上一年修复的不计入",
        "2025-03-03 n POINTS_DECIDED=4; 2025-05-06 n REPAIRED=3; 2026-03-02 m POINTS_DECIDED=4",
        "2026-05-04",
        3,
    ),
    ("上一年的记分不再修复", "2025-12-01 m POINTS_DECIDED=8", "2026-02-02", 0),
    ("该次记分已修复完", "2026-03-02 m POINTS_DECIDED=1; 2026-04-02 m REPAIRED=1", "2026-05-04", 0),
];

#[test]
fn no_more_is_repaired_than_a_year_may_get_back() {
    let scheme = national();
    for (article, told, day, expected) in REPAIRS {
        let entries = entries(told);
        let all = standing(&entries);
        assert_eq!(
            Matter::of(&all, "m").repairable(&all, &scheme, date(day)),
            *expected,
            "{article}: {told}"
        );
    }
    for (decided, shortest) in [("2026-03-02", "2026-04-02"), ("2026-01-31", "2026-02-28")] {
        let entries = entries(&format!("{decided} m POINTS_DECIDED=9"));
        let found = Matter::of(&standing(&entries), "m").shortest(&scheme);
        assert_eq!(found, Some(date(shortest)), "缩短后至少一个月");
    }
}

/// An emergency of somebody who is not paid for: history, day, place, and what settlement goes by: the status, on which it pays the emergency alone, the act by which it is so,
/// and since when.
const EMERGENCIES: &[(&str, &str, &str, Status, &str, &str)] = &[
    ("2026-01-01 +H1; 2026-03-02 9", "2026-03-02", "H1", Status::Suspended, "a0", "2026-03-02"),
    ("2026-01-01 +H1; 2026-03-02 9", "2026-08-01", "H2", Status::Suspended, "a0", "2026-03-02"),
    (
        "2026-01-01 +H1; 2026-03-02 5; 2026-04-01 7",
        "2026-04-01",
        "H1",
        Status::Terminated,
        "a1",
        "2026-04-01",
    ),
    ("2026-01-01 +H1; 2026-03-02 12", "2026-03-10", "H2", Status::Terminated, "a0", "2026-03-02"),
    ("2026-01-01 +H1; 2026-03-02 9", "2026-03-01", "H1", Status::Normal, "e0", "2026-01-01"),
];

#[test]
fn an_emergency_finds_who_is_suspended_suspended_and_not_unregistered() {
    for (told, day, place, status, entry, from) in EMERGENCIES {
        let timeline = Timeline::of(&history(told));
        let found = qualification("D1", date(day), Some(place), (&timeline, 1));
        let found = (found.status, found.entry_id.as_str(), found.from_date.as_str());
        assert_eq!(found, (status.number(), *entry, *from), "{told} on {day} at {place}");
    }
}

/// The scheme's own refusals: what is changed of it, and what is told.
const REFUSED: &[(&str, &str, &str)] = &[
    (r#"{ "9": 2, "10": 4, "11": 6 }"#, r#"{ "9": 2, "11": 6 }"#, "one for each of 9 to 11 points"),
    (r#"{ "9": 2, "10": 4, "11": 6 }"#, r#"{ "9": 4, "10": 2, "11": 6 }"#, "months that do not fall"),
    (r#"{ "9": 2, "10": 4, "11": 6 }"#, r#"{ "9": 2, "10": 4, "11": 7 }"#, "suspension_months"),
    ("item: article-39", "item: article-38", "1 to 200 items, each once"),
    ("band: 4", "band: 5", "band"),
];

#[test]
fn a_scheme_with_holes_is_refused() {
    let shipped = include_str!("../../schemes/100000-points.yaml");
    assert!(load::<SchemeFamilies>("s.yaml", shipped).is_ok());
    for (before, after, expected) in REFUSED {
        let document = shipped.replacen(before, after, 1);
        assert_ne!(document, shipped, "{before}");
        let told = format!("{:?}", load::<SchemeFamilies>("s.yaml", &document).unwrap_err());
        assert!(told.contains(expected), "{after}: {told}");
    }
}
