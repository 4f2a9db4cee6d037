//! Identities and memberships that shipped policies ask for are those that rosters send (enrollment's 部门 of the nation), or stand here with
//! why not: a name that nobody sends pays nobody.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use yizhan_policy::embedded;
use yizhan_policy::load::{IDENTITIES, MEMBERSHIP_KINDS, MEMBERSHIPS};

use super::yaml;

/// Asked by policies and sent by no roster, each with the reason.
const OTHERS: &[(&str, &str)] = &[
    (
        "因病致贫",
        "the papers' own word; the roster's is 因病致贫重病, asked beside it, and ImportIdentities takes either",
    ),
    ("resident_tier/一档", "what a resident chose to pay: told with the contribution, no roster"),
    ("resident_tier/二档", "the same"),
    ("resident_tier/柯城衢江", "where a resident is insured: told with the contribution, no roster"),
    ("resident_tier/四县市", "the same"),
];

fn rosters() -> (BTreeSet<String>, BTreeSet<String>) {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../services/enrollment/rules/100000-departments.yaml");
    let rules = yaml::read(&fs::read_to_string(path).unwrap()).unwrap();
    let (mut identities, mut memberships) = (BTreeSet::new(), BTreeSet::new());
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for reporter in list(&rules["departments"]).iter().flat_map(|of| list(&of["reporters"])) {
        for kind in list(&reporter["kinds"]) {
            let name = kind["name"].as_str().unwrap().to_owned();
            match kind["membership"].as_str() {
                Some(membership) => {
                    let category = kind["category"].as_str().unwrap_or(&name);
                    memberships.insert(format!("{membership}/{category}"));
                }
                None => drop(identities.insert(name)),
            }
        }
    }
    (identities, memberships)
}

fn all(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn the_names_that_the_loader_knows_are_those_of_rosters() {
    let (identities, memberships) = rosters();
    // 现役军人家属 brings no membership and is asked by nobody.
    let known: BTreeSet<String> = all(IDENTITIES).into_iter().chain(["现役军人家属".to_owned()]).collect();
    assert_eq!(identities, known);
    assert_eq!(memberships, all(MEMBERSHIPS));
}

#[test]
fn shipped_policies_ask_for_names_that_somebody_sends() {
    let (identities, memberships) = rosters();
    let mut asked = BTreeSet::new();
    for (_, text) in embedded() {
        collect(&yaml::read(text).unwrap(), &mut asked);
    }
    let kinds = all(MEMBERSHIP_KINDS);
    let sent =
        |name: &String| identities.contains(name) || memberships.contains(name) || kinds.contains(name);
    let other = |name: &String| OTHERS.iter().any(|(other, _)| other == name);
    let lost: Vec<&String> = asked.iter().filter(|name| !sent(name) && !other(name)).collect();
    assert!(lost.is_empty(), "no roster sends {lost:?}");
    let unused: Vec<_> = OTHERS.iter().filter(|(name, _)| !asked.contains(*name)).collect();
    assert!(unused.is_empty(), "nobody asks for {unused:?}");
}

fn collect(value: &Value, to: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, to)),
        Value::Object(entries) => {
            for (key, value) in entries {
                match (key.as_str(), value) {
                    ("identity" | "no_identity" | "membership" | "no_membership", Value::Array(names)) => {
                        to.extend(names.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    _ => collect(value, to),
                }
            }
        }
        _ => {}
    }
}
