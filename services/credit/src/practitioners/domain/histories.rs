//! Random histories: what the fold says equals what the rules say of each day, told the other way around.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, Months, NaiveDate};

use super::cases::{date, national};
use super::event::{Event, What};
use super::timeline::{Status, Timeline};
use crate::schemes::points::Points;

pub const HISTORIES: u64 = 100_000;

/// Numbers without a library: a linear congruence is random enough here.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

pub fn history(dice: &mut Dice, scheme: &std::sync::Arc<Points>) -> Vec<Event> {
    let (mut events, mut acts): (Vec<Event>, Vec<(String, String)>) = (Vec::new(), Vec::new());
    for at in 0..2 + dice.roll(9) {
        let day = date("2025-01-01") + Days::new(dice.roll(900));
        let id = format!("e{at:02}");
        let act = (!acts.is_empty()).then(|| acts[dice.roll(acts.len() as u64) as usize].clone());
        let institution = format!("H{}", dice.roll(2));
        let (matter, what) = match (dice.roll(9), act) {
            (0, _) => (id.clone(), What::Registered(institution)),
            (8, _) => (id.clone(), What::Left(institution)),
            (1, _) => (id.clone(), What::Restored),
            (2, Some((act, matter))) => (matter, What::Revised { act, points: dice.roll(4) as u32 }),
            (3, Some((_, matter))) => {
                let until = (dice.roll(2) == 0).then(|| day + Days::new(dice.roll(40)));
                (matter, What::Repaired { points: dice.roll(4) as u32, until })
            }
            _ => {
                acts.push((id.clone(), id.clone()));
                (id.clone(), What::Points(1 + dice.roll(12) as u32, scheme.clone()))
            }
        };
        events.push(Event { id, matter, day, basis: String::new(), what });
    }
    events
}

/// Day by day as an officer would do it with a card for each year: no spans, only where things stand.
#[derive(Default)]
pub struct Card {
    years: BTreeMap<i32, u32>,
    gave: BTreeMap<String, (i32, u32)>,
    suspended: Option<NaiveDate>,
    barred: Option<NaiveDate>,
    /// Where somebody is registered, with the last day there, if it is known.
    places: BTreeMap<String, Option<NaiveDate>>,
}

/// How somebody stands at an institution, or at any.
pub fn by_hand_at(events: &[Event], day: NaiveDate, place: Option<&str>) -> (Status, u32) {
    card(events, day).on(day, place)
}

impl Card {
    /// On the day for which it was written.
    pub fn on(&self, day: NaiveDate, place: Option<&str>) -> (Status, u32) {
        let mut there = self.places.iter().filter(|(at, _)| place.is_none_or(|place| place == at.as_str()));
        let registered = there.any(|(_, last)| last.is_none_or(|last| day <= last));
        (self.status(registered), self.years.get(&day.year()).copied().unwrap_or_default())
    }

    fn status(&self, registered: bool) -> Status {
        match (self.barred, self.suspended) {
            (Some(_), _) => Status::Terminated,
            (None, Some(_)) => Status::Suspended,
            (None, None) if registered => Status::Normal,
            (None, None) => Status::Unregistered,
        }
    }
}

/// The card on a day.
pub fn card(events: &[Event], day: NaiveDate) -> Card {
    let mut card = Card::default();
    let mut order: Vec<(usize, &Event)> =
        events.iter().enumerate().filter(|(_, event)| event.day <= day).collect();
    order.sort_by_key(|(at, event)| (event.day, *at));
    let last = |act: &str| {
        events.iter().rev().find_map(|event| match &event.what {
            What::Revised { act: of, points } if of == act => Some(*points),
            _ => None,
        })
    };
    for (_, event) in order {
        match &event.what {
            What::Points(points, _) => {
                let points = last(&event.id).unwrap_or(*points);
                // What an appeal took away as a whole was never decided: nothing is repaired of it either.
                if points == 0 {
                    continue;
                }
                let year = card.years.entry(event.day.year()).or_default();
                *year += points;
                card.gave.insert(event.matter.clone(), (event.day.year(), points));
                let after = |months| event.day.checked_add_months(Months::new(months));
                let bars = |card: &mut Card, months| {
                    card.barred = card.barred.max(after(months));
                    card.places.clear();
                };
                match (points, *year) {
                    (_, 0..9) => {}
                    (12.., _) => bars(&mut card, 36),
                    (_, 12..) => bars(&mut card, 12),
                    (_, year) if card.barred.is_none() => {
                        card.suspended = card.suspended.max(after([2, 4, 6][year as usize - 9]));
                    }
                    _ => {}
                }
                if card.barred.is_some() {
                    card.suspended = None;
                }
            }
            What::Repaired { points, until } => {
                let Some((year, left)) = card.gave.get_mut(&event.matter) else { continue };
                let back = (*points).min(*left);
                *left -= back;
                if *year == event.day.year() {
                    *card.years.entry(*year).or_default() -= back;
                }
                if let (Some(ends), Some(until)) = (card.suspended, until) {
                    card.suspended = Some(ends.min((*until).max(event.day)));
                }
            }
            What::Restored if card.suspended.is_some_and(|ends| ends < event.day) => card.suspended = None,
            What::Registered(place) if card.barred.is_none_or(|ends| ends < event.day) => {
                card.barred = None;
                card.places.insert(place.clone(), None);
            }
            What::Left(place) => {
                if let Some(last @ None) = card.places.get_mut(place) {
                    *last = Some(event.day);
                }
            }
            _ => {}
        }
    }
    card
}

#[test]
fn the_fold_says_what_is_worked_out_by_hand_and_reads_back_as_stored() {
    let (mut dice, scheme) = (Dice(2_026), national());
    for number in 0..HISTORIES {
        let events = history(&mut dice, &scheme);
        let timeline = Timeline::of(&events);
        let day = date("2025-01-01") + Days::new(dice.roll(1_500));
        for day in [day, events[0].day] {
            let card = card(&events, day);
            for place in [None, Some("H0"), Some("H1")] {
                let found = timeline.on(day, place);
                let expected = card.on(day, place);
                assert_eq!(
                    (found.status, found.points),
                    expected,
                    "history {number} on {day} at {place:?}: {events:?}"
                );
            }
        }
        if number % 100 == 0 {
            let stored = serde_json::to_vec(&timeline).expect("it is written");
            assert_eq!(serde_json::from_slice::<Timeline>(&stored).expect("it reads back"), timeline);
        }
    }
}
