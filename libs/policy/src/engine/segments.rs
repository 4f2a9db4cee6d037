//! Stays that cross the policy year: settled whole, or split by days.

use chrono::{Datelike, Days, NaiveDate};
use rust_decimal::Decimal;
use yizhan_money::{Fen, round_half_up};

use crate::case::{Case, Line};
use crate::model::{AcrossYears, Policy};
use crate::outcome::{LineParts, Parts};

/// The part of a stay that lies in one policy year.
pub(super) struct Segment {
    /// First day of the policy year.
    pub policy_year: NaiveDate,
    /// The day whose values apply: the last of the part.
    pub day: NaiveDate,
    /// The parts of each line that fall into it, in the order of the case.
    pub lines: Vec<Parts>,
    /// Whether it is the last, which counts the visit.
    pub last: bool,
}

/// First day of the policy year that a day lies in.
pub fn policy_year(policy: &Policy, day: NaiveDate) -> NaiveDate {
    let (month, first) = policy.year_starts;
    let start = |year| {
        NaiveDate::from_ymd_opt(year, month, first).expect("the loader accepts days that every year has")
    };
    let this = start(day.year());
    if this <= day { this } else { start(day.year() - 1) }
}

/// One segment for the whole stay, or one for each policy year its covered days touch. A line lies in the year of its own day; one without
/// a day is spread over all of them. What is not covered lies in none.
pub(super) fn of_stay(policy: &Policy, case: &Case, lines: &[LineParts<'_>]) -> Vec<Segment> {
    let (begin, end) = case.visit.covered().expect("a case with a covered day, as it was checked");
    let bill = || case.lines.iter().zip(lines);
    if policy.across_years == AcrossYears::Whole || policy_year(policy, end) == policy_year(policy, begin) {
        let covered = |(line, split): (&Line, &LineParts<'_>)| match line.day {
            Some(day) if !case.visit.covers(day) => Parts::default(),
            _ => split.parts,
        };
        let lines = bill().map(covered).collect();
        return vec![Segment { policy_year: policy_year(policy, end), day: end, lines, last: true }];
    }
    let stay_days = days_between(begin, end);
    let mut segments = Vec::new();
    let (mut from, mut done) = (begin, 0);
    loop {
        let year = policy_year(policy, from);
        let to = last_day_of(policy, year).min(end);
        let upto = done + days_between(from, to);
        let in_year = |(line, split): (&Line, &LineParts<'_>)| match line.day {
            None => share(&split.parts, done, upto, stay_days),
            Some(day) if from <= day && day <= to && case.visit.covers(day) => split.parts,
            Some(_) => Parts::default(),
        };
        let lines = bill().map(in_year).collect();
        segments.push(Segment { policy_year: year, day: to, lines, last: to == end });
        if to == end {
            return segments;
        }
        (from, done) = (to + Days::new(1), upto);
    }
}

/// Days from one day to another, both counted.
fn days_between(from: NaiveDate, to: NaiveDate) -> i64 {
    (to - from).num_days() + 1
}

/// Last day of the policy year that begins on a day.
pub fn last_day_of(policy: &Policy, year: NaiveDate) -> NaiveDate {
    policy_year(policy, year + Days::new(366)) - Days::new(1)
}

/// What falls on the days after `done` up to `upto`. Rounded on the running total, so that
/// the parts of all segments add up to the whole.
fn share(parts: &Parts, done: i64, upto: i64, all: i64) -> Parts {
    let cut =
        |amount: Fen, days: i64| round_half_up(amount.decimal() * Decimal::from(days) / Decimal::from(all));
    let share = |amount: Fen| cut(amount, upto) - cut(amount, done);
    let (full_self_fen, over_limit_fen) = (share(parts.full_self_fen), share(parts.over_limit_fen));
    let (pre_self_fen, in_scope_fen) = (share(parts.pre_self_fen), share(parts.in_scope_fen));
    let total_fen = full_self_fen + over_limit_fen + pre_self_fen + in_scope_fen;
    Parts { total_fen, full_self_fen, over_limit_fen, pre_self_fen, in_scope_fen }
}
