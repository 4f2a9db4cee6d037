//! Counting in months, the same everywhere.

use chrono::{Datelike, Days, Months, NaiveDate};

/// The last day of so many months after something happened (《民法典》第二百零一、二百零二条): its own day is not counted; the
/// last is the same day of the month they end in, and the last day of that month where it has none. Three months after 30
/// November end on the last of February.
pub fn last_day_after(event: NaiveDate, months: u32) -> NaiveDate {
    event.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX)
}

/// The last day of so many months that `first` is the first day of: from 1 May, six months end on 31 October; from 16
/// January, three end on 15 April; from 29 February, twelve end on 28 February.
pub fn last_day_from(first: NaiveDate, months: u32) -> NaiveDate {
    let same_day = last_day_after(first, months);
    // The month they end in has no such day: its last day it is.
    if same_day.day() < first.day() { same_day } else { day_before(same_day) }
}

/// The first of the day's month.
pub fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// 1 January.
pub fn first_of_year(year: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or(NaiveDate::MIN)
}

/// 31 December.
pub fn last_of_year(year: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or(NaiveDate::MAX)
}

/// The next day.
pub fn day_after(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX)
}

/// The day before.
pub fn day_before(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(1)).unwrap_or(NaiveDate::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// 民法典第二百零二条.
    #[test]
    fn months_after_an_event() {
        for (event, months, last) in [
            ("2025-03-15", 3, "2025-06-15"),
            ("2025-12-31", 3, "2026-03-31"),
            ("2025-12-31", 2, "2026-02-28"),
            ("2025-11-30", 3, "2026-02-28"),
            ("2027-11-30", 3, "2028-02-29"),
            ("2025-11-29", 3, "2026-02-28"),
            ("2026-02-28", 3, "2026-05-28"),
            ("2028-02-29", 12, "2029-02-28"),
            ("2026-09-30", 3, "2026-12-30"),
            ("2026-10-01", 3, "2027-01-01"),
            ("2025-05-10", 0, "2025-05-10"),
        ] {
            assert_eq!(last_day_after(day(event), months), day(last), "{event} + {months}");
        }
    }

    #[test]
    fn months_from_a_first_day() {
        for (first, months, last) in [
            ("2026-05-01", 6, "2026-10-31"),
            ("2026-03-01", 3, "2026-05-31"),
            ("2025-12-01", 3, "2026-02-28"),
            ("2027-12-01", 3, "2028-02-29"),
            ("2026-01-16", 3, "2026-04-15"),
            ("2025-11-30", 3, "2026-02-28"),
            ("2024-02-29", 24, "2026-02-28"),
            ("2024-03-01", 24, "2026-02-28"),
            ("2026-07-01", 6, "2026-12-31"),
            ("2026-07-01", 0, "2026-06-30"),
        ] {
            assert_eq!(last_day_from(day(first), months), day(last), "{first} + {months}");
        }
    }
}
