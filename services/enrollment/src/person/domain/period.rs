//! A stretch of days, first and last included.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

/// From `begndate` to `enddate`, both days included; without `enddate` it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Period {
    /// First day.
    pub begndate: NaiveDate,
    /// Last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enddate: Option<NaiveDate>,
}

/// As `begndate` and `enddate` of a request.
impl From<(NaiveDate, Option<NaiveDate>)> for Period {
    fn from((begndate, enddate): (NaiveDate, Option<NaiveDate>)) -> Self {
        Period { begndate, enddate }
    }
}

impl Period {
    /// Whether the day lies in it.
    pub fn contains(&self, day: NaiveDate) -> bool {
        self.begndate <= day && self.enddate.is_none_or(|end| day <= end)
    }

    /// Whether it was over before the day.
    pub fn ended_before(&self, day: NaiveDate) -> bool {
        self.enddate.is_some_and(|end| end < day)
    }

    /// Whether the two share a day.
    pub fn overlaps(&self, other: &Period) -> bool {
        !self.ended_before(other.begndate) && !other.ended_before(self.begndate)
    }

    /// Whether this one runs up to (or into) a later one without a day between.
    pub fn reaches(&self, later: &Period) -> bool {
        let day_before = later.begndate.checked_sub_days(Days::new(1)).unwrap_or(later.begndate);
        self.begndate < later.begndate && !self.ended_before(day_before)
    }

    /// Whether it has a day in the calendar year, up to and including `until`.
    pub fn has_day_in(&self, year: i32, until: NaiveDate) -> bool {
        let (Some(first), Some(last)) =
            (NaiveDate::from_ymd_opt(year, 1, 1), NaiveDate::from_ymd_opt(year, 12, 31))
        else {
            return false;
        };
        first <= until && self.overlaps(&Period { begndate: first, enddate: Some(last.min(until)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(begndate: &str, enddate: &str) -> Period {
        Period { begndate: begndate.parse().unwrap(), enddate: enddate.parse().ok() }
    }

    #[test]
    fn both_ends_count() {
        let year = period("2024-01-01", "2024-12-31");
        assert!(year.contains("2024-01-01".parse().unwrap()) && year.contains("2024-12-31".parse().unwrap()));
        assert!(
            !year.contains("2023-12-31".parse().unwrap()) && !year.contains("2025-01-01".parse().unwrap())
        );
        assert!(year.overlaps(&period("2024-12-31", "")));
        assert!(!year.overlaps(&period("2025-01-01", "")));
    }

    #[test]
    fn reaching_needs_no_day_between() {
        let year = period("2024-01-01", "2024-12-31");
        assert!(year.reaches(&period("2025-01-01", "")));
        assert!(!year.reaches(&period("2025-01-02", "")));
        assert!(!year.reaches(&year));
    }

    #[test]
    fn days_after_until_do_not_count() {
        let later = period("2024-06-01", "");
        assert!(later.has_day_in(2024, "2024-06-01".parse().unwrap()));
        assert!(!later.has_day_in(2024, "2024-05-31".parse().unwrap()));
        assert!(!later.has_day_in(2023, "2024-12-31".parse().unwrap()));
    }
}
