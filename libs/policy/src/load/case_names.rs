//! Names in a case that the policy does not ask for: `unoin_mutual_aid` would settle as if nobody were a member. And a status that nobody of the
//! scheme has: such a case looks as if it were tested.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use yizhan_documents::{At, Kind, closest};
use yizhan_terms::{Insutype, Status, Tier};

use super::holes::{conditions, statuses_of};
use crate::engine::policy_year;
use crate::keys::Key;
use crate::model::{Benefit, Condition, Policy, Unit};

/// Reports every such name where it stands, in one case or a list of them; `policy_of` tells by the number of a case (the first is 0) which policy
/// settles it. A case of which it tells none is not looked at.
pub(super) fn check<'p>(root: &At, policy_of: impl Fn(usize) -> Option<&'p Policy>) -> Option<()> {
    let cases = if root.is_list() { root.list()? } else { vec![root.clone()] };
    let mut asked: Option<Asked<'p>> = None;
    for (number, case) in cases.iter().enumerate() {
        let Some(policy) = policy_of(number) else { continue };
        let of_policy = asked.take().filter(|asked| std::ptr::eq(asked.policy, policy));
        check_case(case, asked.insert(of_policy.unwrap_or_else(|| Asked::of(policy))));
    }
    Some(())
}

fn check_case(case: &At, asked: &Asked<'_>) {
    if let Some(person) = value(case, "person") {
        each(value(&person, "identity"), |at| asked.check(at, "identity", &asked.identities));
        each(value(&person, "membership"), |at| asked.check(at, "membership", &asked.memberships));
        check_status(case, &person, asked.policy);
    }
    value(case, "visit").iter().for_each(|visit| check_tags(visit, asked));
    check_rest(case, asked);
    each(value(case, "visits"), |visit| {
        check_tags(visit, asked);
        check_rest(visit, asked);
    });
}

fn check_tags(visit: &At, asked: &Asked<'_>) {
    each(value(visit, "tag"), |at| asked.check(at, "tag", &asked.tags));
}

/// What stands beside `visit`, and within one of `visits`.
fn check_rest(at: &At, asked: &Asked<'_>) {
    each(value(at, "lines"), |line| {
        each(value(line, "label"), |at| asked.check(at, "label", &asked.labels));
    });
    let Some(accumulated) = value(at, "accumulated").filter(At::is_map) else { return };
    check_totals(&accumulated, None, asked);
    let years = accumulated.entries().unwrap_or_default();
    for (day, year) in &years {
        check_year(day, asked.policy);
        check_totals(year, first_day(day), asked);
    }
}

fn first_day(at: &At) -> Option<NaiveDate> {
    at.raw()?.parse().ok()
}

/// Totals are looked up by the day on which a policy year begins.
fn check_year(at: &At, policy: &Policy) {
    let Some(day) = first_day(at) else { return };
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
    let Some(name) = at.raw().map(|key| Key::of(key).name) else { return };
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

/// Totals of the policy year that begins on a day; `None`: of that of the visit.
fn check_totals(at: &At, year: Option<NaiveDate>, asked: &Asked<'_>) {
    for (of, unit) in [("yuan", Unit::Fen), ("visits", Unit::Count), ("days", Unit::Days)] {
        let named = value(at, of).filter(At::is_map).and_then(|at| at.entries()).unwrap_or_default();
        for (key, _) in named.iter().filter(|(_, total)| !total.is_map()) {
            if !key.raw().is_some_and(|key| is_of_month(asked.policy, key, year)) {
                asked.check(key, "accumulator", &asked.accumulators);
            }
            check_unit(key, of, unit, asked.policy);
        }
    }
}

/// The scheme is what the case says, or that of the policy as the case is settled by it.
fn check_status(case: &At, person: &At, policy: &Policy) {
    let said = value(case, "scheme").and_then(|at| at.raw().and_then(Insutype::from_code));
    let scheme = said.unwrap_or(policy.schemes[0]);
    let Some(at) = value(person, "status") else { return };
    let status = at.raw().and_then(|code| Status::ALL.iter().copied().find(|status| status.code() == code));
    let Some(status) = status else { return };
    let possible = statuses_of(scheme);
    if possible.iter().all(|(one, ..)| *one != status) {
        let codes: Vec<&str> = possible.iter().map(|(one, ..)| one.code()).collect();
        let message = format!(
            "nobody of scheme {} is `{}`; one of: {}",
            scheme.code(),
            status.code(),
            codes.join(", ")
        );
        at.finding(Kind::StatusOfOtherScheme, message);
    }
}

fn value<'a>(at: &At<'a>, key: &str) -> Option<At<'a>> {
    at.find(key).map(|(_, value)| value)
}

fn each(list: Option<At>, check: impl FnMut(&At)) {
    let items = list.filter(At::is_list).and_then(|at| at.list()).unwrap_or_default();
    items.iter().for_each(check);
}

/// What a policy asks for by name.
struct Asked<'p> {
    policy: &'p Policy,
    accumulators: BTreeSet<String>,
    identities: BTreeSet<String>,
    memberships: BTreeSet<String>,
    labels: BTreeSet<String>,
    tags: BTreeSet<String>,
}

impl<'p> Asked<'p> {
    fn of(policy: &'p Policy) -> Asked<'p> {
        let mut asked = Asked {
            policy,
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
        // Whoever is `civil_servant/科级` is said to be `civil_servant` as well.
        let kind_of = |known: &String| known.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'));
        if what == "membership" && known.iter().any(kind_of) {
            return;
        }
        let hint = closest(name, known.iter().map(String::as_str));
        let said = if what == "accumulator" { "declares" } else { "asks for" };
        let message = format!("`{}` {said} no {what} `{name}`{hint}", self.policy.id);
        at.finding(Kind::UnknownName, message);
    }
}

/// Whether it is the key of a month of this policy year, or of any: `drugs/2026-03`, also by a name of before.
fn is_of_month(policy: &Policy, key: &str, year: Option<NaiveDate>) -> bool {
    let key = Key::of(key);
    let month = key.month.and_then(|month| format!("{month}-01").parse().ok());
    let Some(policy_year) = year.or(month.map(|month| policy_year(policy, month))) else { return false };
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
