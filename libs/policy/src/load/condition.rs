//! `when`: conditions on the case.

use yizhan_terms::{Care, Filing, Status, Tier};

use super::node::{At, Map};
use super::problem::Kind;
use super::table::Scope;
use super::value::{digits, whole};
use crate::model::{Condition, Range, Unit};

/// Highest age, number of years or visits a condition may name.
const MAX_COUNT: i64 = 999;

/// What rows may ask of a line and its case; `class`, which only a line has, stands last.
pub(super) const OF_LINE: &[&str] = &[
    "care",
    "level",
    "status",
    "age",
    "identity",
    "no_identity",
    "membership",
    "no_membership",
    "years_insured",
    "filing",
    "in_province",
    "contracted",
    "diagnosis",
    "tag",
    "no_tag",
    "nth",
    "class",
];

/// What rows may ask of a case.
pub const OF_CASE: &[&str] = OF_LINE.split_at(OF_LINE.len() - 1).0;

/// Reads a `when`. All its conditions must hold.
pub(super) fn when<'a>(at: At<'a>, scope: &Scope<'_, 'a>) -> Option<Vec<Condition>> {
    let map = at.map(OF_LINE)?;
    let present = OF_LINE.iter().filter_map(|key| map.get(key).map(|value| (*key, value)));
    let conditions: Vec<_> = present.map(|(key, value)| condition(key, value, &map, scope)).collect();
    if conditions.is_empty() {
        return at.problem(Kind::EmptyList, "no condition: leave `when` out to match every case");
    }
    conditions.into_iter().collect()
}

fn condition<'a>(key: &str, at: At<'a>, map: &Map<'a>, scope: &Scope<'_, 'a>) -> Option<Condition> {
    if !scope.conditions.contains(&key) {
        let known = scope.conditions.join("`, `");
        let message = format!("`{key}` cannot be asked here; one of `{known}`");
        return map.key(key).unwrap_or(at).problem(Kind::MisplacedCondition, message);
    }
    match key {
        "care" => at.set_of(|at| at.code(Care::ALL, Care::code)).map(Condition::Care),
        "level" => at.set_of(|at| at.code(Tier::ALL, Tier::code)).map(Condition::Level),
        "status" => at.set_of(|at| at.code(Status::ALL, Status::code)).map(Condition::Status),
        "filing" => at.set_of(|at| at.code(Filing::ALL, Filing::code)).map(Condition::Filing),
        "age" => range(at, 0).map(Condition::Age),
        "years_insured" => range(at, 0).map(Condition::YearsInsured),
        "identity" => words(at).map(Condition::Identity),
        "no_identity" => words(at).map(Condition::NoIdentity),
        "membership" => words(at).map(Condition::Membership),
        "no_membership" => words(at).map(Condition::NoMembership),
        "tag" => words(at).map(Condition::Tag),
        "no_tag" => words(at).map(Condition::NoTag),
        "diagnosis" => words(at).map(Condition::Diagnosis),
        "in_province" => at.boolean().map(Condition::InProvince),
        "contracted" => at.boolean().map(Condition::Contracted),
        "class" => at.set_of(|at| digits(&at, 2, "a class, as \"02\"")).map(Condition::Class),
        _ => nth(at, scope),
    }
}

fn words(at: At) -> Option<Vec<String>> {
    at.set_of(|at| at.text().map(str::to_owned))
}

fn nth<'a>(at: At<'a>, scope: &Scope<'_, 'a>) -> Option<Condition> {
    let map = at.map(&["of", "from", "to"])?;
    let counter = map.required("of", |at| scope.names.read(at, Unit::Count));
    let range = range_of(&map, 1);
    Some(Condition::Nth { counter: counter?, range: range? })
}

fn range(at: At, lowest: i64) -> Option<Range> {
    range_of(&at.map(&["from", "to"])?, lowest)
}

fn range_of(map: &Map, lowest: i64) -> Option<Range> {
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
