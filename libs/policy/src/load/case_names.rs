//! Names in a case that the policy does not ask for: `unoin_mutual_aid` would settle as if nobody were a member.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use yizhan_documents::{At, Kind, closest};
use yizhan_terms::Tier;

use super::holes::conditions;
use crate::engine::policy_year;
use crate::model::{Benefit, Condition, Policy, Unit};

/// Reports every such name where it stands.
pub(super) fn check(root: &At, policy: &Policy) -> Option<()> {
    let asked = Asked::of(policy);
    if let Some(person) = value(root, "person") {
        each(value(&person, "identity"), |at| asked.check(at, "identity", &asked.identities));
        each(value(&person, "membership"), |at| asked.check(at, "membership", &asked.memberships));
    }
    each(value(root, "visit").and_then(|visit| value(&visit, "tag")), |at| {
        asked.check(at, "tag", &asked.tags);
    });
    each(value(root, "lines"), |line| {
        each(value(line, "label"), |at| asked.check(at, "label", &asked.labels));
    });
    let years = value(root, "accumulated").and_then(|at| at.entries()).unwrap_or_default();
    for (day, year) in years {
        check_year(&day, policy);
        for (of, unit) in [("yuan", Unit::Fen), ("visits", Unit::Count), ("days", Unit::Days)] {
            let named = value(&year, of).filter(At::is_map).and_then(|at| at.entries()).unwrap_or_default();
            for (key, _) in named {
                asked.check(&key, "accumulator", &asked.accumulators);
                check_unit(&key, of, unit, policy);
            }
        }
    }
    Some(())
}

/// Totals are looked up by the day on which a policy year begins.
fn check_year(at: &At, policy: &Policy) {
    let Some(day) = at.raw().and_then(|day| day.parse::<NaiveDate>().ok()) else { return };
    let begins = policy_year(policy, day);
    if begins != day {
        let message = format!(
            "no policy year begins on {day}: what stands here counts for nothing. The year of that day begins on {begins}"
        );
        at.finding(Kind::NoPolicyYear, message);
    }
}

/// What adds up money stands under `yuan`: 140000 visits would be read as 1,400 yuan.
fn check_unit(at: &At, under: &str, unit: Unit, policy: &Policy) {
    let Some(name) = at.raw().map(|name| name.split('@').next().unwrap_or_default()) else { return };
    let declared = policy.accumulators.iter().find(|accumulator| accumulator.name == name);
    let Some(declared) = declared.filter(|accumulator| accumulator.unit != unit) else { return };
    let right = match declared.unit {
        Unit::Fen => "yuan",
        Unit::Count => "visits",
        Unit::Days => "days",
    };
    let message = format!("`{name}` stands under `{under}`, and `{}` adds it up as `{right}`", policy.id);
    at.finding(Kind::UnitMismatch, message);
}

fn value<'a>(at: &At<'a>, key: &str) -> Option<At<'a>> {
    at.find(key).map(|(_, value)| value)
}

fn each(list: Option<At>, check: impl FnMut(&At)) {
    let items = list.filter(At::is_list).and_then(|at| at.list()).unwrap_or_default();
    items.iter().for_each(check);
}

/// What a policy asks for by name.
struct Asked {
    policy: String,
    accumulators: BTreeSet<String>,
    identities: BTreeSet<String>,
    memberships: BTreeSet<String>,
    labels: BTreeSet<String>,
    tags: BTreeSet<String>,
}

impl Asked {
    fn of(policy: &Policy) -> Asked {
        let mut asked = Asked {
            policy: policy.id.clone(),
            accumulators: accumulators(policy),
            identities: BTreeSet::new(),
            memberships: BTreeSet::new(),
            labels: BTreeSet::new(),
            tags: BTreeSet::new(),
        };
        for condition in conditions(policy) {
            let (to, names) = match condition {
                Condition::Identity(names) | Condition::NoIdentity(names) => (&mut asked.identities, names),
                Condition::Membership(names) | Condition::NoMembership(names) => {
                    (&mut asked.memberships, names)
                }
                Condition::Tag(names) | Condition::NoTag(names) => (&mut asked.tags, names),
                Condition::Label(names) | Condition::NoLabel(names) => (&mut asked.labels, names),
                _ => continue,
            };
            to.extend(names.iter().cloned());
        }
        let terms = policy.layers.iter().flat_map(|layer| &layer.base.terms);
        let items = policy.layers.iter().filter_map(|layer| match &layer.benefit {
            Benefit::PerItem { lines, .. } => Some(lines),
            _ => None,
        });
        for filter in terms.filter_map(|term| term.lines.as_ref()).chain(items) {
            asked.labels.extend(filter.labels.iter().chain(&filter.not_labels).cloned());
        }
        asked
    }

    fn check(&self, at: &At, what: &str, known: &BTreeSet<String>) {
        let Some(name) = at.raw().filter(|name| !known.contains(*name)) else { return };
        let hint = closest(name, known.iter().map(String::as_str));
        let said = if what == "accumulator" { "declares" } else { "asks for" };
        let message = format!("`{}` {said} no {what} `{name}`{hint}", self.policy);
        at.finding(Kind::UnknownName, message);
    }
}

/// As cases name them: `stays@third` where they are kept apart by level; names of before too.
fn accumulators(policy: &Policy) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (index, accumulator) in policy.accumulators.iter().enumerate() {
        let renamed = policy.renames.iter().filter(|(_, now)| *now == Some(index)).map(|(old, _)| old);
        for name in renamed.chain([&accumulator.name]) {
            match accumulator.by_level {
                true => names.extend(Tier::ALL.iter().map(|level| format!("{name}@{}", level.code()))),
                false => drop(names.insert(name.clone())),
            }
        }
    }
    names
}
