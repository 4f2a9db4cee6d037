//! `calendar`: 放假 and 调休上班.

use chrono::NaiveDate;

use super::{Calendar, Holiday, is_weekday};
use crate::node::{At, Map};
use crate::period::Period;
use crate::problem::Kind;
use crate::value;

/// A notice speaks of one year; were the last day left out, every later year would count as published.
const MAX_CALENDAR_DAYS: i64 = 366;
/// Longer is a slip of the pen.
const MAX_HOLIDAY_DAYS: i64 = 31;

pub(super) fn calendar(map: &Map) -> Option<Calendar> {
    let period = value::period(map, None);
    let mut holidays: Vec<Holiday> = Vec::new();
    let all = map.required("holidays", |at| at.list_of(|at| holiday(&at, period, &mut holidays)));
    let workdays = map.optional("workdays", |at| at.set_of(|at| workday(at, period, &holidays)));
    if period.is_some_and(|period| days(period.from, period.to) > MAX_CALENDAR_DAYS) {
        let message = "a calendar needs its last day `to`, at most a year from the first";
        return map.key("to").unwrap_or_else(|| map.at.clone()).problem(Kind::InvalidValue, message);
    }
    all?;
    Some(Calendar { holidays, workdays: workdays?.unwrap_or_default() })
}

fn days(from: NaiveDate, to: Option<NaiveDate>) -> i64 {
    to.map_or(i64::MAX, |to| (to - from).num_days() + 1)
}

fn holiday(at: &At, calendar: Option<Period>, earlier: &mut Vec<Holiday>) -> Option<()> {
    let map = at.map(&["name", "from", "to"])?;
    let name = map.required("name", |at| at.text().map(str::to_owned));
    // Written for a single day too: where `to` is left out, these documents mean an open end.
    let last = map.required("to", value::date);
    let Period { from, to } = value::period(&map, None)?;
    if calendar
        .is_some_and(|calendar| !calendar.contains(from) || to.is_some_and(|to| !calendar.contains(to)))
    {
        return at.problem(Kind::OutsidePeriod, "this holiday lies outside the days of its calendar");
    }
    let holiday = Holiday { name: name?, from, to: last? };
    if days(holiday.from, to) > MAX_HOLIDAY_DAYS {
        return at.problem(Kind::InvalidValue, format!("a holiday of more than {MAX_HOLIDAY_DAYS} days"));
    }
    if let Some(other) = earlier.iter().find(|other| other.from <= holiday.to && holiday.from <= other.to) {
        return at.problem(Kind::TableOverlap, format!("shares days with {}", other.name));
    }
    earlier.push(holiday);
    Some(())
}

/// A day that is worked on though it is a Saturday or Sunday; any other would be a slip of the pen.
fn workday(at: At, calendar: Option<Period>, holidays: &[Holiday]) -> Option<NaiveDate> {
    let day = value::date(at.clone())?;
    if calendar.is_some_and(|calendar| !calendar.contains(day)) {
        return at.problem(Kind::OutsidePeriod, "this day lies outside the days of its calendar");
    }
    if is_weekday(day) {
        let message = format!("{day} is a {}: it is worked on anyway", day.format("%A"));
        return at.problem(Kind::InvalidValue, message);
    }
    if let Some(holiday) = holidays.iter().find(|holiday| holiday.from <= day && day <= holiday.to) {
        return at.problem(Kind::TableOverlap, format!("{day} lies in {}", holiday.name));
    }
    Some(day)
}
