//! How somebody would stand if the decisions of an area had been made by another scheme.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use yizhan_proto::credit::v1::{Entry, EntryKind};
use yizhan_runtime::ServiceError;
use yizhan_terms::Area;

use super::domain::event::{Event, What};
use super::domain::timeline::{Status, Timeline};
use super::messages::{events, scheme_of};
use crate::ledger::standing;
use crate::schemes::Schemes;
use crate::schemes::points::{Points, Responsibility};

/// Most points that one act is given: those of the highest band.
const MOST: i64 = 12;

/// One practitioner in both ways.
#[derive(Clone, Debug)]
pub struct Retold {
    /// As it is.
    pub before: Timeline,
    /// As it would be.
    pub after: Timeline,
    /// The acts that were judged anew.
    pub acts: Vec<RetoldAct>,
    /// Items of acts that the other scheme does not have.
    pub missing: Vec<String>,
}

/// An act in both ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetoldAct {
    /// Its entry.
    pub entry_id: String,
    /// Its item.
    pub item: String,
    /// Points as they were given.
    pub before: u32,
    /// Points by the other scheme.
    pub after: u32,
}

/// By all entries of somebody: what an agency of `area` decided is given the points of `draft` by item and responsibility, as far above or below them as it was
/// above or below its own scheme's. An appeal strikes as many points as it struck, and all where it struck all. Who was restored or registered anew
/// is so once the draft lets them.
pub fn retold(
    entries: &[Entry],
    schemes: &Schemes,
    (draft, area): (&Arc<Points>, Area),
) -> Result<Retold, ServiceError> {
    let own = events(entries, schemes)?;
    let of_act: BTreeMap<&str, &Entry> = standing(entries)
        .into_iter()
        .filter(|entry| entry.kind() == EntryKind::PointsDecided)
        .filter(|entry| Area::parse(&entry.poolarea_no).is_some_and(|of| area.covers(of)))
        .map(|entry| (entry.entry_id.as_str(), entry))
        .collect();
    let (mut acts, mut missing, mut given) = (Vec::new(), Vec::new(), BTreeMap::new());
    let mut other = own.clone();
    for event in &mut other {
        match &event.what {
            What::Points(before, _) => {
                let Some(entry) = of_act.get(event.id.as_str()) else { continue };
                let after = match judged(entry, *before, schemes, draft)? {
                    Some(after) => after,
                    None => {
                        missing.push(entry.item.clone());
                        *before
                    }
                };
                let (entry_id, item) = (entry.entry_id.clone(), entry.item.clone());
                given.insert(event.id.clone(), (*before, after));
                acts.push(RetoldAct { entry_id, item, before: *before, after });
                event.what = What::Points(after, draft.clone());
            }
            What::Revised { act, points } => {
                let Some((before, after)) = given.get(act) else { continue };
                let struck = before.saturating_sub(*points);
                let left = if *points == 0 { 0 } else { after.saturating_sub(struck) };
                event.what = What::Revised { act: act.clone(), points: left };
            }
            _ => {}
        }
    }
    wait(&own, &mut other);
    Ok(Retold { before: Timeline::of(&own), after: Timeline::of(&other), acts, missing })
}

/// Points of an act by the draft; `None`: it does not have the item.
fn judged(
    entry: &Entry,
    before: u32,
    schemes: &Schemes,
    draft: &Points,
) -> Result<Option<u32>, ServiceError> {
    let responsibility = Responsibility::of(entry.responsibility);
    let Some((item, responsibility)) = draft.item(&entry.item).zip(responsibility) else { return Ok(None) };
    let own = &scheme_of(entry, schemes)?.rule;
    let regular = own.item(&entry.item).map_or(before, |item| own.given(item, responsibility));
    let above = i64::from(before) - i64::from(regular);
    let after = (i64::from(draft.given(item, responsibility)) + above).clamp(1, MOST);
    Ok(after.try_into().ok())
}

/// Restoring and registering anew that counts as things are counts by the draft, too: where it would have been too early, on the first day on which it would not.
fn wait(own: &[Event], other: &mut [Event]) {
    for at in 0..other.len() {
        let day = other[at].day;
        let of: fn(&Timeline, NaiveDate) -> Option<NaiveDate> = match other[at].what {
            What::Restored => suspended,
            What::Registered(_) => terminated,
            _ => continue,
        };
        let counts = last_day_of(own, at, day, of).is_some_and(|ends_on| ends_on < day);
        let later = last_day_of(other, at, day, of).filter(|ends_on| counts && *ends_on >= day);
        if let Some(next) = later.and_then(|ends_on| ends_on.succ_opt()) {
            other[at].day = next;
        }
    }
}

fn suspended(timeline: &Timeline, day: NaiveDate) -> Option<NaiveDate> {
    timeline.suspended_until(day)
}

fn terminated(timeline: &Timeline, day: NaiveDate) -> Option<NaiveDate> {
    let standing = timeline.on(day, None);
    standing.ends_on.filter(|_| standing.status == Status::Terminated)
}

/// The last day of what an event would end, by everything up to its day but itself.
fn last_day_of(
    events: &[Event],
    at: usize,
    day: NaiveDate,
    of: fn(&Timeline, NaiveDate) -> Option<NaiveDate>,
) -> Option<NaiveDate> {
    let counts = |event: &Event| event.day <= day || matches!(event.what, What::Revised { .. });
    let others = events.iter().enumerate().filter(|(place, event)| *place != at && counts(event));
    let others: Vec<Event> = others.map(|(_, event)| event.clone()).collect();
    of(&Timeline::of(&others), day)
}
