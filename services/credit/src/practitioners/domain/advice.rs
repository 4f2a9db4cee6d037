//! What would change how somebody stands. An advice is a set of events that may still be recorded; what it leads to is worked out by recording them, and
//! what leads nowhere is not told.

use chrono::{Datelike, Days, Months, NaiveDate};
use yizhan_workflow::named;

use super::event::{Event, What};
use super::timeline::{Standing, Status, Timeline};
use crate::schemes::points::Points;

named! {
    /// What is advised.
    Kind {
        Appeal = 1, "APPEAL", "申诉";
        Appealed = 2, "APPEALED", "申诉处理中";
        Repair = 3, "REPAIR", "申请修复记分";
        Shorten = 4, "SHORTEN", "申请修复缩短暂停";
        Restore = 5, "RESTORE", "申请恢复";
        Register = 6, "REGISTER", "登记备案";
        YearEnd = 7, "YEAR_END", "年度清零";
    }
}

/// Where a matter stands, as far as advice goes by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It may be appealed against, up to a day that is known once it is delivered.
    Appealable(Option<NaiveDate>),
    /// An appeal is to be decided on, up to a day.
    Appealed(Option<NaiveDate>),
    /// Nobody appeals any more: it may be put right.
    Settled,
    /// Something was applied for already.
    Applied,
}

/// One way on.
#[derive(Clone, Debug)]
pub struct Advice {
    /// What.
    pub kind: Kind,
    /// Of which matter; empty: of none.
    pub matter: String,
    /// Points that are struck by an appeal or given back by a repair.
    pub points: u32,
    /// The day from which it can be done or comes by itself.
    pub day: NaiveDate,
    /// The last day for it, as far as known; of SHORTEN the last day of the suspension that is left.
    pub until: Option<NaiveDate>,
    /// The status it leads to, whether registered somewhere included.
    pub status: Status,
    /// From which day.
    pub from: NaiveDate,
    /// Points of the year then.
    pub left: u32,
    /// One point fewer does not lead there.
    pub is_least: bool,
    /// What would be recorded; nothing of what comes by itself.
    #[cfg_attr(not(test), expect(dead_code, reason = "who checks that an advice comes true records it"))]
    pub events: Vec<Event>,
}

/// Every way on for somebody on a day, by all events and by where their matters stand. `apply_from` says of the last day of a suspension when
/// restoring may be applied for first.
pub fn advice(
    events: &[Event],
    matters: &[(String, Stage)],
    apply_from: &dyn Fn(NaiveDate) -> NaiveDate,
    day: NaiveDate,
) -> Vec<Advice> {
    let timeline = Timeline::of(events);
    let now = timeline.on(day, None);
    let asked = Asked { events, timeline, now, day };
    let of_matters = matters.iter().filter_map(|(matter, stage)| match stage {
        Stage::Appealable(until) => asked.appeal(Kind::Appeal, matter, *until),
        Stage::Appealed(until) => asked.appeal(Kind::Appealed, matter, *until),
        Stage::Settled => asked.repair(matter),
        Stage::Applied => None,
    });
    let of_person = [asked.shorten(matters), asked.restore(apply_from), asked.register(), asked.year_end()];
    of_matters.chain(of_person.into_iter().flatten()).collect()
}

/// What an appeal enters that strikes so many points of a matter, from its last act on.
pub fn strike(events: &[Event], matter: &str, points: u32, day: NaiveDate) -> Vec<Event> {
    let mut left = points;
    let of_act = |(act, now): (&Event, u32)| {
        let less = left.min(now);
        left -= less;
        let what = What::Revised { act: act.id.clone(), points: now - less };
        (less > 0).then(|| planned(matter, day, what))
    };
    acts(events, matter).rev().filter_map(of_act).collect()
}

/// The acts of a matter, with their points as appeals left them.
fn acts<'e>(events: &'e [Event], matter: &str) -> std::vec::IntoIter<(&'e Event, u32)> {
    let now = |act: &Event, given: u32| {
        let revised = events.iter().rev().find_map(|event| match &event.what {
            What::Revised { act: of, points } if *of == act.id => Some(*points),
            _ => None,
        });
        revised.unwrap_or(given)
    };
    let of_it = events.iter().filter(|event| event.matter == matter);
    let acts = of_it.filter_map(|event| match event.what {
        What::Points(given, _) => Some((event, now(event, given))),
        _ => None,
    });
    acts.collect::<Vec<_>>().into_iter()
}

fn planned(matter: &str, day: NaiveDate, what: What) -> Event {
    Event { id: "advised".to_owned(), matter: matter.to_owned(), day, basis: String::new(), what }
}

/// The worse the higher: who is not registered may be at once, who is suspended may not.
fn severity(status: Status) -> u8 {
    match status {
        Status::Normal => 0,
        Status::Unregistered => 1,
        Status::Suspended => 2,
        Status::Terminated => 3,
    }
}

struct Asked<'e> {
    events: &'e [Event],
    timeline: Timeline,
    now: Standing,
    day: NaiveDate,
}

impl Asked<'_> {
    /// How things are once more was recorded.
    fn with(&self, more: &[Event]) -> Timeline {
        Timeline::of(&[self.events, more].concat())
    }

    fn is_better(&self, status: Status) -> bool {
        severity(status) < severity(self.now.status)
    }

    /// The day of a decision up to the day asked about, its scheme and its points.
    fn decided(&self, matter: &str) -> Option<(NaiveDate, &Points, u32)> {
        let of_it = self.events.iter().filter(|event| event.matter == matter && event.day <= self.day);
        let mut decided = of_it.filter_map(|event| match &event.what {
            What::Points(_, scheme) => Some((event.day, scheme)),
            _ => None,
        });
        let (day, scheme) = decided.next()?;
        Some((day, scheme, acts(self.events, matter).map(|(_, points)| points).sum()))
    }

    /// The fewest points that an appeal has to strike, or where no number is enough what all of them come to.
    fn appeal(&self, kind: Kind, matter: &str, until: Option<NaiveDate>) -> Option<Advice> {
        let (decided, _, total) = self.decided(matter)?;
        let struck = |points| {
            let events = strike(self.events, matter, points, self.day);
            let after = self.with(&events).on(self.day, None);
            (points, events, after)
        };
        let least = (1..=total).map(struck).find(|(.., after)| self.is_better(after.status));
        let is_least = least.is_some();
        let (points, events, after) = match least {
            Some(least) => least,
            None if total > 0 => struck(total),
            None => return None,
        };
        let from = after.from.filter(|_| is_least).map_or(self.day, |from| from.max(decided));
        Some(Advice {
            kind,
            matter: matter.to_owned(),
            points,
            day: self.day,
            until,
            status: after.status,
            from,
            left: after.points,
            is_least,
            events,
        })
    }

    /// The first day on which a repair of what was decided on a day may be entered.
    fn repaired_from(&self, decided: NaiveDate, scheme: &Points) -> Option<NaiveDate> {
        let first = decided.checked_add_days(Days::new(scheme.repair_after_days.into()))?;
        Some(first.max(self.day))
    }

    /// As many points back as bring the year below suspension; where that is not possible, or it is there, as many as may be.
    fn repair(&self, matter: &str) -> Option<Advice> {
        let (decided, scheme, total) = self.decided(matter)?;
        let day = self.repaired_from(decided, scheme).filter(|day| day.year() == decided.year())?;
        let repaired = |holds: &dyn Fn(&Event) -> bool| -> u32 {
            let points = |event: &Event| match event.what {
                What::Repaired { points, .. } if holds(event) => points,
                _ => 0,
            };
            self.events.iter().map(points).sum()
        };
        let of_year = repaired(&|event| event.day.year() == day.year());
        let of_matter = repaired(&|event| event.matter == matter);
        let most = scheme.repair_points.saturating_sub(of_year).min(total.saturating_sub(of_matter));
        let at = self.timeline.points_on(day);
        let above = (at + 1).saturating_sub(scheme.suspended_from);
        let is_least = (1..=most).contains(&above);
        let points = if is_least { above } else { most };
        let events = vec![planned(matter, day, What::Repaired { points, until: None })];
        let after = self.with(&events).on(day, None);
        (after.points < at).then(|| Advice {
            kind: Kind::Repair,
            matter: matter.to_owned(),
            points,
            day,
            until: None,
            status: after.status,
            from: day,
            left: after.points,
            is_least,
            events,
        })
    }

    /// The matter by which somebody is suspended, and the last day.
    fn suspension(&self) -> Option<(&str, NaiveDate)> {
        let ends_on = self.timeline.suspended_until(self.day)?;
        let by = self.events.iter().find(|event| event.id == self.now.entry);
        Some((by.map_or("", |event| &event.matter), ends_on))
    }

    /// As short as the scheme lets a suspension become, and restored on the day after.
    fn shorten(&self, matters: &[(String, Stage)]) -> Option<Advice> {
        let (matter, ends_on) = self.suspension()?;
        let settled = matters.iter().any(|(of, stage)| of == matter && *stage == Stage::Settled);
        let (decided, scheme, _) = self.decided(matter).filter(|_| settled)?;
        let day = self.repaired_from(decided, scheme)?;
        let least = decided.checked_add_months(Months::new(scheme.repair_leaves_months))?;
        let until = Some(least.max(day)).filter(|until| *until < ends_on)?;
        let from = until.succ_opt()?;
        let repaired = planned(matter, day, What::Repaired { points: 0, until: Some(until) });
        let events = vec![repaired, planned(matter, from, What::Restored)];
        self.better(Kind::Shorten, (matter, events), (day, Some(until)), from)
    }

    fn restore(&self, apply_from: &dyn Fn(NaiveDate) -> NaiveDate) -> Option<Advice> {
        let (matter, ends_on) = self.suspension()?;
        let from = ends_on.succ_opt()?.max(self.day);
        let events = vec![planned(matter, from, What::Restored)];
        let day = apply_from(ends_on).max(self.day);
        self.better(Kind::Restore, (matter, events), (day, None), from)
    }

    fn register(&self) -> Option<Advice> {
        let from = match (self.now.status, self.now.ends_on) {
            (Status::Terminated, Some(ends_on)) => ends_on.succ_opt()?.max(self.day),
            (Status::Unregistered, _) => self.day,
            _ => return None,
        };
        let events = vec![planned("", from, What::Registered(String::new()))];
        self.better(Kind::Register, ("", events), (from, None), from)
    }

    /// What these events lead to on a day, if that is better.
    fn better(
        &self,
        kind: Kind,
        (matter, events): (&str, Vec<Event>),
        (day, until): (NaiveDate, Option<NaiveDate>),
        from: NaiveDate,
    ) -> Option<Advice> {
        let Standing { status, points: left, .. } = self.with(&events).on(from, None);
        let matter = matter.to_owned();
        let advice =
            Advice { kind, matter, points: 0, day, until, status, from, left, is_least: false, events };
        self.is_better(status).then_some(advice)
    }

    /// Points are gone with the year; what they led to is not.
    fn year_end(&self) -> Option<Advice> {
        let from = NaiveDate::from_ymd_opt(self.day.year() + 1, 1, 1)?;
        let Standing { status, points: left, .. } = self.timeline.on(from, None);
        let points = self.now.points;
        (points > 0 && left == 0).then(|| Advice {
            kind: Kind::YearEnd,
            matter: String::new(),
            points,
            day: from,
            until: None,
            status,
            from,
            left,
            is_least: false,
            events: Vec::new(),
        })
    }
}
