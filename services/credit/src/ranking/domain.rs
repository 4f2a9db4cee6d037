//! Who ranks where, and which differences mean nothing.
//!
//! A score is exact: points of indicators, and of the survey by the share of satisfied answers. What the sample leaves open is statistics:
//! the Wilson interval of the share (95 %), and of the difference of two scores Newcombe's interval by those. Of two
//! institutions one is better beyond chance when that interval is above zero.

mod moves;
mod statistics;

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use rust_decimal::Decimal;

use crate::schemes::ranking::{Dimension, Indicator, Ranking};

pub use moves::{Move, moves, stability_index};

/// What is known of an institution.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// 定点医药机构编号
    pub code: String,
    /// Values by indicator.
    pub values: HashMap<String, Decimal>,
    /// How often each answer was given, 1 first.
    pub answers: [u32; 5],
}

/// An institution that is ranked.
#[derive(Clone, Debug)]
pub struct Ranked {
    /// 定点医药机构编号
    pub code: String,
    /// Of 100, two decimals.
    pub score: Decimal,
    /// What the sample of answers leaves open.
    pub interval: (Decimal, Decimal),
    /// Points of the objective dimensions, then of the survey.
    pub points: BTreeMap<&'static str, Decimal>,
    /// Answers, and satisfied ones.
    pub sample: (u32, u32),
    /// The same score is the same rank.
    pub rank: usize,
    /// 1 and how many are better beyond chance.
    pub best_rank: usize,
    /// How many are not worse beyond chance.
    pub worst_rank: usize,
}

/// An institution that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unranked {
    /// 定点医药机构编号
    pub code: String,
    /// Indicators without a value.
    pub missing: Vec<String>,
    /// Answers.
    pub answers: u32,
}

/// Ranks them: from the best, the same score by code; and who cannot be, by code.
pub fn rank(scheme: &Ranking, mut all: Vec<Measured>) -> (Vec<Ranked>, Vec<Unranked>) {
    all.sort_by(|one, other| one.code.cmp(&other.code));
    let (mut ranked, mut unranked) = (Vec::new(), Vec::new());
    for one in all {
        match score(scheme, one) {
            Ok(one) => ranked.push(one),
            Err(one) => unranked.push(one),
        }
    }
    ranked.sort_by_key(|one| Reverse(one.score));
    let places: Vec<[usize; 3]> = ranked.iter().map(|one| places(one, &ranked)).collect();
    for (one, [rank, best, worst]) in ranked.iter_mut().zip(places) {
        (one.rank, one.best_rank, one.worst_rank) = (rank, best, worst);
    }
    (ranked, unranked)
}

fn score(scheme: &Ranking, one: Measured) -> Result<Ranked, Unranked> {
    let without = |indicator: &&Indicator| !one.values.contains_key(&indicator.code);
    let missing: Vec<String> = scheme.indicators.iter().filter(without).map(|one| one.code.clone()).collect();
    let answers: u32 = one.answers.iter().sum();
    if !missing.is_empty() || answers < scheme.min_answers {
        return Err(Unranked { code: one.code, missing, answers });
    }
    let mut points: BTreeMap<&'static str, Decimal> = BTreeMap::new();
    for indicator in &scheme.indicators {
        let value = one.values.get(&indicator.code).copied().unwrap_or(indicator.worst);
        *points.entry(indicator.dimension.name()).or_default() += worth(indicator, value);
    }
    let satisfied: u32 =
        (1..).zip(one.answers).filter(|(score, _)| *score >= scheme.satisfied_from).map(|(_, n)| n).sum();
    let survey = scheme.survey_weight * Decimal::from(satisfied) / Decimal::from(answers);
    points.insert("survey", survey);
    let score = points.values().copied().sum::<Decimal>();
    let (lower, upper) = statistics::wilson(satisfied, answers);
    let objective = score - survey;
    Ok(Ranked {
        code: one.code,
        score: score.round_dp_with_strategy(2, rust_decimal::RoundingStrategy::MidpointAwayFromZero),
        interval: (objective + scheme.survey_weight * lower, objective + scheme.survey_weight * upper),
        points,
        sample: (answers, satisfied),
        rank: 0,
        best_rank: 0,
        worst_rank: 0,
    })
}

/// Points of a value.
fn worth(indicator: &Indicator, value: Decimal) -> Decimal {
    let part = (value - indicator.worst) / (indicator.best - indicator.worst);
    indicator.weight * part.clamp(Decimal::ZERO, Decimal::ONE)
}

/// Rank, best and worst rank of one among all.
fn places(one: &Ranked, all: &[Ranked]) -> [usize; 3] {
    let higher = all.iter().filter(|other| other.score > one.score).count();
    let better = all.iter().filter(|other| is_better(other, one)).count();
    let worse = all.iter().filter(|other| is_better(one, other)).count();
    [higher + 1, better + 1, all.len() - worse]
}

/// Whether one is better than another beyond chance (Newcombe).
fn is_better(one: &Ranked, other: &Ranked) -> bool {
    let (below, above) = (one.score - one.interval.0, other.interval.1 - other.score);
    let apart = one.score - other.score;
    apart > Decimal::ZERO && apart * apart > below * below + above * above
}

/// The dimensions in the order they are told.
pub fn dimensions() -> impl Iterator<Item = &'static str> {
    Dimension::ALL.iter().map(|dimension| dimension.name()).chain(["survey"])
}

#[cfg(test)]
mod tests;
