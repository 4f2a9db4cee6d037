//! The shipped policies have no problems, alone and together.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

#[path = "load_shipped/rosters.rs"]
mod rosters;
#[path = "zhuzhou/yaml.rs"]
mod yaml;

use yizhan_documents::Kind;
use yizhan_policy::load::{NoPolicy, load_case_with_findings, unknown_names};
use yizhan_policy::{embedded, findings, load, together};

#[test]
fn every_shipped_policy_loads_and_they_fit_together() {
    let mut problems = String::new();
    let mut policies = Vec::new();
    for (name, text) in embedded() {
        match load(name, text) {
            Ok(policy) => policies.push(policy),
            Err(found) => problems.push_str(&format!("{found}\n")),
        }
    }
    let found = policies.iter().flat_map(findings).map(|one| format!("{one}\n"));
    problems.extend(found);
    assert!(problems.is_empty(), "\n{problems}");
    assert!(!policies.is_empty());
    together(policies).unwrap();
    assert_eq!(Kind::Syntax.code(), "YAML_SYNTAX");
    assert_eq!(NoPolicy::REASON, "NO_POLICY");
}

#[test]
fn the_example_case_says_nothing_that_its_shipped_policy_does_not_know() {
    let text = include_str!("../../../docs/examples/case.yaml");
    let (case, found) = load_case_with_findings("case.yaml", text).unwrap();
    assert_eq!(found, []);
    let policies = embedded().iter().filter_map(|(name, text)| load(name, text).ok());
    let its =
        policies.filter(|policy| policy.areas.contains(&case.area) && policy.schemes.contains(&case.scheme));
    let its: Vec<_> = its.collect();
    assert!(!its.is_empty());
    its.iter().for_each(|policy| assert_eq!(unknown_names("case.yaml", text, policy), []));
}
