//! The shipped policies have no problems, alone and together, and no warnings but those that say what nobody published.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use yizhan_documents::Kind;
use yizhan_policy::load::NoPolicy;
use yizhan_policy::{embedded, findings, load, together};

/// What refuses everybody, because the city published no number that could be found: 衢州 residents' stays since 2021.
const UNKNOWN_TO_ALL: &[(&str, &str)] = &[("quzhou-resident", "layers.critical.deductible.amount")];

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
    let mut unknown = Vec::new();
    for policy in &policies {
        for one in findings(policy) {
            match one.kind {
                Kind::EverybodyRefused => unknown.push((policy.id.clone(), one.path)),
                _ => problems.push_str(&format!("{one}\n")),
            }
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
    let known = UNKNOWN_TO_ALL.iter().map(|(policy, table)| ((*policy).to_owned(), (*table).to_owned()));
    assert_eq!(unknown, known.collect::<Vec<_>>());
    assert!(!policies.is_empty());
    together(policies).unwrap();
    assert_eq!(Kind::Syntax.code(), "YAML_SYNTAX");
    assert_eq!(NoPolicy::REASON, "NO_POLICY");
}
