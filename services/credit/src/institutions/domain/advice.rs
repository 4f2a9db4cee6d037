//! What would change a grade: the smallest changes that reach the next better one.

use std::cmp::Reverse;

use rust_decimal::{Decimal, RoundingStrategy};

use super::facts::Facts;
use super::score::{acts_of, cost, score, vetoed, worth};
use crate::schemes::scorecard::{DIGITS, Deduction, Measured, Scorecard};

/// Digits behind the point of a value that is advised.
const VALUE_DIGITS: u32 = 6;
/// Changes that are told in an advice at most: with more nobody begins.
const MAX_CHANGES: usize = 50;

/// A change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// So many points of conduct are repaired; of a veto none, it falls as a whole.
    Repair {
        /// Its entry.
        entry_id: String,
        /// The row of the scheme.
        item: String,
        /// Of them.
        points: Decimal,
    },
    /// An indicator has this value.
    Reach {
        /// Which.
        indicator: String,
        /// At least, or at most where less is better.
        value: Decimal,
    },
}

/// Changes that together reach a grade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// The grade that is reached, by its place in the scheme: of a veto that falls it may be more than the next.
    pub place: usize,
    /// The score that is reached.
    pub score: Decimal,
    /// As few as reach it.
    pub changes: Vec<Change>,
}

/// Facts with changes made.
pub fn changed(facts: &Facts, changes: &[Change]) -> Facts {
    let mut facts = facts.clone();
    for change in changes {
        match change {
            Change::Repair { entry_id, points, .. } => {
                for act in facts.acts.iter_mut().filter(|act| act.entry_id == *entry_id) {
                    act.repaired += points;
                    act.is_repaired = true;
                }
            }
            Change::Reach { indicator, value } => {
                if let Some(held) = facts.values.get_mut(indicator) {
                    held.value = *value;
                }
            }
        }
    }
    facts
}

/// How the next better grade is reached: by repair alone, by values alone, and by both where that takes fewer changes than either.
pub fn advise(facts: &Facts, scheme: &Scorecard) -> Vec<Advice> {
    let Ok(now) = score(facts, scheme) else { return Vec::new() };
    let Some(place) = now.place.checked_sub(1) else { return Vec::new() };
    let from = scheme.grades.get(place).map_or(Decimal::ZERO, |grade| grade.from);
    let need = if now.score >= from { Decimal::ZERO } else { from - now.raw };
    let lifted: Vec<Change> = vetoed(facts, scheme)
        .filter(|(_, best)| *best > place)
        .map(|(act, _)| repair(&act.entry_id, &act.item, Decimal::ZERO))
        .collect();
    let (repairs, values) = (repairs(facts, scheme), values(facts, scheme));
    let both: Vec<&Pool> = repairs.iter().chain(&values).collect();
    let of = |pools: &[&Pool]| Some([lifted.clone(), fewest(pools, need)?].concat());
    let by_repair = of(&repairs.iter().collect::<Vec<_>>());
    let by_value = if lifted.is_empty() { of(&values.iter().collect::<Vec<_>>()) } else { None };
    let by_both = of(&both).filter(|changes| {
        let fewer =
            |other: &Option<Vec<Change>>| other.as_ref().is_none_or(|other| changes.len() < other.len());
        fewer(&by_repair) && fewer(&by_value)
    });
    let told =
        [by_repair, by_value, by_both].into_iter().flatten().filter(|changes| changes.len() <= MAX_CHANGES);
    let told = told.filter_map(|changes| {
        let after = score(&changed(facts, &changes), scheme).ok()?;
        (after.place <= place).then_some(Advice { place: after.place, score: after.score, changes })
    });
    told.collect()
}

/// Changes that go together: of one deduction, what costs most first; or one value.
struct Pool<'f> {
    /// Points by which more is taken away than the cap lets count: repairing them gains nothing.
    beyond: Decimal,
    /// What each gains, at most.
    each: Vec<(Decimal, Of<'f>)>,
}

/// What is changed.
#[derive(Clone, Copy)]
enum Of<'f> {
    Act(&'f str, &'f str),
    Value(&'f Measured, Decimal),
}

fn repairs<'f>(facts: &'f Facts, scheme: &Scorecard) -> Vec<Pool<'f>> {
    let pool = |one: &Deduction| {
        let mut each: Vec<(Decimal, Of)> = acts_of(one, facts)
            .map(|(act, left)| (left, Of::Act(act.entry_id.as_str(), act.item.as_str())))
            .collect();
        each.sort_by_key(|one| Reverse(one.0));
        Pool { beyond: (cost(one, facts) - one.cap).max(Decimal::ZERO), each }
    };
    scheme.deductions.iter().map(pool).filter(|pool| !pool.each.is_empty()).collect()
}

fn values<'f>(facts: &Facts, scheme: &'f Scorecard) -> Vec<Pool<'f>> {
    let pool = |one: &'f Measured| {
        let held = worth(one, facts.values.get(&one.code)?.value);
        let gain = one.weight - held;
        let each = vec![(gain, Of::Value(one, held))];
        (gain > Decimal::ZERO).then_some(Pool { beyond: Decimal::ZERO, each })
    };
    scheme.measured.iter().filter_map(pool).collect()
}

/// The fewest changes that gain so much; `None`: all of them do not. Of a pool the largest are taken, so only how many of each is
/// to be found: `best` has the most that so many changes gain, with how many of each pool.
fn fewest(pools: &[&Pool], need: Decimal) -> Option<Vec<Change>> {
    if need <= Decimal::ZERO {
        return Some(Vec::new());
    }
    let mut best: Vec<(Decimal, Vec<usize>)> = vec![(Decimal::ZERO, Vec::new())];
    for pool in pools {
        let mut gains = vec![Decimal::ZERO];
        let mut sum = -pool.beyond;
        for (points, _) in pool.each.iter().take(MAX_CHANGES) {
            sum += points;
            gains.push(sum.max(Decimal::ZERO));
        }
        let count = (best.len() + gains.len() - 1).min(MAX_CHANGES + 1);
        let next = (0..count).filter_map(|changes| {
            let splits = gains.iter().enumerate().take(changes + 1);
            let sums = splits.filter_map(|(here, gain)| {
                let (before, counts) = best.get(changes - here)?;
                Some((*before + gain, here, counts))
            });
            // Of equals the one with fewer of this pool.
            let (sum, here, counts) = sums.reduce(|one, other| if other.0 > one.0 { other } else { one })?;
            Some((sum, counts.iter().copied().chain([here]).collect()))
        });
        best = next.collect();
    }
    let (gain, counts) = best.iter().find(|(gain, _)| *gain >= need)?;
    let taken = pools.iter().zip(counts).flat_map(|(pool, count)| pool.each.iter().take(*count));
    Some(trimmed(taken.copied().collect(), *gain - need))
}

/// As changes; the last one no larger than it has to be. Without it too little would be gained, so something of it is left.
fn trimmed(mut taken: Vec<(Decimal, Of)>, more: Decimal) -> Vec<Change> {
    if let Some((gain, _)) = taken.last_mut() {
        *gain -= more;
    }
    taken.into_iter().map(|(gain, of)| change(of, gain)).collect()
}

fn change(of: Of, gain: Decimal) -> Change {
    match of {
        Of::Act(entry_id, item) => {
            repair(entry_id, item, gain.round_dp_with_strategy(DIGITS, RoundingStrategy::ToPositiveInfinity))
        }
        Of::Value(one, held) => {
            let value = one.worst + (one.best - one.worst) * ((held + gain) / one.weight);
            let (low, high) = (one.worst.min(one.best), one.worst.max(one.best));
            let towards = if one.best > one.worst {
                RoundingStrategy::ToPositiveInfinity
            } else {
                RoundingStrategy::ToNegativeInfinity
            };
            let value = value.round_dp_with_strategy(VALUE_DIGITS, towards).clamp(low, high).normalize();
            Change::Reach { indicator: one.code.clone(), value }
        }
    }
}

fn repair(entry_id: &str, item: &str, points: Decimal) -> Change {
    Change::Repair { entry_id: entry_id.to_owned(), item: item.to_owned(), points: points.normalize() }
}
