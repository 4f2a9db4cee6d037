//! Whether anything can meet a set of conditions at once: the check behind "two rows of equal
//! rank can match the same case".
//!
//! Facts of which a case has one value (care, level, age …) are intersected. Of identities,
//! memberships and marks a case may have several, so different values do not exclude each
//! other; only `no_…` excludes.

use std::collections::{BTreeMap, BTreeSet};

use crate::range::Range;

/// The cases that meet some conditions. Facts are called as documents call them.
#[derive(Clone, Default)]
pub struct Region<'c> {
    choices: BTreeMap<&'static str, BTreeSet<&'c str>>,
    numbers: BTreeMap<(&'static str, usize), (i64, i64)>,
    any_of: Vec<AnyOf<'c>>,
    none_of: BTreeSet<(&'static str, &'c str)>,
}

#[derive(Clone)]
struct AnyOf<'c> {
    fact: &'static str,
    values: &'c [String],
    have_kinds: bool,
}

impl<'c> Region<'c> {
    /// The fact has one of these values.
    pub fn one_of(&mut self, fact: &'static str, values: impl IntoIterator<Item = &'c str>) {
        let values: BTreeSet<&str> = values.into_iter().collect();
        match self.choices.get_mut(fact) {
            None => drop(self.choices.insert(fact, values)),
            Some(before) => before.retain(|value| values.contains(value)),
        }
    }

    /// The fact is so.
    pub fn is(&mut self, fact: &'static str, so: bool) {
        self.one_of(fact, [if so { "true" } else { "false" }]);
    }

    /// The number lies in the range; `which` tells several of one name apart.
    pub fn within(&mut self, fact: &'static str, which: usize, range: &Range) {
        let (low, high) = self.numbers.entry((fact, which)).or_insert((0, i64::MAX));
        *low = (*low).max(range.from.unwrap_or(0));
        *high = (*high).min(range.to.unwrap_or(i64::MAX));
    }

    /// At least one of these is among the values of a fact that may have several.
    pub fn any_of(&mut self, fact: &'static str, values: &'c [String]) {
        self.any_of.push(AnyOf { fact, values, have_kinds: false });
    }

    /// The same of values that have kinds: who has `veteran/烈士遗属` is a `veteran` too, so excluding the kind excludes the
    /// name.
    pub fn any_of_kinds(&mut self, fact: &'static str, values: &'c [String]) {
        self.any_of.push(AnyOf { fact, values, have_kinds: true });
    }

    /// None of these is among them.
    pub fn none_of(&mut self, fact: &'static str, values: &'c [String]) {
        self.none_of.extend(values.iter().map(|value| (fact, value.as_str())));
    }

    /// Whether there is any such case.
    pub fn is_possible(&self) -> bool {
        self.choices.values().all(|values| !values.is_empty())
            && self.numbers.values().all(|(low, high)| low <= high)
            && self.any_of.iter().all(|any| any.values.iter().any(|value| !self.excludes(any, value)))
    }

    fn excludes(&self, any: &AnyOf, value: &str) -> bool {
        let excluded = |value| self.none_of.contains(&(any.fact, value));
        let kind = value.split_once('/').filter(|_| any.have_kinds).map(|(kind, _)| kind);
        excluded(value) || kind.is_some_and(excluded)
    }
}
