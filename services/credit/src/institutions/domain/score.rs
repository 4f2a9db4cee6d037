//! A score and a grade: a pure function of facts and a dated scheme.

use rust_decimal::{Decimal, RoundingStrategy};

use super::facts::{Act, Facts};
use crate::schemes::scorecard::{DIGITS, Deduction, Measured, Scorecard};

/// What an indicator adds, in the order of the scheme: measured ones, then deductions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<'s> {
    /// Its code.
    pub indicator: &'s str,
    /// In Chinese.
    pub name: &'s str,
    /// What it adds; below zero of a deduction.
    pub points: Decimal,
    /// The most it may add, or take away.
    pub most: Decimal,
}

/// What facts come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scored<'s> {
    /// Base and parts, not rounded, where it may be below zero.
    pub raw: Decimal,
    /// Inside 0 and full, rounded to two digits.
    pub score: Decimal,
    /// Place of the grade in the scheme, 0 the best.
    pub place: usize,
    /// What it is made of, without the base.
    pub parts: Vec<Part<'s>>,
}

impl Scored<'_> {
    /// The grade.
    pub fn grade<'s>(&self, scheme: &'s Scorecard) -> &'s str {
        scheme.grades.get(self.place).map_or("", |grade| grade.grade.as_str())
    }
}

/// Scores facts.
///
/// # Errors
/// The indicators that have no value.
pub fn score<'s>(facts: &Facts, scheme: &'s Scorecard) -> Result<Scored<'s>, Vec<String>> {
    let without = |one: &&Measured| !facts.values.contains_key(&one.code);
    let missing: Vec<String> = scheme.measured.iter().filter(without).map(|one| one.code.clone()).collect();
    if !missing.is_empty() {
        return Err(missing);
    }
    let measured = scheme.measured.iter().map(|one| {
        let value = facts.values.get(&one.code).map_or(one.worst, |value| value.value);
        Part { indicator: &one.code, name: &one.name, points: worth(one, value), most: one.weight }
    });
    let deducted = scheme.deductions.iter().map(|one| {
        let points = -cost(one, facts).min(one.cap);
        Part { indicator: &one.code, name: &one.name, points, most: one.cap }
    });
    let parts: Vec<Part> = measured.chain(deducted).collect();
    let raw = scheme.base + parts.iter().map(|part| part.points).sum::<Decimal>();
    let score = rounded(raw.clamp(Decimal::ZERO, scheme.full));
    let place = scheme.grades.iter().position(|grade| grade.from <= score).unwrap_or(scheme.grades.len());
    let best = vetoed(facts, scheme).map(|(_, place)| place).max().unwrap_or_default();
    Ok(Scored { raw, score, place: place.max(best), parts })
}

/// As scores are told.
pub fn rounded(points: Decimal) -> Decimal {
    points.round_dp_with_strategy(DIGITS, RoundingStrategy::MidpointAwayFromZero)
}

/// Points of a value. It is brought between the ends first, so that no measured number is too large to be calculated with.
pub fn worth(one: &Measured, value: Decimal) -> Decimal {
    let value = value.clamp(one.worst.min(one.best), one.worst.max(one.best));
    one.weight * ((value - one.worst) / (one.best - one.worst))
}

/// What the conduct of a deduction costs without its cap.
pub fn cost(one: &Deduction, facts: &Facts) -> Decimal {
    acts_of(one, facts).map(|(_, left)| left).sum()
}

/// Conduct of a deduction that costs something, with what is left of it behind repairs.
pub fn acts_of<'f>(one: &Deduction, facts: &'f Facts) -> impl Iterator<Item = (&'f Act, Decimal)> {
    facts.acts.iter().filter_map(|act| {
        let item = one.items.iter().find(|item| item.item == act.item)?;
        let left = item.points - act.repaired;
        (left > Decimal::ZERO).then_some((act, left))
    })
}

/// Vetoes that were not lifted, each with the place of the best grade.
pub fn vetoed<'f>(facts: &'f Facts, scheme: &Scorecard) -> impl Iterator<Item = (&'f Act, usize)> {
    facts.acts.iter().filter(|act| !act.is_repaired).filter_map(|act| {
        let veto = scheme.veto(&act.item)?;
        Some((act, scheme.place(&veto.grade)?))
    })
}
