//! What a person's visits of a policy year add up to, while a case is settled.

use std::iter::successors;

use chrono::{Datelike, Months, NaiveDate};
use yizhan_money::MAX_FEN;
use yizhan_terms::Tier;

use super::refusal::Refusal;
use crate::case::{Accumulated, Case};
use crate::keys::key;
use crate::model::{AccumulatorIndex, Policy, Span};
use crate::outcome::Change;

/// The totals of one policy year; layers read what earlier layers of the visit added.
pub(super) struct Totals<'a> {
    policy: &'a Policy,
    level: Tier,
    policy_year: NaiveDate,
    /// The day whose values apply, and so the month of what adds up by the month.
    day: NaiveDate,
    known: Option<&'a Accumulated>,
    before: Vec<i64>,
    added: Vec<i64>,
}

impl<'a> Totals<'a> {
    pub fn new(policy: &'a Policy, case: &'a Case, (policy_year, day): (NaiveDate, NaiveDate)) -> Totals<'a> {
        let (level, known) = (case.visit.level, case.accumulated.get(&policy_year));
        let added = vec![0; policy.accumulators.len()];
        let mut totals = Totals { policy, level, policy_year, day, known, before: Vec::new(), added };
        totals.before = (0..policy.accumulators.len()).map(|index| totals.held(index, day)).collect();
        totals
    }

    /// What is held of an accumulator; where it adds up by the month, of the month of a day. What was added under a name of before counts on:
    /// reversed, it is taken away under that name again.
    fn held(&self, index: AccumulatorIndex, day: NaiveDate) -> i64 {
        let accumulator = &self.policy.accumulators[index];
        let old = self.policy.renames.iter().filter(|(_, now)| *now == Some(index)).map(|(old, _)| old);
        let held = |name: &String| {
            let key = key(name, accumulator, (day, self.level));
            self.known.and_then(|known| known.get(key.as_ref())).copied().unwrap_or(0)
        };
        old.chain([&accumulator.name]).map(held).sum()
    }

    /// What earlier visits and earlier layers of this one added up to; in the month, where it adds up by the month.
    pub fn now(&self, index: AccumulatorIndex) -> i64 {
        self.before[index].saturating_add(self.added[index])
    }

    /// The same in the month, the quarter or the policy year; also of months after the visit's, that were settled before it.
    pub fn within(&self, index: AccumulatorIndex, span: Span) -> i64 {
        if !self.policy.accumulators[index].by_month || span == Span::Month {
            return self.now(index);
        }
        let this = first_of_month(self.day);
        let others = months(first_of(span, self.day, self.policy_year), span).filter(|month| *month != this);
        others.map(|month| self.held(index, month)).fold(self.now(index), i64::saturating_add)
    }

    /// How many months of a quarter or policy year have begun on the day, this one included; not those before the month of another day.
    pub fn months_begun(&self, span: Span, since: NaiveDate) -> u32 {
        let from = first_of(span, self.day, self.policy_year).max(first_of_month(since));
        let number = |day: NaiveDate| day.year() * 12 + day.month0() as i32;
        u32::try_from(number(self.day) - number(from) + 1).unwrap_or(0)
    }

    pub fn add(&mut self, index: AccumulatorIndex, amount: i64) {
        self.added[index] = self.added[index].saturating_add(amount);
    }

    /// Refuses what would add up to more than any amount: nobody could settle on it.
    pub fn require_within(&self) -> Result<(), Refusal> {
        let total = (0..self.before.len()).map(|index| self.now(index));
        if total.max().is_none_or(|total| total <= MAX_FEN) {
            return Ok(());
        }
        let reason = "a total of the policy year would be above the limit of 16 digits";
        Err(Refusal::BadCase { field: "accumulated".into(), reason })
    }

    /// The changes, in the order the policy declares; zero changes are left out.
    pub fn into_changes(self) -> impl Iterator<Item = Change<'a>> {
        let Totals { policy, level, policy_year, day, before, added, .. } = self;
        before.into_iter().zip(added).enumerate().filter(|(_, (_, added))| *added != 0).map(
            move |(index, (before, added))| {
                let accumulator = &policy.accumulators[index];
                let accumulator = key(&accumulator.name, accumulator, (day, level));
                Change { policy_year, accumulator, before, added }
            },
        )
    }
}

fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// First day of the month, the quarter or the policy year of a day. Where something adds up by the month the policy year begins with a quarter:
/// the loader requires it.
fn first_of(span: Span, day: NaiveDate, policy_year: NaiveDate) -> NaiveDate {
    let month = first_of_month(day);
    match span {
        Span::Month => month,
        Span::Quarter => month.checked_sub_months(Months::new(month.month0() % 3)).unwrap_or(month),
        Span::Year => policy_year,
    }
}

/// First days of its months.
fn months(first: NaiveDate, span: Span) -> impl Iterator<Item = NaiveDate> {
    let count = match span {
        Span::Month => 1,
        Span::Quarter => 3,
        Span::Year => 12,
    };
    successors(Some(first), |month| month.checked_add_months(Months::new(1))).take(count)
}
