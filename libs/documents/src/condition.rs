//! `when`: what rows ask, in a vocabulary of the document's own.

use crate::node::At;
use crate::period::Period;
use crate::problem::Kind;
use crate::region::Region;
use crate::source::{SourceIndex, Sources};
use crate::suggest::closest;
use crate::typed::no_word;

/// What rows of one kind of document ask: one condition out of its vocabulary.
pub trait Condition: Clone + PartialEq {
    /// What conditions refer to by name while they are read, such as declared counters; often nothing.
    type Names<'a>;

    /// Everything that can be asked, as documents name it.
    const KEYS: &'static [&'static str];

    /// Reads the condition of this key.
    fn read<'a>(key: &str, at: At<'a>, names: &Self::Names<'a>) -> Option<Self>;

    /// Leaves of a region what meets this condition as well.
    fn narrow<'c>(&'c self, region: &mut Region<'c>);
}

impl<'c> Region<'c> {
    /// The cases of this region that meet these conditions as well.
    pub fn and<C: Condition>(&self, conditions: &'c [C]) -> Region<'c> {
        let mut region = self.clone();
        conditions.iter().for_each(|condition| condition.narrow(&mut region));
        region
    }
}

/// Who answers conditions: a case, a visit, a line of a bill.
pub trait Facts<C> {
    /// Whether the condition holds.
    fn holds(&self, condition: &C) -> bool;

    /// Whether all conditions hold.
    fn all_hold(&self, conditions: &[C]) -> bool {
        conditions.iter().all(|condition| self.holds(condition))
    }
}

/// Reads a list of words that a condition names.
pub fn condition_words(at: At) -> Option<Vec<String>> {
    at.set_of(|at| word(&at))
}

/// A word of a list: `[特困，低保]` would be one word, that nobody has.
fn word(at: &At) -> Option<String> {
    let text = at.text()?;
    let hint = no_word(text);
    match hint.is_empty() {
        true => Some(text.to_owned()),
        false => at.problem(Kind::InvalidValue, format!("`{text}` would be one word{hint}")),
    }
}

/// What surrounds conditions and tables while they are read.
pub struct Scope<'n, 'a, C: Condition> {
    /// What may be cited.
    pub sources: &'n Sources<'a>,
    /// What conditions may name.
    pub names: &'n C::Names<'a>,
    /// What tables and rows cite that name no source of their own; `None`: they have to.
    pub source: Option<SourceIndex>,
    /// The days a table must cover; `None` where they are not checked.
    pub period: Option<Period>,
    /// Conditions that whatever reaches the table meets already.
    pub when: Vec<C>,
    /// What rows may ask, out of [`Condition::KEYS`].
    pub asked: &'n [&'n str],
}

impl<C: Condition> Scope<'_, '_, C> {
    /// From which day on a table holds that does not say it.
    pub(crate) fn first_day(&self) -> chrono::NaiveDate {
        self.period.map_or(chrono::NaiveDate::MIN, |period| period.from)
    }
}

/// Reads a `when`. All its conditions must hold; they stand in the order of the vocabulary.
pub fn when<'a, C: Condition>(at: &At<'a>, scope: &Scope<'_, 'a, C>) -> Option<Vec<C>> {
    let entries = at.entries()?;
    if entries.is_empty() {
        return at.problem(Kind::EmptyList, "no condition: leave `when` out to match every case");
    }
    let is = |key: &At, name: &str| key.raw() == Some(name);
    let mut conditions = Vec::new();
    for name in scope.asked {
        let found = entries.iter().find(|(key, _)| is(key, name));
        conditions.extend(found.map(|(_, value)| C::read(name, value.clone(), scope.names)));
    }
    let mut misplaced =
        entries.iter().filter(|(key, _)| !scope.asked.iter().any(|name| is(key, name))).peekable();
    if misplaced.peek().is_some() {
        misplaced.for_each(|(key, _)| misplace(key, scope.asked));
        return None;
    }
    conditions.into_iter().collect()
}

/// A slip of the finger is told apart from what is no question here.
fn misplace(key: &At, asked: &[&str]) {
    let name = key.raw().unwrap_or_default();
    let hint = closest(name, asked.iter().copied());
    if hint.is_empty() {
        let message = format!("`{name}` cannot be asked here; one of `{}`", asked.join("`, `"));
        key.problem::<()>(Kind::MisplacedCondition, message);
    } else {
        key.problem::<()>(Kind::UnknownKey, format!("unknown key `{name}`{hint}"));
    }
}
