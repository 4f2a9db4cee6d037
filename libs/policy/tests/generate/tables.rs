//! Random dated tables whose rows cannot match one case twice.

use chrono::NaiveDate;
use yizhan_documents::{Known, OTHERWISE, Period, Range};
use yizhan_policy::model::{Condition, Previous, PreviousLevel, Row, Table, TableVersion};
use yizhan_terms::{Care, Filing, Status, Tier};

use super::choices::Choices;
use super::layers::{LABELS, LIST_TYPES};

pub const IDENTITIES: [&str; 3] = ["低保", "特困", "返贫致贫"];
pub const MEMBERSHIPS: [&str; 3] = ["union_mutual_aid", "civil_servant/科级", "commercial/惠衢保2021"];
pub const TAGS: [&str; 2] = ["规范转诊", "单病种"];
pub const DIAGNOSES: [&str; 3] = ["C", "C34", "I10"];
pub const DISEASES: [&str; 2] = ["M03900", "M01600"];
pub const CLASSES: [&str; 3] = ["02", "01", "03"];

/// What rows can be told apart by, in the order a document lists conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    Care,
    Level,
    Status,
    Age,
    Identity,
    Membership,
    YearsInsured,
    Filing,
    InProvince,
    Contracted,
    Diagnosis,
    Disease,
    Tag,
    Previous,
    Class,
    ListType,
    Label,
    Nth,
}

pub const FACTS: [Fact; 14] = [
    Fact::Level,
    Fact::Status,
    Fact::Care,
    Fact::Age,
    Fact::Identity,
    Fact::Membership,
    Fact::YearsInsured,
    Fact::Filing,
    Fact::InProvince,
    Fact::Contracted,
    Fact::Diagnosis,
    Fact::Disease,
    Fact::Tag,
    Fact::Previous,
];

/// Where a table stands.
pub struct Place {
    pub period: Period,
    /// What its rows may ask, beside what the layer's `when` asks already.
    pub facts: Vec<Fact>,
    /// The accumulator that counts visits, for `nth`.
    pub counter: usize,
    /// Whether a case that no row matches is refused: then gaps are rare.
    pub needed: bool,
}

/// A table of one row that holds for everybody, always.
pub fn constant<T>(period: Period, value: T) -> Table<T> {
    let row = Row { when: Vec::new(), rank: 0, value: Known::Value(value), source: 0, line: 0 };
    let version = TableVersion { period: Period { to: None, ..period }, rows: vec![row] };
    Table { path: String::new(), versions: vec![version] }
}

/// A table of one version, or of two.
pub fn table<T>(choices: &mut Choices, place: &Place, mut value: impl FnMut(&mut Choices) -> T) -> Table<T> {
    let mut versions = Vec::new();
    let mut from = place.period.from;
    if choices.chance(25) {
        let change = choices.pick(&[(2024, 1), (2023, 7), (2025, 4)]);
        let change = NaiveDate::from_ymd_opt(change.0, change.1, 1).expect("a day");
        if from < change && place.period.to.is_none_or(|to| change <= to) {
            let period = Period { from, to: change.pred_opt() };
            versions.push(TableVersion { period, rows: rows(choices, place, &mut value) });
            from = change;
        }
    }
    let to = place.period.to.filter(|_| choices.chance(30));
    versions.push(TableVersion { period: Period { from, to }, rows: rows(choices, place, &mut value) });
    Table { path: String::new(), versions }
}

fn rows<T>(choices: &mut Choices, place: &Place, value: &mut impl FnMut(&mut Choices) -> T) -> Vec<Row<T>> {
    let mut groups = groups(choices, place);
    if groups.len() > 1 && choices.chance(if place.needed { 2 } else { 30 }) {
        let dropped = choices.below(groups.len());
        groups.remove(dropped);
    }
    let mut row = |(when, rank)| {
        let unknown = choices.chance(1) && choices.chance(50);
        let value = match unknown {
            true => Known::Unknown("页面没有给出".to_owned()),
            false => Known::Value(value(choices)),
        };
        Row { when, rank, value, source: usize::from(choices.chance(10)), line: 0 }
    };
    groups.into_iter().map(&mut row).collect()
}

type Group = (Vec<Condition>, i32);

/// Conditions with ranks of which at most one decides for any case.
fn groups(choices: &mut Choices, place: &Place) -> Vec<Group> {
    let everybody = vec![(Vec::new(), 0)];
    if place.facts.is_empty() || choices.chance(45) {
        return everybody;
    }
    let fact = choices.pick(&place.facts);
    let first = apart(choices, fact, place.counter);
    let other = choices.pick(&place.facts);
    if other <= fact || first.iter().any(|(_, rank)| *rank != 0) || !choices.chance(25) {
        return first;
    }
    let second = apart(choices, other, place.counter);
    if second.iter().any(|(_, rank)| *rank != 0) {
        return first;
    }
    let both = |(a, _): &Group, (b, _): &Group| ([a.clone(), b.clone()].concat(), 0);
    first.iter().flat_map(|a| second.iter().map(move |b| both(a, b))).collect()
}

fn apart(choices: &mut Choices, fact: Fact, counter: usize) -> Vec<Group> {
    let equal = |conditions: Vec<Condition>| conditions.into_iter().map(|one| (vec![one], 0)).collect();
    match fact {
        Fact::Care => equal(cut(choices, Care::ALL).into_iter().map(Condition::Care).collect()),
        Fact::Level => equal(cut(choices, Tier::ALL).into_iter().map(Condition::Level).collect()),
        Fact::Status => equal(cut(choices, Status::ALL).into_iter().map(Condition::Status).collect()),
        Fact::Filing => equal(cut(choices, Filing::ALL).into_iter().map(Condition::Filing).collect()),
        Fact::InProvince => equal([true, false].map(Condition::InProvince).into()),
        Fact::Contracted => equal([true, false].map(Condition::Contracted).into()),
        Fact::Age => equal(ranges(choices, &[60, 18, 70]).into_iter().map(Condition::Age).collect()),
        Fact::YearsInsured => {
            equal(ranges(choices, &[3, 5, 10]).into_iter().map(Condition::YearsInsured).collect())
        }
        Fact::Nth => equal(
            ranges(choices, &[2, 3]).into_iter().map(|range| Condition::Nth { counter, range }).collect(),
        ),
        Fact::Previous => after(choices),
        Fact::Class => classes(choices),
        Fact::ListType => {
            let types = |of: &[&str]| Condition::ListType(of.iter().map(|one| (*one).to_owned()).collect());
            vec![(vec![types(&LIST_TYPES[..1])], 0), (vec![types(&LIST_TYPES[1..])], 0)]
        }
        Fact::Label => held(choices, &LABELS, Condition::Label, Condition::NoLabel),
        Fact::Diagnosis => ranked(choices, &DIAGNOSES, Condition::Diagnosis),
        Fact::Disease => ranked(choices, &DISEASES, Condition::Disease),
        Fact::Identity => held(choices, &IDENTITIES, Condition::Identity, Condition::NoIdentity),
        Fact::Membership => held(choices, &MEMBERSHIPS, Condition::Membership, Condition::NoMembership),
        Fact::Tag => held(choices, &TAGS, Condition::Tag, Condition::NoTag),
    }
}

/// A dictionary cut into two or three groups, out of order.
fn cut<T: Copy>(choices: &mut Choices, all: &[T]) -> Vec<Vec<T>> {
    let count = 2 + choices.below(2);
    let mut groups = vec![Vec::new(); count];
    for (number, value) in all.iter().enumerate() {
        let group = if number < count { number } else { choices.below(count) };
        groups[group].push(*value);
    }
    groups
}

/// Numbers cut at one of these, or at two: the borders meet without gap or overlap.
fn ranges(choices: &mut Choices, at: &[i64]) -> Vec<Range> {
    let first = choices.pick(at);
    let second = choices.pick(at);
    if second <= first {
        return vec![Range { from: None, to: Some(first - 1) }, Range { from: Some(first), to: None }];
    }
    vec![
        Range { from: None, to: Some(first - 1) },
        Range { from: Some(first), to: Some(second - 1) },
        Range { from: Some(second), to: None },
    ]
}

/// Stays after another, by its level, and everything else.
fn after(choices: &mut Choices) -> Vec<Group> {
    let (within_days, transferred) = (choices.between(0, 3), choices.pick(&[Some(true), None, Some(false)]));
    let levels = cut(choices, PreviousLevel::ALL).into_iter().filter(|levels| !levels.is_empty());
    let asked = levels.map(|levels| Condition::Previous(Previous { within_days, transferred, levels }));
    let rest = (Vec::new(), OTHERWISE);
    asked.map(|one| (vec![one], 1)).chain([rest]).collect()
}

fn classes(choices: &mut Choices) -> Vec<Group> {
    let mut groups: Vec<Group> =
        CLASSES[..2].iter().map(|class| (vec![Condition::Class(vec![(*class).to_owned()])], 0)).collect();
    groups.truncate(1 + choices.below(2));
    groups
}

/// Those who hold one of these, and those who hold none; or by rank.
fn held(
    choices: &mut Choices,
    names: &[&str],
    any: fn(Vec<String>) -> Condition,
    none: fn(Vec<String>) -> Condition,
) -> Vec<Group> {
    if choices.chance(60) {
        return ranked(choices, names, any);
    }
    let mut these = choices.some_of(names, 60);
    if these.is_empty() {
        these.push(names[0].to_owned());
    }
    vec![(vec![any(these.clone())], 0), (vec![none(these)], 0)]
}

/// One name a row, the later the stronger, and a row for everybody else.
fn ranked(choices: &mut Choices, names: &[&str], any: fn(Vec<String>) -> Condition) -> Vec<Group> {
    let count = 1 + choices.below(names.len());
    let of = |(rank, name): (i32, &&str)| (vec![any(vec![(*name).to_owned()])], rank);
    let mut groups: Vec<Group> = (1..).zip(&names[..count]).map(of).collect();
    let rest = if choices.chance(70) { OTHERWISE } else { choices.pick(&[-5, 0]) };
    groups.push((Vec::new(), rest));
    if choices.chance(50) {
        groups.reverse();
    }
    groups
}

/// Conditions of a layer: on which facts, and which.
pub fn layer_when(choices: &mut Choices, counter: usize) -> (Vec<Fact>, Vec<Condition>) {
    let mut facts: Vec<Fact> =
        (0..choices.pick(&[0, 0, 0, 0, 1, 1, 2])).map(|_| choices.pick(&FACTS)).collect();
    facts.sort();
    facts.dedup();
    let mut when = Vec::new();
    for fact in &facts {
        let groups = apart(choices, *fact, counter);
        let asked: Vec<Condition> = groups.into_iter().flat_map(|(when, _)| when).collect();
        when.push(choices.pick(&asked));
    }
    (facts, when)
}
