//! Every advice of random histories, followed: what it promises is what comes of it, worked out by hand.

use chrono::{Datelike, Days, NaiveDate};

use super::advice::{Advice, Kind, Stage, advice, strike};
use super::cases::{self, date, national};
use super::event::{Event, What};
use super::histories::{Dice, HISTORIES, by_hand_at, history};
use super::timeline::{Status, Timeline};

/// The worse the higher: who is not registered may be at once.
fn severity(status: Status) -> u8 {
    [Status::Normal, Status::Unregistered, Status::Suspended, Status::Terminated]
        .iter()
        .position(|one| *one == status)
        .expect("one of four") as u8
}

fn matters(dice: &mut Dice, events: &[Event], day: NaiveDate) -> Vec<(String, Stage)> {
    let first = |event: &&Event| matches!(event.what, What::Points(..)) && event.id == event.matter;
    let decided = events.iter().filter(first);
    let stage = |dice: &mut Dice| match dice.roll(4) {
        0 => Stage::Appealable(Some(day + Days::new(dice.roll(20)))),
        1 => Stage::Appealed(None),
        2 => Stage::Applied,
        _ => Stage::Settled,
    };
    decided.map(|event| (event.matter.clone(), stage(dice))).collect()
}

/// A decision of several acts is one of their sum, for who works by hand.
pub fn merged(events: &[Event]) -> Vec<Event> {
    let mut merged: Vec<Event> = Vec::new();
    for event in events {
        match (&event.what, merged.last_mut().map(|last| (&last.matter, &mut last.what))) {
            (What::Points(more, _), Some((matter, What::Points(points, _)))) if *matter == event.matter => {
                *points += more;
            }
            _ => merged.push(event.clone()),
        }
    }
    merged
}

/// With what appeals left of acts in their place.
pub fn revised(events: &[Event]) -> Vec<Event> {
    let now = |act: &str| {
        events.iter().rev().find_map(|event| match &event.what {
            What::Revised { act: of, points } if of == act => Some(*points),
            _ => None,
        })
    };
    let read = |event: &Event| {
        let what = match &event.what {
            What::Points(points, scheme) => What::Points(now(&event.id).unwrap_or(*points), scheme.clone()),
            What::Revised { .. } => return None,
            other => other.clone(),
        };
        Some(Event { what, ..event.clone() })
    };
    events.iter().filter_map(read).collect()
}

fn follow(events: &[Event], more: &[Event], day: NaiveDate) -> (Status, u32) {
    by_hand_at(&merged(&revised(&[events, more].concat())), day, None)
}

/// Some decisions are of two acts.
fn in_acts(dice: &mut Dice, events: Vec<Event>) -> Vec<Event> {
    let split = |event: Event| match event.what.clone() {
        What::Points(points, scheme) if points > 1 && dice.roll(3) == 0 => {
            let first = 1 + dice.roll(u64::from(points) - 1) as u32;
            let act = |id: String, points| Event {
                id,
                what: What::Points(points, scheme.clone()),
                ..event.clone()
            };
            vec![act(event.id.clone(), first), act(format!("{}b", event.id), points - first)]
        }
        _ => vec![event],
    };
    events.into_iter().flat_map(split).collect()
}

fn check(events: &[Event], told: &Advice, day: NaiveDate, number: u64) {
    let on = told.from.max(day);
    let found = follow(events, &told.events, on);
    assert_eq!((told.status, told.left), found, "{number} on {day}: {told:?}: {events:?}");
    assert_eq!(found.0, follow(events, &told.events, told.from).0, "{number} from {}: {told:?}", told.from);
    let fewer = told.points.saturating_sub(1);
    match told.kind {
        Kind::Appeal | Kind::Appealed if told.is_least => {
            let before = follow(events, &strike(events, &told.matter, fewer, day), on).0;
            assert!(severity(before) > severity(found.0), "{number}: {fewer} would do: {told:?}: {events:?}");
        }
        Kind::Repair if told.is_least => {
            let what = What::Repaired { points: fewer, until: None };
            let less = Event { what, ..told.events[0].clone() };
            let left = follow(events, &[less], on).1;
            assert!(told.left < 9 && left >= 9, "{number}: {left} left: {told:?}: {events:?}");
        }
        _ => {}
    }
}

#[test]
fn what_is_advised_comes_true_and_nothing_less_does() {
    let (mut dice, scheme) = (Dice(62), national());
    let mut told = [0_u64; 8];
    for number in 0..HISTORIES {
        let events = history(&mut dice, &scheme);
        let events = in_acts(&mut dice, events);
        let day = date("2025-01-01") + Days::new(dice.roll(1_200));
        let all = advice(&events, &matters(&mut dice, &events, day), &|ends_on| ends_on - Days::new(21), day);
        for one in &all {
            told[one.kind.number() as usize] += 1;
            check(&events, one, day, number);
        }
        // Who is suspended or terminated, with nothing later on record, is told how that ends.
        if events.iter().all(|event| event.day <= day) {
            let way = match Timeline::of(&events).on(day, None).status {
                Status::Suspended => Some(Kind::Restore),
                Status::Terminated => Some(Kind::Register),
                _ => None,
            };
            assert!(
                way.is_none_or(|way| all.iter().any(|one| one.kind == way)),
                "{number} on {day}: {events:?}"
            );
        }
    }
    assert!(told[1..].iter().all(|count| *count > 100), "some kind is hardly ever tried: {told:?}");
}

#[test]
fn points_are_the_sum_of_their_trail() {
    let (mut dice, scheme) = (Dice(7), national());
    for number in 0..HISTORIES {
        let events = history(&mut dice, &scheme);
        let (timeline, trail) = Timeline::with_trail(&events);
        let day = date("2025-01-01") + Days::new(dice.roll(1_200));
        let of_year = trail.iter().filter(|one| one.day <= day && one.day.year() == day.year());
        let sum: i64 = of_year.map(|one| one.points).sum();
        assert_eq!(sum, i64::from(timeline.points_on(day)), "{number} on {day}: {events:?}");
    }
}

/// History, day, stage of the last matter, and the advice: kind, points, from when, status, points left.
type Case = (&'static str, &'static str, Stage, (Kind, u32, &'static str, Status, u32));

const CASES: &[Case] = &[
    (
        "2026-01-01 +H1; 2026-03-02 6+5",
        "2026-03-20",
        Stage::Appealable(None),
        (Kind::Appeal, 3, "2026-03-02", Status::Normal, 8),
    ),
    (
        "2026-01-01 +H1; 2026-03-02 9; 2026-04-01 3",
        "2026-04-10",
        Stage::Appealed(None),
        (Kind::Appealed, 1, "2026-04-01", Status::Suspended, 11),
    ),
    (
        "2026-01-01 +H1; 2026-03-02 10",
        "2026-03-20",
        Stage::Settled,
        (Kind::Repair, 2, "2026-04-01", Status::Suspended, 8),
    ),
    (
        "2026-01-01 +H1; 2026-03-02 8",
        "2026-05-01",
        Stage::Settled,
        (Kind::Repair, 3, "2026-05-01", Status::Normal, 5),
    ),
    (
        "2026-01-01 +H1; 2026-03-02 11",
        "2026-03-20",
        Stage::Settled,
        (Kind::Shorten, 0, "2026-04-03", Status::Normal, 11),
    ),
    (
        "2026-01-01 +H1; 2026-03-02 9",
        "2026-03-20",
        Stage::Applied,
        (Kind::Restore, 0, "2026-05-03", Status::Normal, 9),
    ),
    (
        "2026-01-01 +H1; 2026-03-02 12",
        "2026-03-20",
        Stage::Applied,
        (Kind::Register, 0, "2029-03-03", Status::Normal, 0),
    ),
    (
        "2026-01-01 +H1; 2026-03-02 8",
        "2026-03-20",
        Stage::Applied,
        (Kind::YearEnd, 8, "2027-01-01", Status::Normal, 0),
    ),
    ("2026-03-02 1", "2026-03-20", Stage::Applied, (Kind::Register, 0, "2026-03-20", Status::Normal, 1)),
];

#[test]
fn every_kind_has_its_case() {
    for (told, day, stage, (kind, points, from, status, left)) in CASES {
        let events = cases::history(told);
        let matter =
            events.iter().rev().find(|event| matches!(event.what, What::Points(..))).unwrap().matter.clone();
        let all = advice(&events, &[(matter, *stage)], &|ends_on| ends_on, date(day));
        let found = all.iter().find(|one| one.kind == *kind).unwrap_or_else(|| panic!("{told}: {all:?}"));
        let found = (found.points, found.from.to_string(), found.status, found.left);
        assert_eq!(found, (*points, (*from).to_owned(), *status, *left), "{told}: {kind:?}");
    }
}
