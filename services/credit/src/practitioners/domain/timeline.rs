//! How somebody stands on every day: a pure function of the events.
//!
//! Points of a calendar year add up, wherever they were given, and are gone with it. A decision after which a year has enough of them suspends or
//! terminates from its own day on; both last beyond the year. A period of months or years ends on the day of the same number, or on
//! the last of its month (《民法典》第二百零二条).

use std::collections::BTreeMap;

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use yizhan_workflow::named;

use super::event::{Event, What};
use crate::schemes::points::Points;

named! {
    /// 状态
    #[derive(PartialOrd, Ord, Serialize, Deserialize)]
    Status {
        Normal = 1, "NORMAL", "正常";
        Suspended = 2, "SUSPENDED", "暂停";
        Terminated = 3, "TERMINATED", "终止";
        Unregistered = 4, "UNREGISTERED", "未登记备案";
    }
}

/// Days on which somebody stands the same, up to the next span.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// First day.
    pub from: NaiveDate,
    /// Never [`Status::Unregistered`]: that depends on the institution.
    pub status: Status,
    /// Last day of a suspension that is not restored yet; of a termination the last one without registration.
    pub ends_on: Option<NaiveDate>,
    /// The entry by which it is so.
    pub entry: String,
    /// Its document.
    pub basis: String,
}

/// Days at an institution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stay {
    /// 定点医药机构编号
    pub institution: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day; `None`: not known.
    pub until: Option<NaiveDate>,
    /// The entry of the registration.
    pub entry: String,
}

/// Everything about a practitioner that a lookup needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    /// In order of days.
    pub spans: Vec<Span>,
    /// In order of days.
    pub stays: Vec<Stay>,
    /// Points of its year from a day on, in order of days.
    pub points: Vec<(NaiveDate, u32)>,
}

/// How somebody stands on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The status.
    pub status: Status,
    /// First day of it.
    pub from: Option<NaiveDate>,
    /// Last day of it, as far as known.
    pub until: Option<NaiveDate>,
    /// See [`Span::ends_on`].
    pub ends_on: Option<NaiveDate>,
    /// The entry by which it is so; empty: none.
    pub entry: String,
    /// Its document; empty: none.
    pub basis: String,
    /// Points of the year up to the day.
    pub points: u32,
    /// Of who is not registered: they are, at another institution.
    pub elsewhere: bool,
}

/// Points that a year got, or got back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The entry: of a decision its first act.
    pub entry: String,
    /// Its matter.
    pub matter: String,
    /// From this day on.
    pub day: NaiveDate,
    /// Below zero: given back.
    pub points: i64,
}

impl Timeline {
    /// What events come to, in the order recorded.
    pub fn of(events: &[Event]) -> Timeline {
        Timeline::with_trail(events).0
    }

    /// The same, and how the points of years came to be, in order of days: those of a year up to a day add up to
    /// [`Timeline::points_on`].
    pub fn with_trail(events: &[Event]) -> (Timeline, Vec<Change>) {
        let mut revised = BTreeMap::new();
        for event in events {
            if let What::Revised { act, points } = &event.what {
                revised.insert(act.as_str(), *points);
            }
        }
        let mut by_day: Vec<&Event> = events.iter().collect();
        by_day.sort_by_key(|event| event.day);
        let mut fold = Fold { revised, ..Fold::default() };
        let mut rest = by_day.as_slice();
        while let Some(first) = rest.first() {
            let together = rest.iter().take_while(|next| first.is_one_decision_with(next)).count().max(1);
            fold.take(&rest[..together]);
            rest = &rest[together..];
        }
        (fold.timeline, fold.trail)
    }

    /// On a day, at an institution, or at any.
    pub fn on(&self, day: NaiveDate, institution: Option<&str>) -> Standing {
        let points = self.points_on(day);
        let at = self.spans.iter().rposition(|span| span.from <= day);
        if let Some((at, span)) =
            at.map(|at| (at, &self.spans[at])).filter(|(_, span)| span.status != Status::Normal)
        {
            let until = self.spans.get(at + 1).and_then(|next| next.from.pred_opt());
            let Span { status, ends_on, entry, basis, .. } = span.clone();
            return Standing {
                status,
                from: Some(span.from),
                until,
                ends_on,
                entry,
                basis,
                points,
                elsewhere: false,
            };
        }
        let held = |stay: &&Stay| stay.from <= day && stay.until.is_none_or(|until| day <= until);
        let here = |stay: &&Stay| institution.is_none_or(|institution| stay.institution == institution);
        let stay = self.stays.iter().filter(held).find(here);
        let none = Standing {
            status: Status::Unregistered,
            from: None,
            until: None,
            ends_on: None,
            entry: String::new(),
            basis: String::new(),
            points,
            elsewhere: self.stays.iter().any(|stay| held(&stay)),
        };
        let Some(stay) = stay else { return none };
        let clear = at.map(|at| self.spans[at].from).filter(|from| *from > stay.from);
        let next = self.spans.get(at.map_or(0, |at| at + 1)).and_then(|next| next.from.pred_opt());
        Standing {
            status: Status::Normal,
            from: Some(clear.unwrap_or(stay.from)),
            until: [stay.until, next].into_iter().flatten().min(),
            entry: stay.entry.clone(),
            elsewhere: false,
            ..none
        }
    }

    /// The last day of a suspension that holds on a day.
    pub fn suspended_until(&self, day: NaiveDate) -> Option<NaiveDate> {
        let span = self.spans.iter().rev().find(|span| span.from <= day);
        span.filter(|span| span.status == Status::Suspended).and_then(|span| span.ends_on)
    }

    /// Points of the year of a day up to it.
    pub fn points_on(&self, day: NaiveDate) -> u32 {
        let last = self.points.iter().rev().find(|(from, _)| *from <= day);
        last.filter(|(from, _)| from.year() == day.year()).map_or(0, |(_, points)| *points)
    }
}

impl Event {
    /// Whether both are acts of one decision.
    fn is_one_decision_with(&self, other: &Event) -> bool {
        let points = |event: &Event| matches!(event.what, What::Points(..));
        points(self) && points(other) && self.matter == other.matter
    }
}

/// The events of one day after the other.
#[derive(Default)]
struct Fold<'e> {
    timeline: Timeline,
    trail: Vec<Change>,
    revised: BTreeMap<&'e str, u32>,
    /// Of each decision: its year, and the points of it that are not repaired.
    decided: BTreeMap<&'e str, (i32, u32)>,
}

impl<'e> Fold<'e> {
    fn take(&mut self, events: &[&'e Event]) {
        let Some(event) = events.first() else { return };
        match &event.what {
            What::Points(_, scheme) => self.decide(event, self.sum(events), scheme),
            What::Repaired { points, until } => self.repair(event, *points, *until),
            What::Restored => self.restore(event),
            What::Registered(institution) => self.register(event, institution),
            What::Left(institution) => {
                let open = self.timeline.stays.iter_mut().rev();
                let mut open = open.filter(|stay| &stay.institution == institution && stay.until.is_none());
                if let Some(stay) = open.next() {
                    stay.until = Some(event.day);
                }
            }
            What::Revised { .. } => {}
        }
    }

    /// Points of acts as appeals left them.
    fn sum(&self, acts: &[&Event]) -> u32 {
        let now = |act: &&Event| match act.what {
            What::Points(points, _) => self.revised.get(act.id.as_str()).copied().unwrap_or(points),
            _ => 0,
        };
        acts.iter().map(now).sum()
    }

    fn decide(&mut self, event: &'e Event, points: u32, scheme: &Points) {
        if points == 0 {
            return;
        }
        let total = self.timeline.points_on(event.day) + points;
        self.count(event, total);
        self.decided.insert(&event.matter, (event.day.year(), points));
        let (months, status) = if points >= scheme.terminated_from {
            (scheme.barred_years_at_once * 12, Status::Terminated)
        } else if total >= scheme.terminated_from {
            (scheme.barred_years * 12, Status::Terminated)
        } else if let Some(months) = scheme.months(total) {
            (months, Status::Suspended)
        } else {
            return;
        };
        self.worsen(event, status, event.day.checked_add_months(Months::new(months)));
    }

    /// The points of a year are others from a day on.
    fn count(&mut self, event: &Event, total: u32) {
        let points = i64::from(total) - i64::from(self.timeline.points_on(event.day));
        let (entry, matter) = (event.id.clone(), event.matter.clone());
        self.trail.push(Change { entry, matter, day: event.day, points });
        self.timeline.points.push((event.day, total));
    }

    /// What lasts longer stays; what is worse begins.
    fn worsen(&mut self, event: &Event, status: Status, ends_on: Option<NaiveDate>) {
        let held = self.timeline.spans.last().filter(|span| span.status != Status::Normal);
        let (held_status, held_end) = held.map_or((Status::Normal, None), |span| (span.status, span.ends_on));
        if held_status > status {
            return;
        }
        let ends_on = if held_status == status { held_end.max(ends_on) } else { ends_on };
        let from = match held {
            // Without a break, and by what suspended first: only the end moves.
            Some(span) if held_status == status => span.from,
            _ => event.day,
        };
        self.begin(Span { from, status, ends_on, entry: event.id.clone(), basis: event.basis.clone() });
        if status == Status::Terminated {
            let last = event.day.pred_opt();
            self.timeline.stays.retain(|stay| stay.from < event.day);
            for stay in &mut self.timeline.stays {
                stay.until = stay.until.or(last).min(last);
            }
        }
    }

    /// A span takes the place of one that begins on the same day.
    fn begin(&mut self, span: Span) {
        self.timeline.spans.retain(|held| held.from < span.from);
        self.timeline.spans.push(span);
    }

    fn back_to_normal(&mut self, event: &Event) {
        let (entry, basis) = (event.id.clone(), event.basis.clone());
        self.begin(Span { from: event.day, status: Status::Normal, ends_on: None, entry, basis });
    }

    fn repair(&mut self, event: &'e Event, points: u32, until: Option<NaiveDate>) {
        let Some((year, left)) = self.decided.get_mut(event.matter.as_str()) else { return };
        let back = points.min(*left);
        *left -= back;
        if back > 0 && *year == event.day.year() {
            let total = self.timeline.points_on(event.day).saturating_sub(back);
            self.count(event, total);
        }
        let span = self.timeline.spans.last_mut().filter(|span| span.status == Status::Suspended);
        if let (Some(span), Some(until)) = (span, until) {
            span.ends_on = span.ends_on.min(Some(until.max(event.day)));
        }
    }

    /// Not before the suspension is over.
    fn restore(&mut self, event: &Event) {
        let span = self.timeline.spans.last().filter(|span| span.status == Status::Suspended);
        if span.is_some_and(|span| span.ends_on.is_some_and(|ends_on| ends_on < event.day)) {
            self.back_to_normal(event);
        }
    }

    /// Of who was terminated not before their time is over. Who is registered there already stays so.
    fn register(&mut self, event: &Event, institution: &str) {
        let terminated = self.timeline.spans.last().filter(|span| span.status == Status::Terminated);
        if let Some(span) = terminated {
            if span.ends_on.is_none_or(|ends_on| event.day <= ends_on) {
                return;
            }
            self.back_to_normal(event);
        }
        let held = |stay: &Stay| stay.institution == institution && stay.until.is_none();
        if !self.timeline.stays.iter().any(held) {
            let (institution, entry) = (institution.to_owned(), event.id.clone());
            self.timeline.stays.push(Stay { institution, from: event.day, until: None, entry });
        }
    }
}
