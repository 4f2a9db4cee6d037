//! What a total is called in the books: the name of its accumulator, with the month and the level it is kept apart by.

use std::borrow::Cow;

use chrono::{Datelike, Months, NaiveDate};
use yizhan_terms::Tier;

use crate::model::Accumulator;

/// A key of [`crate::case::Accumulated`], taken apart: `paid`, `stays@third`, `drugs/2026-03`, `drugs/2026-03@third`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key<'k> {
    /// Name of the accumulator.
    pub name: &'k str,
    /// The month, as `2026-03`; `None` where it adds up over the policy year.
    pub month: Option<&'k str>,
    /// Code of the level of the institution; `None` where all levels are together.
    pub level: Option<&'k str>,
}

impl<'k> Key<'k> {
    /// Takes a key apart. Every text has a name; whether it is a key of something is for [`Key::fits`].
    pub fn of(key: &'k str) -> Key<'k> {
        let (rest, level) = key.split_once('@').map_or((key, None), |(rest, level)| (rest, Some(level)));
        let (name, month) = rest.split_once('/').map_or((rest, None), |(name, month)| (name, Some(month)));
        Key { name, month, level }
    }

    /// Whether it is a key of this accumulator in the policy year that begins on a day: kept apart as it is, of a level there is, and of a
    /// month of that year. The name is not looked at, which may be an earlier one.
    pub fn fits(&self, accumulator: &Accumulator, policy_year: NaiveDate) -> bool {
        let level = self.level.map(|level| Tier::from_code(level).is_some());
        let next = policy_year.checked_add_months(Months::new(12)).unwrap_or(NaiveDate::MAX);
        let month =
            self.month.map(|month| first_of(month).is_some_and(|day| policy_year <= day && day < next));
        level == accumulator.by_level.then_some(true) && month == accumulator.by_month.then_some(true)
    }

    /// The key so many years later.
    pub fn years_later(&self, years: u32) -> String {
        let moved = |month| first_of(month)?.checked_add_months(Months::new(years.saturating_mul(12)));
        let month = self.month.map(|month| moved(month).map_or_else(|| month.to_owned(), month_of));
        joined(self.name, month.as_deref(), self.level).into_owned()
    }
}

/// The key under which an accumulator is held for a day at a level.
pub(crate) fn key<'a>(name: &'a str, like: &Accumulator, (day, level): (NaiveDate, Tier)) -> Cow<'a, str> {
    let month = like.by_month.then(|| month_of(day));
    joined(name, month.as_deref(), like.by_level.then(|| level.code()))
}

fn joined<'a>(name: &'a str, month: Option<&str>, level: Option<&str>) -> Cow<'a, str> {
    match (month, level) {
        (None, None) => Cow::Borrowed(name),
        (None, Some(level)) => Cow::Owned(format!("{name}@{level}")),
        (Some(month), None) => Cow::Owned(format!("{name}/{month}")),
        (Some(month), Some(level)) => Cow::Owned(format!("{name}/{month}@{level}")),
    }
}

fn month_of(day: NaiveDate) -> String {
    format!("{:04}-{:02}", day.year(), day.month())
}

/// The first day of `2026-03`; `None` of anything else, also of what is written otherwise: it would be a key of its own.
fn first_of(month: &str) -> Option<NaiveDate> {
    let day = format!("{month}-01").parse().ok()?;
    (month_of(day) == month).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Unit;

    fn accumulator(by_month: bool, by_level: bool) -> Accumulator {
        Accumulator {
            name: "drugs".to_owned(),
            label: "药费".to_owned(),
            unit: Unit::Fen,
            by_level,
            by_month,
        }
    }

    #[test]
    fn a_key_is_of_an_accumulator_that_is_kept_apart_like_it() {
        let year = NaiveDate::from_ymd_opt(2025, 4, 1).unwrap();
        let day = NaiveDate::from_ymd_opt(2026, 3, 31).unwrap();
        for (by_month, by_level, key_of_day, others) in [
            (false, false, "drugs", ["drugs/2026-03", "drugs@third"]),
            (false, true, "drugs@third", ["drugs", "drugs@tenth"]),
            (true, false, "drugs/2026-03", ["drugs/2026-04", "drugs/2026-3"]),
            (true, true, "drugs/2026-03@third", ["drugs/2026-03", "drugs/2025-03@third"]),
        ] {
            let one = accumulator(by_month, by_level);
            assert_eq!(key("drugs", &one, (day, Tier::Third)), key_of_day);
            assert_eq!(Key::of(key_of_day).name, "drugs");
            assert!(Key::of(key_of_day).fits(&one, year), "{key_of_day}");
            others.iter().for_each(|other| assert!(!Key::of(other).fits(&one, year), "{other}"));
        }
        assert_eq!(Key::of("drugs/2026-03@third").years_later(2), "drugs/2028-03@third");
        assert_eq!(Key::of("drugs").years_later(2), "drugs");
    }
}
