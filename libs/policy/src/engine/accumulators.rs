//! What a person's visits of a policy year add up to, while a case is settled.

use std::borrow::Cow;

use chrono::NaiveDate;
use yizhan_money::MAX_FEN;
use yizhan_terms::Tier;

use super::refusal::Refusal;
use crate::case::Case;
use crate::model::{Accumulator, AccumulatorIndex, Policy};
use crate::outcome::Change;

/// The key of an accumulator: its name, or `name@level` where kept apart by level.
pub(super) fn key(accumulator: &Accumulator, level: Tier) -> Cow<'_, str> {
    if accumulator.by_level {
        Cow::Owned(format!("{}@{}", accumulator.name, level.code()))
    } else {
        Cow::Borrowed(&accumulator.name)
    }
}

/// The totals of one policy year; layers read what earlier layers of the visit added.
pub(super) struct Totals<'a> {
    policy: &'a Policy,
    level: Tier,
    policy_year: NaiveDate,
    before: Vec<i64>,
    added: Vec<i64>,
}

impl<'a> Totals<'a> {
    pub fn new(policy: &'a Policy, case: &'a Case, policy_year: NaiveDate) -> Totals<'a> {
        let level = case.visit.level;
        let known = case.accumulated.get(&policy_year);
        let held = |name: &str| known.and_then(|known| known.get(name)).copied().unwrap_or(0);
        // What was added under a name of before counts on: reversed, it is taken away under that name again.
        let before_rename = |index: AccumulatorIndex, accumulator: &Accumulator| {
            let old = policy.renames.iter().filter(move |(_, now)| *now == Some(index));
            let named = |name: &str| Accumulator { name: name.to_owned(), ..accumulator.clone() };
            old.map(|(name, _)| held(key(&named(name), level).as_ref())).sum::<i64>()
        };
        let total =
            |(index, accumulator)| held(key(accumulator, level).as_ref()) + before_rename(index, accumulator);
        let before: Vec<i64> = policy.accumulators.iter().enumerate().map(total).collect();
        Totals { policy, level, policy_year, added: vec![0; before.len()], before }
    }

    /// What earlier visits and earlier layers of this one added up to.
    pub fn now(&self, index: AccumulatorIndex) -> i64 {
        self.before[index].saturating_add(self.added[index])
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
        let Totals { policy, level, policy_year, before, added } = self;
        before.into_iter().zip(added).enumerate().filter(|(_, (_, added))| *added != 0).map(
            move |(index, (before, added))| Change {
                policy_year,
                accumulator: key(&policy.accumulators[index], level),
                before,
                added,
            },
        )
    }
}
