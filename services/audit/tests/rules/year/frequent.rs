//! Visits that are too many: as many as a rule lets pass and one more, on days that no other rule of the kind minds.

use chrono::{Days, NaiveDate};
use yizhan_audit::rules::Visit;

use super::new_year;
use crate::knowledge::Written;

/// Puts the visits before, and the visit itself, on days that follow each other.
pub fn spread(written: &Written, visit: &mut Visit, earlier: &mut [Visit]) {
    let count = earlier.len() as u64;
    // Days between two, and the first day: what is counted by the month begins with it.
    let between = match (written.text("within"), count) {
        (_, 0..4) => 0,
        ("366d", _) => 40,
        (_, 0..20) => 1,
        _ => 3,
    };
    let first: NaiveDate = if between == 0 { visit.begin } else { new_year() + Days::new(59) };
    for (at, one) in (0..).zip(earlier.iter_mut().chain([visit])) {
        (one.begin, one.end) = (first + Days::new(at * between), first + Days::new(at * between));
        let day = one.begin;
        one.lines.iter_mut().for_each(|line| line.day = day);
    }
}
