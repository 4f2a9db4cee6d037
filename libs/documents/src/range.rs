//! Ranges of whole numbers, as documents write them.

use crate::node::{At, Map};
use crate::problem::Kind;
use crate::value::whole;

/// Highest age, number of years or visits a range may name.
const MAX_COUNT: i64 = 999;

/// A range of whole numbers, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Lowest; open below when absent.
    pub from: Option<i64>,
    /// Highest; open above when absent.
    pub to: Option<i64>,
}

impl Range {
    /// Whether the number lies within.
    pub fn contains(&self, number: i64) -> bool {
        self.from.is_none_or(|from| from <= number) && self.to.is_none_or(|to| number <= to)
    }

    /// Reads `from` and `to` of a mapping that may have more keys.
    pub fn of(map: &Map, lowest: i64) -> Option<Range> {
        let from = map.optional("from", |at| whole(at, lowest, MAX_COUNT));
        let to = map.optional("to", |at| whole(at, lowest, MAX_COUNT));
        let range = Range { from: from?, to: to? };
        match (range.from, range.to) {
            (None, None) => map.at.problem(Kind::MissingKey, "one of `from`, `to` is missing"),
            (Some(from), Some(to)) if to < from => {
                map.at.problem(Kind::RangeReversed, format!("from {from} to {to} is empty"))
            }
            _ => Some(range),
        }
    }

    /// Reads `{ from, to }`.
    pub fn read(at: At, lowest: i64) -> Option<Range> {
        Range::of(&at.map(&["from", "to"])?, lowest)
    }
}
