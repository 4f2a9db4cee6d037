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
    /// Its first covered day.
    pub from: NaiveDate,
    /// The day whose values apply: the last of the part.
    pub day: NaiveDate,
    /// The parts of each line that fall into it, in the order of the case.
    pub lines: Vec<Parts>,
    /// What was paid elsewhere of each line, as far as it falls into it.
    pub lines_elsewhere: Vec<Fen>,
    /// What was paid elsewhere of the bill as a whole, as far as it falls into it.
    pub bill_elsewhere: Fen,
    /// Whether it is the last, which counts the visit.
    pub last: bool,
}

impl Segment {
    /// A segment of a day, with nothing on the bill: what is said of the visit is asked of it.
    pub fn empty(policy_year: NaiveDate, day: NaiveDate) -> Segment {
        Segment {
            policy_year,
            from: day,
            day,
            lines: Vec::new(),
            lines_elsewhere: Vec::new(),
            bill_elsewhere: Fen::ZERO,
            last: true,
        }
    }

    /// What was charged.
    pub fn total(&self) -> Fen {
        self.lines.iter().map(|line| line.total_fen).sum()
    }

    /// What was paid elsewhere.
    pub fn elsewhere(&self) -> Fen {
        self.lines_elsewhere.iter().copied().sum::<Fen>() + self.bill_elsewhere
    }
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
    let mut segments = by_year(policy, case, lines, (begin, end));
    spread_over_bills(case, &mut segments);
    segments
}

/// What was paid elsewhere of the whole bill is spread over what the segments' bills leave of it; rounded on the running total.
fn spread_over_bills(case: &Case, segments: &mut [Segment]) {
    let told: Fen = case.paid_elsewhere.iter().map(|paid| paid.paid_fen).sum();
    let open: Vec<Fen> = segments.iter().map(|segment| segment.total() - segment.elsewhere()).collect();
    let all: Fen = open.iter().copied().sum();
    if told == Fen::ZERO || all <= Fen::ZERO {
        return;
    }
    let told = i128::from(told.min(all).0);
    let upto = |bills: Fen| (2 * told * i128::from(bills.0) + i128::from(all.0)) / (2 * i128::from(all.0));
    let (mut bills, mut done) = (Fen::ZERO, Fen::ZERO);
    for (segment, open) in segments.iter_mut().zip(open) {
        bills += open;
        // Never above what is told, an amount.
        let now = i64::try_from(upto(bills)).map_or(done, Fen);
        segment.bill_elsewhere = now - done;
        done = now;
    }
}

fn by_year(
    policy: &Policy,
    case: &Case,
    lines: &[LineParts<'_>],
    (begin, end): (NaiveDate, NaiveDate),
) -> Vec<Segment> {
    let bill = || case.lines.iter().zip(lines);
    if policy.across_years == AcrossYears::Whole || policy_year(policy, end) == policy_year(policy, begin) {
        let covered = |(line, split): (&Line, &LineParts<'_>)| match line.day {
            Some(day) if !case.visit.covers(day) => Parts::default(),
            _ => split.parts,
        };
        let lines_elsewhere = case.lines.iter().map(|line| match line.day {
            Some(day) if !case.visit.covers(day) => Fen::ZERO,
            _ => line.paid_elsewhere_fen,
        });
        return vec![Segment {
            lines: bill().map(covered).collect(),
            lines_elsewhere: lines_elsewhere.collect(),
            from: begin,
            ..Segment::empty(policy_year(policy, end), end)
        }];
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
        let elsewhere_in_year = |line: &Line| match line.day {
            None => share_of(line.paid_elsewhere_fen, done, upto, stay_days),
            Some(day) if from <= day && day <= to && case.visit.covers(day) => line.paid_elsewhere_fen,
            Some(_) => Fen::ZERO,
        };
        segments.push(Segment {
            lines: bill().map(in_year).collect(),
            lines_elsewhere: case.lines.iter().map(elsewhere_in_year).collect(),
            last: to == end,
            from,
            ..Segment::empty(year, to)
        });
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
fn share_of(amount: Fen, done: i64, upto: i64, all: i64) -> Fen {
    let cut = |days: i64| round_half_up(amount.decimal() * Decimal::from(days) / Decimal::from(all));
    cut(upto) - cut(done)
}

fn share(parts: &Parts, done: i64, upto: i64, all: i64) -> Parts {
    let share = |amount: Fen| share_of(amount, done, upto, all);
    let (full_self_fen, over_limit_fen) = (share(parts.full_self_fen), share(parts.over_limit_fen));
    let (pre_self_fen, in_scope_fen) = (share(parts.pre_self_fen), share(parts.in_scope_fen));
    let total_fen = full_self_fen + over_limit_fen + pre_self_fen + in_scope_fen;
    Parts { total_fen, full_self_fen, over_limit_fen, pre_self_fen, in_scope_fen }
}
