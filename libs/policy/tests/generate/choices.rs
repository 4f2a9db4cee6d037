//! The tape that random things are drawn from.

use proptest::collection::vec;
use proptest::prelude::*;
use rust_decimal::Decimal;

/// Draws from a tape; at its end, the simplest choice.
pub struct Choices {
    tape: std::vec::IntoIter<u32>,
}

/// A tape of so many numbers.
pub fn tape(length: usize) -> impl Strategy<Value = Vec<u32>> {
    vec(any::<u32>(), length)
}

impl Choices {
    pub fn new(tape: Vec<u32>) -> Choices {
        Choices { tape: tape.into_iter() }
    }

    /// From 0 to `count - 1`.
    pub fn below(&mut self, count: usize) -> usize {
        let drawn = u64::from(self.tape.next().unwrap_or(0));
        usize::try_from((drawn * count as u64) >> 32).expect("below count")
    }

    /// From `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below(usize::try_from(high - low + 1).expect("low is not above high")) as i64
    }

    /// True in so many of a hundred cases; false is simpler.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) >= 100 - percent
    }

    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    /// Each of them or not.
    pub fn some_of(&mut self, from: &[&str], percent: usize) -> Vec<String> {
        let chosen = from.iter().filter(|_| self.chance(percent));
        chosen.map(|name| (*name).to_owned()).collect()
    }

    /// A ratio in tenths of a percent, or in whole ones.
    pub fn ratio(&mut self, lowest: i64, highest: i64) -> Decimal {
        let permille = match self.chance(30) {
            false => 10 * self.between(lowest / 10, highest / 10),
            true => self.between(lowest, highest),
        };
        Decimal::new(permille, 3).normalize()
    }

    /// An amount in fen: some edges again and again, and anything up to `highest`.
    pub fn amount(&mut self, highest: i64) -> i64 {
        let edges: Vec<i64> = [100, 0, 10_000, 50_000, 1_000_000, 20_050, 1_600_000, 1, 15_000_000]
            .into_iter()
            .filter(|edge| *edge <= highest)
            .collect();
        if self.chance(60) { self.between(0, highest) } else { self.pick(&edges) }
    }
}
