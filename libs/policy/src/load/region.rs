//! Whether any case can meet a set of conditions at once: the check behind "two rows of equal
//! rank can match the same case".
//!
//! Facts of which a case has one value (care, level, age …) are intersected. Of identities,
//! memberships, marks and diagnoses a case may have several, so different values do not
//! exclude each other; only `no_…` excludes.

use std::collections::{BTreeMap, BTreeSet};

use yizhan_terms::{Care, Filing, Status, Tier};

use crate::model::{AccumulatorIndex, Condition, Range};

/// The cases that meet some conditions.
#[derive(Clone, Default)]
pub(super) struct Region<'c> {
    care: Choice<Care>,
    level: Choice<Tier>,
    status: Choice<Status>,
    filing: Choice<Filing>,
    class: Choice<&'c str>,
    in_province: Choice<bool>,
    contracted: Choice<bool>,
    numbers: BTreeMap<Number, (i64, i64)>,
    any_of: Vec<(Fact, &'c [String])>,
    none_of: BTreeSet<(Fact, &'c str)>,
}

/// Numbers of a case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Number {
    Age,
    YearsInsured,
    Nth(AccumulatorIndex),
}

/// Facts of which a case may have several.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fact {
    Identity,
    Membership,
    Tag,
}

/// Values still possible; `None` is all of them.
#[derive(Clone)]
struct Choice<T>(Option<BTreeSet<T>>);

impl<T> Default for Choice<T> {
    fn default() -> Self {
        Choice(None)
    }
}

impl<T: Ord + Clone> Choice<T> {
    fn narrow(&mut self, to: impl IntoIterator<Item = T>) {
        let to: BTreeSet<T> = to.into_iter().collect();
        self.0 = Some(match &self.0 {
            None => to,
            Some(before) => before.intersection(&to).cloned().collect(),
        });
    }

    fn is_possible(&self) -> bool {
        self.0.as_ref().is_none_or(|values| !values.is_empty())
    }
}

impl<'c> Region<'c> {
    /// The cases of this region that meet these conditions as well.
    pub fn and(&self, conditions: &'c [Condition]) -> Region<'c> {
        let mut region = self.clone();
        conditions.iter().for_each(|condition| region.narrow(condition));
        region
    }

    fn narrow(&mut self, condition: &'c Condition) {
        match condition {
            Condition::Care(values) => self.care.narrow(values.iter().copied()),
            Condition::Level(values) => self.level.narrow(values.iter().copied()),
            Condition::Status(values) => self.status.narrow(values.iter().copied()),
            Condition::Filing(values) => self.filing.narrow(values.iter().copied()),
            Condition::Class(values) => self.class.narrow(values.iter().map(String::as_str)),
            Condition::InProvince(value) => self.in_province.narrow([*value]),
            Condition::Contracted(value) => self.contracted.narrow([*value]),
            Condition::Age(range) => self.limit(Number::Age, range),
            Condition::YearsInsured(range) => self.limit(Number::YearsInsured, range),
            Condition::Nth { counter, range } => self.limit(Number::Nth(*counter), range),
            Condition::Identity(values) => self.any_of.push((Fact::Identity, values)),
            Condition::Membership(values) => self.any_of.push((Fact::Membership, values)),
            Condition::Tag(values) => self.any_of.push((Fact::Tag, values)),
            Condition::NoIdentity(values) => self.exclude(Fact::Identity, values),
            Condition::NoMembership(values) => self.exclude(Fact::Membership, values),
            Condition::NoTag(values) => self.exclude(Fact::Tag, values),
            Condition::Diagnosis(_) => {}
        }
    }

    fn limit(&mut self, number: Number, range: &Range) {
        let (low, high) = self.numbers.entry(number).or_insert((0, i64::MAX));
        *low = (*low).max(range.from.unwrap_or(0));
        *high = (*high).min(range.to.unwrap_or(i64::MAX));
    }

    fn exclude(&mut self, fact: Fact, values: &'c [String]) {
        self.none_of.extend(values.iter().map(|value| (fact, value.as_str())));
    }

    /// Whether there is any such case.
    pub fn is_possible(&self) -> bool {
        self.care.is_possible()
            && self.level.is_possible()
            && self.status.is_possible()
            && self.filing.is_possible()
            && self.class.is_possible()
            && self.in_province.is_possible()
            && self.contracted.is_possible()
            && self.numbers.values().all(|(low, high)| low <= high)
            && self
                .any_of
                .iter()
                .all(|(fact, values)| values.iter().any(|value| !self.excludes(*fact, value)))
    }

    /// Who has `veteran/烈士遗属` is a `veteran` too, so excluding the kind excludes the name.
    fn excludes(&self, fact: Fact, value: &str) -> bool {
        let kind = value.split_once('/').filter(|_| fact == Fact::Membership).map(|(kind, _)| kind);
        self.none_of.contains(&(fact, value)) || kind.is_some_and(|kind| self.none_of.contains(&(fact, kind)))
    }
}
