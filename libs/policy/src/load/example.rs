//! Cases with what is expected of them. A case has one `visit`, or `visits` one after the other, each with its own lines.

use yizhan_documents::value::area;
use yizhan_documents::{At, Kind, Map};
use yizhan_terms::Insutype;

use super::case::{
    CASE_KEYS, VISIT_KEYS, account, accumulated, numbered_lines, paid_elsewhere, person, totals, visit_of,
};
use super::expect::expect;
use crate::case::Visit;
use crate::example::{Example, ExpectedVisit, Given};

const OF_FILE: &[&str] = &["id", "example", "source", "note", "policy", "visits", "expect"];
const OF_VISIT: &[&str] = &["lines", "accumulated", "paid_elsewhere", "account"];

/// All cases of a file; where they are `tested`, each says what is expected.
pub(super) fn all(root: &At, tested: bool) -> Option<Vec<Example>> {
    not_a_policy(root)?;
    let mut number = 0;
    let mut read = |at: At| {
        number += 1;
        example(&at, number, tested)
    };
    let all = if root.is_list() { root.list_of(read)? } else { vec![read(root.clone())?] };
    let mut ids: Vec<&str> = all.iter().map(|case| case.id.as_str()).collect();
    ids.sort_unstable();
    match ids.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => {
            root.problem(Kind::DuplicateValue, format!("two cases have the same `id`: {}", pair[0]))
        }
        None => Some(all),
    }
}

/// The one case of a file.
pub(super) fn one(root: &At) -> Option<Example> {
    not_a_policy(root)?;
    example(root, 1, false)
}

/// A whole policy has one thing wrong with it, not each key.
fn not_a_policy(root: &At) -> Option<()> {
    match root.find("layers") {
        Some(_) => {
            root.problem(Kind::WrongType, "this is a policy, not a case: `yizhan policy check` checks it")
        }
        None => Some(()),
    }
}

fn example(at: &At, number: usize, tested: bool) -> Option<Example> {
    let map = at.map(&[CASE_KEYS, OF_FILE].concat())?;
    let text = |key| map.optional(key, |at| at.text()).map(|text| text.map(str::to_owned));
    let (id, title, note) = (text("id"), text("title"), text("note"));
    let (example, source, policy) = (text("example"), text("source"), text("policy"));
    let area = map.optional("area", |at| area(&at, "a pooling area (admdvs)"));
    let scheme = map.optional("scheme", |at| at.code(&Insutype::SETTLED, Insutype::code));
    let person = map.required("person", person);
    let visits = match map.one_of(&["visit", "visits"]) {
        Some("visit") => single(&map, tested).map(|visit| vec![visit]),
        Some(_) => several(&map, tested),
        None => None,
    };
    note?;
    let (policy, area, scheme) = (policy?, area?, scheme?);
    if policy.is_none() && (area.is_none() || scheme.is_none()) {
        return at.problem(Kind::MissingKey, "name a `policy`, or the `area` and `scheme` to find it by");
    }
    Some(Example {
        id: id?.or(title?).unwrap_or_else(|| number.to_string()),
        example: example?,
        source: source?,
        policy,
        area,
        scheme,
        line: at.line(),
        person: person?,
        visits: visits?,
    })
}

/// `visit`, with `lines` and the rest beside it.
fn single(map: &Map, tested: bool) -> Option<ExpectedVisit> {
    let visit = map.required("visit", |at| visit_of(&at.map(VISIT_KEYS)?));
    with_rest(visit, map, tested)
}

/// `visits`, each with its own.
fn several(map: &Map, tested: bool) -> Option<Vec<ExpectedVisit>> {
    let beside = OF_VISIT.iter().chain(&["expect"]).find(|key| map.get(key).is_some());
    if let Some(key) = beside {
        return map.conflict("visits", key);
    }
    let read = |at: At| {
        let map = at.map(&[VISIT_KEYS, OF_VISIT, &["expect"]].concat())?;
        with_rest(visit_of(&map), &map, tested)
    };
    map.required("visits", |at| at.list_of(read))
}

/// The visit with what was done, accounts, totals of before, and what is expected.
fn with_rest(visit: Option<Visit>, map: &Map, tested: bool) -> Option<ExpectedVisit> {
    let lines = map.required("lines", |at| numbered_lines(&at));
    let elsewhere = map.optional("paid_elsewhere", |at| at.list_of(|at| paid_elsewhere(&at)));
    let account = map.optional("account", account);
    let given = map.optional("accumulated", |at| given(&at));
    let expect =
        if tested { map.required("expect", expect).map(Some) } else { map.optional("expect", expect) };
    Some(ExpectedVisit {
        visit: visit?,
        lines: lines?,
        paid_elsewhere: elsewhere?.unwrap_or_default(),
        account: account?.unwrap_or_default(),
        given: given?.unwrap_or_default(),
        expect: expect?,
    })
}

/// Totals of the visit's policy year (`{ yuan: …, visits: …, days: … }`), or by policy year.
fn given(at: &At) -> Option<Given> {
    if ["yuan", "visits", "days"].iter().any(|unit| at.find(unit).is_some()) {
        return Some(Given { this_year: totals(at)?, ..Given::default() });
    }
    Some(Given { years: accumulated(at)?, ..Given::default() })
}
