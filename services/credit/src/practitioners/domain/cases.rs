//! Every rule of the point system, with a case each.

use std::sync::Arc;

use chrono::NaiveDate;
use yizhan_terms::Area;

use super::event::{Event, What};
use super::timeline::{Status, Timeline};
use crate::schemes::Schemes;
use crate::schemes::points::{Points, Responsibility};

/// The national scheme.
pub fn national() -> Arc<Points> {
    let area = Area::parse("430200").expect("an area");
    Arc::new(Schemes::embedded().find::<Points>(area, date("2025-01-01")).expect("in force").rule.clone())
}

/// A day.
pub fn date(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

/// A history, an event a word: `day what`, where what is `+H1` registered, `-H1` left, `9` points, `9+3` of two acts at once, `a1=2` act 1 revised, `restored`,
/// `repaired 2`, `shortened 2026-…`. Acts are counted from 0.
pub fn history(text: &str) -> Vec<Event> {
    let scheme = national();
    let mut events: Vec<Event> = Vec::new();
    let (mut acts, mut last_matter) = (0, String::new());
    for (at, said) in text.split("; ").filter(|said| !said.is_empty()).enumerate() {
        let (day, said) = said.split_once(' ').expect("day and event");
        let whats: Vec<What> = match said.split_once(' ') {
            Some(("repaired", points)) => {
                vec![What::Repaired { points: points.parse().expect("points"), until: None }]
            }
            Some(("shortened", until)) => vec![What::Repaired { points: 0, until: Some(date(until)) }],
            _ if said == "restored" => vec![What::Restored],
            _ if said.starts_with('+') => vec![What::Registered(said[1..].to_owned())],
            _ if said.starts_with('-') => vec![What::Left(said[1..].to_owned())],
            _ => match said.split_once('=') {
                Some((act, points)) => {
                    vec![What::Revised { act: act.to_owned(), points: points.parse().expect("points") }]
                }
                None => {
                    let points = said.split('+').map(|points| points.parse().expect("points"));
                    points.map(|points| What::Points(points, scheme.clone())).collect()
                }
            },
        };
        if matches!(whats[0], What::Points(..)) {
            last_matter = format!("m{at}");
        }
        for what in whats {
            let id = if matches!(what, What::Points(..)) {
                acts += 1;
                format!("a{}", acts - 1)
            } else {
                format!("e{at}")
            };
            let matter = last_matter.clone();
            events.push(Event { id, matter, day: date(day), basis: String::new(), what });
        }
    }
    events
}

/// Article, history, day, institution (`*` any), status, points of the year.
const CASES: &[(&str, &str, &str, &str, Status, u32)] = &[
    ("未登记备案", "", "2026-03-01", "*", Status::Unregistered, 0),
    ("登记备案即正常", "2026-01-05 +H1", "2026-01-05", "H1", Status::Normal, 0),
    ("登记之前", "2026-01-05 +H1", "2026-01-04", "H1", Status::Unregistered, 0),
    ("另一机构未登记", "2026-01-05 +H1", "2026-01-05", "H2", Status::Unregistered, 0),
    ("离开后的次日", "2026-01-05 +H1; 2026-02-01 -H1", "2026-02-02", "H1", Status::Unregistered, 0),
    ("离开当日仍在", "2026-01-05 +H1; 2026-02-01 -H1", "2026-02-01", "H1", Status::Normal, 0),
    (
        "离开当日重新登记",
        "2026-01-05 +H1; 2026-02-01 -H1; 2026-02-01 +H1",
        "2026-02-02",
        "H1",
        Status::Normal,
        0,
    ),
    ("8 分不暂停", "2026-01-01 +H1; 2026-03-02 5+3", "2026-03-02", "H1", Status::Normal, 8),
    ("满 9 分暂停", "2026-01-01 +H1; 2026-03-02 9", "2026-03-02", "H1", Status::Suspended, 9),
    ("从作出处理之日起", "2026-01-01 +H1; 2026-03-02 9", "2026-03-01", "H1", Status::Normal, 0),
    ("一次检查多个行为累加", "2026-01-01 +H1; 2026-03-02 4+5", "2026-03-02", "H1", Status::Suspended, 9),
    (
        "满 10 分暂停四个月",
        "2026-01-01 +H1; 2026-03-02 10; 2026-07-02 restored",
        "2026-07-03",
        "H1",
        Status::Suspended,
        10,
    ),
    (
        "四个月期满恢复",
        "2026-01-01 +H1; 2026-03-02 10; 2026-07-03 restored",
        "2026-07-03",
        "H1",
        Status::Normal,
        10,
    ),
    (
        "满 11 分暂停六个月",
        "2026-01-01 +H1; 2026-03-02 11; 2026-09-02 restored",
        "2026-09-03",
        "H1",
        Status::Suspended,
        11,
    ),
    (
        "六个月期满恢复",
        "2026-01-01 +H1; 2026-03-02 11; 2026-09-03 restored",
        "2026-09-03",
        "H1",
        Status::Normal,
        11,
    ),
    (
        "两个机构各记分，随人累计",
        "2026-01-01 +H1; 2026-01-01 +H2; 2026-03-02 6; 2026-04-01 3",
        "2026-04-01",
        "H1",
        Status::Suspended,
        9,
    ),
    ("多次累计", "2026-01-01 +H1; 2026-03-02 6; 2026-04-01 3", "2026-04-01", "H1", Status::Suspended, 9),
    (
        "多点执业随人累计",
        "2026-01-01 +H1; 2026-01-01 +H2; 2026-03-02 9",
        "2026-03-03",
        "H2",
        Status::Suspended,
        9,
    ),
    ("年度清零", "2025-01-01 +H1; 2025-12-31 8; 2026-01-01 3", "2026-01-01", "H1", Status::Normal, 3),
    ("清零当日", "2025-01-01 +H1; 2025-12-31 8", "2026-01-01", "H1", Status::Normal, 0),
    ("暂停跨年不因清零结束", "2025-01-01 +H1; 2025-12-01 9", "2026-01-15", "H1", Status::Suspended, 0),
    (
        "迟录的处理计入作出之年",
        "2025-01-01 +H1; 2026-01-10 3; 2025-12-30 6; 2025-12-31 3",
        "2026-01-11",
        "H1",
        Status::Suspended,
        3,
    ),
    ("期满未恢复仍暂停", "2026-01-01 +H1; 2026-03-02 9", "2026-05-03", "H1", Status::Suspended, 9),
    ("期满恢复", "2026-01-01 +H1; 2026-03-02 9; 2026-05-03 restored", "2026-05-03", "H1", Status::Normal, 9),
    (
        "期未满不能恢复",
        "2026-01-01 +H1; 2026-03-02 9; 2026-05-02 restored",
        "2026-05-03",
        "H1",
        Status::Suspended,
        9,
    ),
    (
        "恢复后本年记分仍有效",
        "2026-01-01 +H1; 2026-03-02 9; 2026-05-03 restored; 2026-06-01 1",
        "2026-06-01",
        "H1",
        Status::Suspended,
        10,
    ),
    (
        "暂停期间再记分延长",
        "2026-01-01 +H1; 2026-03-02 9; 2026-04-01 2; 2026-05-03 restored",
        "2026-05-03",
        "H1",
        Status::Suspended,
        11,
    ),
    (
        "累计 12 分终止",
        "2026-01-01 +H1; 2026-03-02 6; 2026-04-01 6",
        "2026-04-01",
        "H1",
        Status::Terminated,
        12,
    ),
    (
        "终止一年内不能登记",
        "2026-01-01 +H1; 2026-03-02 6; 2026-04-01 6; 2027-04-01 +H1",
        "2027-04-02",
        "H1",
        Status::Terminated,
        0,
    ),
    (
        "终止满一年重新登记",
        "2026-01-01 +H1; 2026-03-02 6; 2026-04-01 6; 2027-04-02 +H1",
        "2027-04-02",
        "H1",
        Status::Normal,
        0,
    ),
    (
        "满一年不登记仍终止",
        "2026-01-01 +H1; 2026-03-02 6; 2026-04-01 6",
        "2028-04-02",
        "H1",
        Status::Terminated,
        0,
    ),
    (
        "一次 12 分三年",
        "2026-01-01 +H1; 2026-03-02 12; 2027-04-02 +H1",
        "2027-04-02",
        "H1",
        Status::Terminated,
        0,
    ),
    (
        "一次检查两个行为各 6 分，即一次满 12 分，三年",
        "2026-01-01 +H1; 2026-03-02 6+6; 2027-04-02 +H1; 2029-03-02 +H1",
        "2029-03-02",
        "H1",
        Status::Terminated,
        0,
    ),
    (
        "一次两个 6 分，三年后重新登记",
        "2026-01-01 +H1; 2026-03-02 6+6; 2029-03-03 +H1",
        "2029-03-03",
        "H1",
        Status::Normal,
        0,
    ),
    (
        "急诊抢救：暂停期间状态不变，由结算按急诊支付",
        "2026-01-01 +H1; 2026-03-02 9",
        "2026-03-10",
        "H1",
        Status::Suspended,
        9,
    ),
    (
        "急诊抢救：登记机构之外也是暂停，不是未登记",
        "2026-01-01 +H1; 2026-03-02 9",
        "2026-03-10",
        "H2",
        Status::Suspended,
        9,
    ),
    (
        "急诊抢救：终止结束了登记，仍是终止，不是未登记",
        "2026-01-01 +H1; 2026-03-02 12",
        "2026-03-10",
        "H1",
        Status::Terminated,
        12,
    ),
    (
        "急诊抢救：离开后被暂停的人也是暂停",
        "2026-01-01 +H1; 2026-02-01 -H1; 2026-03-02 9",
        "2026-03-10",
        "H1",
        Status::Suspended,
        9,
    ),
    (
        "三年后重新登记",
        "2026-01-01 +H1; 2026-03-02 12; 2029-03-03 +H1",
        "2029-03-03",
        "H1",
        Status::Normal,
        0,
    ),
    (
        "重新登记只在登记的机构",
        "2026-01-01 +H1; 2026-01-01 +H2; 2026-03-02 12; 2029-03-03 +H1",
        "2029-03-03",
        "H2",
        Status::Unregistered,
        0,
    ),
    (
        "申诉成立，暂停自始不成立",
        "2026-01-01 +H1; 2026-03-02 9; 2026-04-01 a0=0",
        "2026-03-10",
        "H1",
        Status::Normal,
        0,
    ),
    (
        "申诉减分后不足 9 分",
        "2026-01-01 +H1; 2026-03-02 9; 2026-04-01 a0=8",
        "2026-03-10",
        "H1",
        Status::Normal,
        8,
    ),
    (
        "申诉成立，终止前的登记仍有效",
        "2026-01-01 +H1; 2026-03-02 12; 2026-04-01 a0=3",
        "2026-05-01",
        "H1",
        Status::Normal,
        3,
    ),
    (
        "申诉只影响被申诉的行为",
        "2026-01-01 +H1; 2026-03-02 9+3; 2026-04-01 a1=0",
        "2026-05-01",
        "H1",
        Status::Suspended,
        9,
    ),
    (
        "修复减免记分",
        "2026-01-01 +H1; 2026-03-02 8; 2026-05-01 repaired 2; 2026-06-01 2",
        "2026-06-01",
        "H1",
        Status::Normal,
        8,
    ),
    (
        "修复不超过该次记分",
        "2026-01-01 +H1; 2026-03-02 6; 2026-04-02 1; 2026-05-01 repaired 3",
        "2026-06-01",
        "H1",
        Status::Normal,
        6,
    ),
    (
        "修复缩短暂停",
        "2026-01-01 +H1; 2026-03-02 9; 2026-04-02 shortened 2026-04-10; 2026-04-11 restored",
        "2026-04-11",
        "H1",
        Status::Normal,
        9,
    ),
    (
        "修复不缩短终止",
        "2026-01-01 +H1; 2026-03-02 12; 2026-04-02 shortened 2026-04-10; 2026-04-11 +H1",
        "2026-04-11",
        "H1",
        Status::Terminated,
        12,
    ),
    (
        "月末起算到月末",
        "2026-01-01 +H1; 2026-12-31 9; 2027-03-01 restored",
        "2027-03-01",
        "H1",
        Status::Normal,
        0,
    ),
];

#[test]
fn every_rule_has_its_case() {
    for (article, told, day, place, status, points) in CASES {
        let place = Some(*place).filter(|place| *place != "*");
        let found = Timeline::of(&history(told)).on(date(day), place);
        assert_eq!((found.status, found.points), (*status, *points), "{article}: {told}, {day}: {found:?}");
    }
}

/// Item, responsibility, disclosed, instigated, lowest, highest.
const BANDS: &[(&str, Responsibility, bool, bool, u32, u32)] = &[
    ("agreement", Responsibility::Ordinary, false, false, 1, 1),
    ("agreement", Responsibility::Main, false, false, 3, 3),
    ("article-38", Responsibility::Important, false, false, 5, 5),
    ("in-anothers-name", Responsibility::Main, false, false, 9, 9),
    ("article-40", Responsibility::Ordinary, false, false, 10, 10),
    ("article-40", Responsibility::Main, false, false, 12, 12),
    ("article-40", Responsibility::Main, true, false, 9, 12),
    ("article-38", Responsibility::Ordinary, false, true, 4, 7),
    ("agreement", Responsibility::Ordinary, true, false, 1, 1),
    ("article-40", Responsibility::Main, false, true, 12, 12),
];

#[test]
fn points_lie_in_the_band() {
    let scheme = national();
    for (item, responsibility, disclosed, instigated, lowest, highest) in BANDS {
        let given = scheme.given(scheme.item(item).expect("an item"), *responsibility);
        let allowed = scheme.allowed(given, *disclosed, *instigated);
        assert_eq!((*allowed.start(), *allowed.end()), (*lowest, *highest), "{item} {responsibility:?}");
    }
}

#[test]
fn a_suspension_says_until_when_and_since_when() {
    let timeline = Timeline::of(&history("2026-01-01 +H1; 2026-03-02 9; 2026-05-03 restored"));
    let found = timeline.on(date("2026-04-01"), Some("H1"));
    let days = [found.from, found.until, found.ends_on]
        .map(|day| day.map(|day| day.to_string()).unwrap_or_default());
    assert_eq!(days, ["2026-03-02", "2026-05-02", "2026-05-02"]);
    assert_eq!(found.entry, "a0");
}
