//! Days of a stay and items of its bill, which are paid one by one.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::segments::Segment;
use crate::case::{Case, Line};
use crate::model::{DayCount, LineFilter};

/// The covered days of a segment from this day of the stay on; the first is 1. Those before are told beside, as they count and are not paid.
pub(super) fn days(case: &Case, segment: &Segment, count: DayCount, from_day: i64) -> (i64, i64) {
    let visit = &case.visit;
    let last = match count {
        DayCount::Nights if visit.begin < visit.end => visit.end.pred_opt().unwrap_or(visit.end),
        DayCount::Nights | DayCount::Days => visit.end,
    };
    let to = last.min(segment.day);
    let in_segment = segment.from.iter_days().take_while(|day| *day <= to).filter(|day| visit.covers(*day));
    in_segment.fold((0, 0), |(all, paid), day| {
        let number = (day - visit.begin).num_days() + 1;
        (all + 1, paid + i64::from(number >= from_day))
    })
}

/// The items of these lines in a segment, whole ones. A line without a day counts in the last segment.
pub(super) fn items(case: &Case, segment: &Segment, filter: &LineFilter) -> i64 {
    let in_segment = |line: &&Line| match line.day {
        Some(day) => segment.from <= day && day <= segment.day && case.visit.covers(day),
        None => segment.last,
    };
    let lines = case.lines.iter().filter(|line| filter.counts(line)).filter(in_segment);
    let quantity: Decimal = lines.map(|line| line.quantity).sum();
    quantity.trunc().to_i64().unwrap_or(i64::MAX)
}
