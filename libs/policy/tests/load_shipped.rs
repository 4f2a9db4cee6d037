//! The shipped policies have no problems, alone and together.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use yizhan_documents::Kind;
use yizhan_policy::load::NoPolicy;
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
