//! How long somebody was insured without a break, and how long not: what waiting periods are decided by.

use chrono::{Datelike, NaiveDate};

use super::basic_schemes::is_basic_normal;
use super::timeline::{Coverage, Timeline};
use yizhan_rules::months::{day_after, day_before, first_of_year, last_day_from};
use yizhan_terms::Insutype;

/// The stretches of normal coverage by a basic scheme that began before a day, in the order they began.
fn insured_before(person: &Timeline, day: NaiveDate) -> Vec<&Coverage> {
    let basic = person.coverages.iter().filter(|coverage| is_basic_normal(coverage));
    let mut before: Vec<&Coverage> = basic.filter(|coverage| coverage.period.begndate < day).collect();
    before.sort_by_key(|coverage| coverage.period.begndate);
    before
}

/// What went before a stretch that begins on some day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    /// 险种类型 of the last basic scheme.
    pub insutype: Insutype,
    /// Its last day, at most the day before.
    pub last_day: NaiveDate,
    /// First day of unbroken coverage up to `last_day`.
    pub since: NaiveDate,
    /// First day after its waiting period, if it had one.
    pub entitled_begndate: Option<NaiveDate>,
}

impl Before {
    /// Of a person, before `day`; `None` who was never insured before.
    pub fn of(person: &Timeline, day: NaiveDate) -> Option<Before> {
        let stretches = insured_before(person, day);
        let end = |coverage: &Coverage| coverage.period.enddate.filter(|end| *end < day);
        // Open or reaching into the day: insured up to the day before.
        let until = |coverage: &Coverage| end(coverage).unwrap_or(day_before(day));
        let last = stretches.iter().max_by_key(|coverage| until(coverage))?;
        let mut since = last.period.begndate;
        for earlier in stretches.iter().rev() {
            if continues(earlier, since, until(earlier)) {
                since = since.min(earlier.period.begndate);
            }
        }
        Some(Before {
            insutype: last.insutype,
            last_day: until(last),
            since,
            entitled_begndate: last.entitled_begndate,
        })
    }

    /// Whether there are no more than so many months between `last_day` and `day`.
    pub fn gap_within(&self, months: u32, day: NaiveDate) -> bool {
        day <= day_after(last_day_from(day_after(self.last_day), months))
    }

    /// Whether there is no day between `last_day` and `day`.
    pub fn reaches(&self, day: NaiveDate) -> bool {
        day <= day_after(self.last_day)
    }

    /// Whether insured for so many years without a break.
    pub fn continuous_for(&self, years: u32) -> bool {
        last_day_from(self.since, 12 * years) <= self.last_day
    }
}

/// No day between; or the next coverage year, paid in time where the centralised period reaches into it: then the stretch
/// begins on the day of payment or the day after, and who pays so has no gap.
fn continues(earlier: &Coverage, since: NaiveDate, until: NaiveDate) -> bool {
    let renewed = earlier.insutype == Insutype::Resident
        && until.month() == 12
        && until.day() == 31
        && until.year() + 1 == since.year()
        && since.month() <= 3;
    earlier.period.begndate < since && (since <= day_after(until) || renewed)
}

/// Whole years without a day of normal coverage by a basic scheme, directly before a coverage year, none earlier than
/// `from_year`. Who was never insured has no gap.
pub fn gap_years_before(person: &Timeline, coverage_year: i32, from_year: i32) -> Vec<i32> {
    let Some(before) = Before::of(person, first_of_year(coverage_year)) else { return Vec::new() };
    ((before.last_day.year() + 1).max(from_year)..coverage_year).collect()
}

/// How many they are.
pub fn gap_years(person: &Timeline, coverage_year: i32, from_year: i32) -> u32 {
    gap_years_before(person, coverage_year, from_year).len() as u32
}

#[cfg(test)]
mod tests {
    use super::super::timeline::examples::*;
    use super::*;
    use crate::person::domain::timeline::CoverageState;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn unbroken_coverage_is_counted_back_across_schemes() {
        let mut person = person("1980-01-01");
        assert_eq!(Before::of(&person, day("2025-01-01")), None);
        person.put(coverage("310", "2020-03-01", "2022-06-30"));
        person.put(coverage("390", "2022-07-01", "2022-12-31"));
        person.put(coverage("390", "2023-02-11", "2023-12-31"));
        let before = Before::of(&person, day("2024-06-01")).unwrap();
        assert_eq!((before.last_day, before.since), (day("2023-12-31"), day("2020-03-01")));
        assert!(before.continuous_for(3) && !before.continuous_for(4));
        person.put(coverage("310", "2024-09-01", ""));
        let before = Before::of(&person, day("2026-01-10")).unwrap();
        assert_eq!(
            (before.last_day, before.since),
            (day("2026-01-09"), day("2024-09-01")),
            "a gap before it"
        );
        let pause = Coverage { state: CoverageState::Paused, ..coverage("310", "2024-09-01", "") };
        person.put(pause);
        assert_eq!(
            Before::of(&person, day("2026-01-10")).unwrap().last_day,
            day("2023-12-31"),
            "a pause is a gap"
        );
    }

    #[test]
    fn two_years_are_two_years_to_the_day() {
        let mut person = person("1980-01-01");
        person.put(coverage("310", "2024-02-29", "2026-02-28"));
        assert!(Before::of(&person, day("2026-06-01")).unwrap().continuous_for(2));
        person.put(coverage("310", "2024-02-29", "2026-02-27"));
        assert!(!Before::of(&person, day("2026-06-01")).unwrap().continuous_for(2));
    }

    #[test]
    fn gap_years_are_whole_calendar_years() {
        let mut person = person("1980-01-01");
        assert_eq!(gap_years(&person, 2030, 2025), 0, "never insured");
        person.put(coverage("310", "2020-01-01", "2025-01-01"));
        for (year, gap) in [(2025, 0), (2026, 0), (2027, 1), (2031, 5)] {
            assert_eq!(gap_years(&person, year, 2025), gap, "{year}");
        }
        assert_eq!(gap_years(&person, 2031, 2029), 2);
    }
}
