//! Names in a case that the policy does not ask for: `unoin_mutual_aid` would settle as if nobody were a member.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use yizhan_documents::{At, Kind, closest};
use yizhan_terms::Tier;

use super::holes::conditions;
use crate::keys::Key;
use crate::model::{Condition, Policy};

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
    for (first, year) in years {
        let day: Option<NaiveDate> = first.raw().and_then(|day| day.parse().ok());
        for of in ["yuan", "visits"] {
            let named = value(&year, of).filter(At::is_map).and_then(|at| at.entries()).unwrap_or_default();
            let of_year = |key: &At| {
                let first = day.zip(key.raw());
                first.is_some_and(|(day, key)| is_of_month(policy, key, day))
            };
            let other = named.iter().filter(|(key, _)| !of_year(key));
            other.for_each(|(key, _)| asked.check(key, "accumulator", &asked.accumulators));
        }
    }
    Some(())
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
                _ => continue,
            };
            to.extend(names.iter().cloned());
        }
        let terms = policy.layers.iter().flat_map(|layer| &layer.base.terms);
        for filter in terms.filter_map(|term| term.lines.as_ref()) {
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

/// Whether it is the key of a month of this policy year: `drugs/2026-03`, also by a name of before.
fn is_of_month(policy: &Policy, key: &str, policy_year: NaiveDate) -> bool {
    let key = Key::of(key);
    let now = policy.renames.iter().find(|(old, _)| old == key.name).and_then(|(_, now)| *now);
    let index = now.or_else(|| policy.accumulators.iter().position(|one| one.name == key.name));
    index.is_some_and(|index| {
        policy.accumulators[index].by_month && key.fits(&policy.accumulators[index], policy_year)
    })
}

/// As cases name them: `stays@third` where they are kept apart by level; names of before too.
fn accumulators(policy: &Policy) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (index, accumulator) in policy.accumulators.iter().enumerate().filter(|(_, one)| !one.by_month) {
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
