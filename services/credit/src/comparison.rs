//! The same subjects judged in two ways: who moves from which class to which, how far all of them shift together, and who moves farthest. Whatever a class
//! is: a status, a band of points, a grade. Keeps counts and the farthest few, however many are compared. Pure.
#![expect(
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "shares of counts and their logarithms, never of money, rounded to six decimals"
)]

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

/// How many are in which class before and after.
#[derive(Clone, Debug)]
pub struct Migration<C> {
    cells: BTreeMap<(C, C), u32>,
}

impl<C: Ord + Copy> Migration<C> {
    /// Of nobody.
    pub fn new() -> Migration<C> {
        Migration { cells: BTreeMap::new() }
    }

    /// One more.
    pub fn add(&mut self, before: C, after: C) {
        self.add_so_many(before, after, 1);
    }

    /// So many more.
    pub fn add_so_many(&mut self, before: C, after: C, count: u32) {
        *self.cells.entry((before, after)).or_default() += count;
    }

    /// Where somebody is: before, after, how many.
    pub fn cells(&self) -> impl Iterator<Item = (C, C, u32)> + '_ {
        self.cells.iter().map(|((before, after), count)| (*before, *after, *count))
    }

    /// How far the classes shift; `None` of nobody. `classes` are all there are, also those that are empty.
    pub fn stability_index(&self, classes: &[C]) -> Option<Decimal> {
        let count = |side: &dyn Fn(C, C) -> C, class: C| {
            self.cells()
                .filter(|(before, after, _)| side(*before, *after) == class)
                .map(|(.., count)| count)
                .sum()
        };
        let counts = |side: &dyn Fn(C, C) -> C| -> Vec<u32> {
            classes.iter().map(|class| count(side, *class)).collect()
        };
        stability_index(&counts(&|before, _| before), &counts(&|_, after| after))
    }
}

/// The few that are farthest, of whatever number.
#[derive(Clone, Debug)]
pub struct Farthest<D, T> {
    most: usize,
    all: BTreeMap<(Reverse<D>, String), T>,
}

impl<D: Ord, T> Farthest<D, T> {
    /// At most so many.
    pub fn of(most: usize) -> Farthest<D, T> {
        Farthest { most, all: BTreeMap::new() }
    }

    /// One more, by its distance and its name.
    pub fn add(&mut self, distance: D, name: &str, one: T) {
        self.all.insert((Reverse(distance), name.to_owned()), one);
        if self.all.len() > self.most {
            self.all.pop_last();
        }
    }

    /// From the farthest; of the same distance by name.
    pub fn told(self) -> impl Iterator<Item = T> {
        self.all.into_values()
    }
}

/// Population stability index of counts in bands before and after, of as many: Σ (after − before) · ln(after ÷ before) of the shares. An empty
/// band counts as half of one, so that nothing is divided by zero.
pub fn stability_index(before: &[u32], after: &[u32]) -> Option<Decimal> {
    let all: u32 = before.iter().sum();
    let share = |count: u32| (if count == 0 { 0.5 } else { f64::from(count) }) / f64::from(all);
    let parts = before.iter().zip(after).filter(|(before, after)| before != after);
    let part = |(before, after): (&u32, &u32)| {
        (share(*after) - share(*before)) * (share(*after) / share(*before)).ln()
    };
    // From zero: the sum of nothing is minus zero.
    let sum = parts.map(part).fold(0.0, |sum, part| sum + part);
    (all > 0).then(|| Decimal::from_f64(sum).unwrap_or_default().round_dp(6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_is_zero_without_a_shift() {
        let told = stability_index(&[5, 5], &[5, 5]).map(|index| format!("{index:.4}"));
        assert_eq!(told.as_deref(), Some("0.0000"), "not minus nothing");
        assert_eq!(stability_index(&[0, 0], &[0, 0]), None);
        // 0.3 · ln(0.8 ÷ 0.5) − 0.3 · ln(0.2 ÷ 0.5) = 0.3 · ln 4
        assert_eq!(stability_index(&[5, 5], &[8, 2]), Some(Decimal::new(415_888, 6)));
    }

    #[test]
    fn a_table_says_who_goes_where_and_its_index_is_that_of_its_sides() {
        let mut table = Migration::new();
        for (before, after, count) in [('A', 'A', 5), ('B', 'A', 3), ('B', 'B', 2)] {
            (0..count).for_each(|_| table.add(before, after));
        }
        assert_eq!(table.cells().collect::<Vec<_>>(), [('A', 'A', 5), ('B', 'A', 3), ('B', 'B', 2)]);
        assert_eq!(table.stability_index(&['A', 'B', 'C']), Some(Decimal::new(415_888, 6)));
        assert_eq!(Migration::<char>::new().stability_index(&['A']), None);
    }

    #[test]
    fn only_the_farthest_are_kept() {
        let mut farthest = Farthest::of(3);
        for (distance, name) in [(1, "a"), (4, "b"), (4, "a"), (2, "c"), (3, "d")] {
            farthest.add(distance, name, (distance, name));
        }
        assert_eq!(farthest.told().collect::<Vec<_>>(), [(4, "a"), (4, "b"), (3, "d")]);
    }
}
