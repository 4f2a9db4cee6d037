//! T2102 缴费年限: what a register holds of a person's basic schemes, up to a day.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use yizhan_terms::Insutype;

use crate::person::domain::timeline::{Coverage, CoverageState, Timeline};

/// A gap longer than this breaks continuity (医保办发〔2021〕43号).
pub const REPAIRABLE_GAP_MONTHS: i32 = 3;

/// The statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The day it is made.
    pub generated_on: NaiveDate,
    /// By scheme, in the order of insutype.
    pub schemes: Vec<SchemeYears>,
    /// Insured months up to the last one, without a gap of more than three before.
    pub continuous_months: i32,
    /// The last insured day up to the day of the statement.
    pub last_insured: Option<NaiveDate>,
}

/// What was held of one scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemeYears {
    /// 险种类型.
    pub insutype: Insutype,
    /// First insured day.
    pub begndate: NaiveDate,
    /// Last insured day up to the day of the statement.
    pub enddate: NaiveDate,
    /// Calendar months with an insured day.
    pub months: i32,
}

/// Made from the register on a day.
pub fn statement(timeline: &Timeline, today: NaiveDate) -> Statement {
    let mut by_scheme: BTreeMap<Insutype, Vec<(NaiveDate, NaiveDate)>> = BTreeMap::new();
    for (stretch, first, last) in insured_stretches(timeline, today) {
        by_scheme.entry(stretch.insutype).or_default().push((first, last));
    }
    let years = |(insutype, days): (&Insutype, &Vec<(NaiveDate, NaiveDate)>)| {
        Some(SchemeYears {
            insutype: *insutype,
            begndate: days.iter().map(|(first, _)| *first).min()?,
            enddate: days.iter().map(|(_, last)| *last).max()?,
            months: months_of(days).len() as i32,
        })
    };
    let schemes: Vec<SchemeYears> = by_scheme.iter().filter_map(years).collect();
    Statement {
        generated_on: today,
        last_insured: schemes.iter().map(|scheme| scheme.enddate).max(),
        continuous_months: continuous(&months_of(by_scheme.values().flatten())),
        schemes,
    }
}

/// Stretches of basic schemes that are 正常, with their first and last day up to a day.
fn insured_stretches(
    timeline: &Timeline,
    until: NaiveDate,
) -> impl Iterator<Item = (&Coverage, NaiveDate, NaiveDate)> {
    let insured = move |stretch: &&Coverage| {
        stretch.state == CoverageState::Normal
            && stretch.insutype.is_basic()
            && stretch.period.begndate <= until
    };
    timeline.coverages.iter().filter(insured).map(move |stretch| {
        let last = stretch.period.enddate.map_or(until, |end| end.min(until));
        (stretch, stretch.period.begndate, last)
    })
}

fn month_of(day: NaiveDate) -> i32 {
    day.year() * 12 + day.month0() as i32
}

fn months_of<'a>(days: impl IntoIterator<Item = &'a (NaiveDate, NaiveDate)>) -> BTreeSet<i32> {
    days.into_iter().flat_map(|(first, last)| month_of(*first)..=month_of(*last)).collect()
}

/// How many of the months, back from the last one, follow one another with gaps of at most three.
fn continuous(months: &BTreeSet<i32>) -> i32 {
    let (mut run, mut later) = (0, None);
    for month in months.iter().rev() {
        if later.is_some_and(|later| later - month - 1 > REPAIRABLE_GAP_MONTHS) {
            break;
        }
        (run, later) = (run + 1, Some(*month));
    }
    run
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::domain::timeline::examples::*;

    fn stated(stretches: &[(&str, &str, &str)], today: &str) -> Statement {
        let mut timeline = person("1980-01-01");
        for (insutype, begndate, enddate) in stretches {
            timeline.put(coverage(insutype, begndate, enddate));
        }
        statement(&timeline, today.parse().unwrap())
    }

    #[test]
    fn months_count_once_and_up_to_the_day() {
        let made = stated(
            &[
                ("310", "2023-01-31", "2023-03-01"),
                ("310", "2023-03-15", "2023-03-31"),
                ("310", "2024-02-29", ""),
            ],
            "2024-06-15",
        );
        let of = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(
            made.schemes,
            [SchemeYears {
                insutype: Insutype::Employee,
                begndate: of("2023-01-31"),
                enddate: of("2024-06-15"),
                months: 3 + 5,
            }]
        );
        assert_eq!(made.last_insured, Some(of("2024-06-15")));
        assert_eq!(made.continuous_months, 5, "April 2023 to January 2024 is more than three months");
    }

    #[test]
    fn three_months_of_gap_do_not_break_four_do() {
        for (next, continuous) in [("2024-04-01", 12 + 3), ("2024-04-30", 12 + 3), ("2024-05-01", 2)] {
            let made = stated(&[("390", "2023-01-01", "2023-12-31"), ("310", next, "")], "2024-06-15");
            assert_eq!(made.continuous_months, continuous, "{next}");
        }
    }

    #[test]
    fn pauses_supplements_and_the_future_do_not_count() {
        let mut timeline = person("1980-01-01");
        timeline
            .put(Coverage { state: CoverageState::Paused, ..coverage("310", "2023-01-01", "2023-12-31") });
        timeline.put(coverage("510", "2023-01-01", ""));
        timeline.put(coverage("390", "2025-01-01", "2025-12-31"));
        let made = statement(&timeline, "2024-06-15".parse().unwrap());
        assert_eq!((made.schemes.len(), made.continuous_months, made.last_insured), (0, 0, None));
    }
}
