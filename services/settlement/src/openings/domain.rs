//! What may be said of a policy year, and what it makes of the year's totals.

use chrono::{Datelike, Months, NaiveDate};
use yizhan_documents::Documents;
use yizhan_money::{Fen, MAX_FEN};
use yizhan_policy::case::Accumulated;
use yizhan_policy::model::Unit;
use yizhan_policy::{Key, Policy};
use yizhan_terms::{Area, Fund};

/// Visits an accumulator counts at most.
pub const MAX_VISITS: i64 = 10_000;

/// What is said of a policy year, checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    /// First day of the year; none where nothing is said of one.
    pub policy_year: Option<NaiveDate>,
    /// What is added to which accumulator.
    pub additions: Vec<(String, i64)>,
    /// What which fund paid.
    pub funds: Vec<(Fund, Fen)>,
}

impl Entries {
    /// What funds paid together.
    pub fn paid(&self) -> Fen {
        self.funds.iter().map(|(_, amount)| *amount).sum()
    }

    /// The same, taken back.
    pub fn negated(&self) -> Entries {
        Entries {
            policy_year: self.policy_year,
            additions: self.additions.iter().map(|(name, added)| (name.clone(), -added)).collect(),
            funds: self.funds.iter().map(|(fund, amount)| (*fund, -*amount)).collect(),
        }
    }

    /// The totals of the year with what is added, and what each was before; the name of the first that would be below zero or
    /// beyond all amounts.
    pub fn on(&self, mut totals: Accumulated) -> Result<(Accumulated, Vec<i64>), String> {
        let mut before = Vec::new();
        for (name, added) in &self.additions {
            let total = totals.entry(name.clone()).or_insert(0);
            before.push(*total);
            *total = total.saturating_add(*added);
            if !(0..=MAX_FEN).contains(total) {
                return Err(name.clone());
            }
        }
        totals.retain(|_, total| *total != 0);
        Ok((totals, before))
    }
}

/// The policies of an area that have a policy year beginning on this day.
pub fn of_year(book: &Documents<Policy>, area: Area, policy_year: NaiveDate) -> Vec<&Policy> {
    let next = policy_year.checked_add_months(Months::new(12)).unwrap_or(NaiveDate::MAX);
    let last = next.pred_opt().unwrap_or(next);
    let begins = |policy: &&Policy| policy.year_starts == (policy_year.month(), policy_year.day());
    let in_force = |policy: &&Policy| {
        policy.period.contains(policy_year)
            || policy.period.contains(last)
            || (policy_year <= policy.period.from && policy.period.from <= last)
    };
    // Of a product the year is that of the document it stands beside.
    let all = book.documents().iter().filter(|policy| !policy.is_product()).chain(book.joined());
    let of_area = all.map(AsRef::as_ref).filter(|policy: &&Policy| policy.areas.contains(&area));
    of_area.filter(begins).filter(in_force).collect()
}

/// What an accumulator of these policies counts, by its key in the policy year; `None` where none of them declares it, or the key is of a month
/// of another year.
pub fn unit_of(policies: &[&Policy], policy_year: NaiveDate, key: &str) -> Option<Unit> {
    let key = Key::of(key);
    let mut declared = policies.iter().flat_map(|policy| &policy.accumulators);
    declared.find(|one| one.name == key.name && key.fits(one, policy_year)).map(|one| one.unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn only_what_a_policy_of_the_area_counts_in_that_year() {
        let shipped = yizhan_policy::embedded().iter();
        let book: Documents<Policy> =
            shipped.map(|(name, text)| yizhan_policy::load(name, text).expect("a shipped policy")).collect();
        let zhuzhou = Area::parse("430200").unwrap();
        let year = day(2025, 1, 1);
        let policies = of_year(&book, zhuzhou, year);
        let unit_of = |key| unit_of(&policies, year, key);
        assert_eq!(unit_of("deductible_used"), Some(Unit::Fen));
        assert_eq!(unit_of("stays@third"), Some(Unit::Count));
        assert_eq!(unit_of("stays"), None, "kept apart by level");
        assert_eq!(unit_of("stays@tenth"), None);
        assert_eq!(unit_of("deductible_used@third"), None);
        assert_eq!(unit_of("chronic_cost/2025-12"), Some(Unit::Fen));
        assert_eq!(unit_of("chronic_cost"), None, "kept apart by the month");
        assert_eq!(unit_of("chronic_cost/2026-01"), None, "a month of another year");
        assert!(of_year(&book, zhuzhou, day(2025, 1, 2)).is_empty(), "no year begins then");
        assert!(of_year(&book, zhuzhou, day(1999, 1, 1)).is_empty());
        assert!(!of_year(&book, zhuzhou, day(2022, 1, 1)).is_empty(), "in force from October on");
    }

    #[test]
    fn no_total_goes_below_zero_or_beyond_all_amounts() {
        let entries = |added| Entries { additions: vec![("a".to_owned(), added)], ..Entries::default() };
        let totals = |total| Accumulated::from([("a".to_owned(), total)]);
        assert_eq!(entries(5).on(Accumulated::new()), Ok((totals(5), vec![0])));
        assert_eq!(entries(5).negated().on(totals(5)), Ok((Accumulated::new(), vec![5])));
        assert_eq!(entries(-6).on(totals(5)), Err("a".to_owned()));
        assert_eq!(entries(i64::MAX).on(totals(MAX_FEN)), Err("a".to_owned()));
    }
}
