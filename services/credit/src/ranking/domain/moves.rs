//! Who moves by another definition, and how far all of them together.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::Ranked;
use crate::comparison;

/// Bands of ten points.
const BANDS: usize = 10;

/// An institution that is ranked otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// 定点医药机构编号
    pub code: String,
    /// Rank and score before, and after; `None`: not ranked.
    pub places: [Option<(usize, Decimal)>; 2],
}

/// Who moves, the farthest first; who comes in or goes before all of them.
pub fn moves(before: &[Ranked], after: &[Ranked]) -> Vec<Move> {
    let mut all: BTreeMap<&str, [Option<(usize, Decimal)>; 2]> = BTreeMap::new();
    for (side, ranking) in [before, after].into_iter().enumerate() {
        for one in ranking {
            all.entry(&one.code).or_default()[side] = Some((one.rank, one.score));
        }
    }
    let moved =
        |(code, places): (&str, [Option<(usize, Decimal)>; 2])| Move { code: code.to_owned(), places };
    let mut moves: Vec<Move> = all.into_iter().map(moved).filter(|one| far(one) != Some(0)).collect();
    moves.sort_by_key(|one| Reverse(far(one).unwrap_or(usize::MAX)));
    moves
}

fn far(one: &Move) -> Option<usize> {
    let [before, after] = one.places;
    before.zip(after).map(|((before, _), (after, _))| before.abs_diff(after))
}

/// Population stability index of the scores in bands of ten points, of those ranked by both. `None` where nobody is.
pub fn stability_index(before: &[Ranked], after: &[Ranked]) -> Option<Decimal> {
    let after: HashMap<&str, Decimal> = after.iter().map(|one| (one.code.as_str(), one.score)).collect();
    let mut counts = [[0; BANDS]; 2];
    for (one, then) in before.iter().filter_map(|one| Some((one, after.get(one.code.as_str())?))) {
        counts[0][band(one.score)] += 1;
        counts[1][band(*then)] += 1;
    }
    comparison::stability_index(&counts[0], &counts[1])
}

fn band(score: Decimal) -> usize {
    (score / Decimal::TEN).to_usize().unwrap_or(0).min(BANDS - 1)
}
