//! The shipped policies have no problems, alone and together, and no warnings but those that say what nobody published.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

#[path = "load_shipped/rosters.rs"]
mod rosters;
#[path = "zhuzhou/yaml.rs"]
mod yaml;

use yizhan_documents::Kind;
use yizhan_policy::load::{NoPolicy, load_case_with_findings, unknown_names};
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

/// Rules of the state that hold until another one says otherwise, and publish no value of a year.
const STANDING: &[&str] = &["account_use", "sharing"];

/// Every source says of which year its values are, or its title that its page does not; those of the project's own are nobody's publication, and
/// what is put together of several areas is of no year.
#[test]
fn every_shipped_source_says_its_year_or_that_it_has_none() {
    let mut wrong = Vec::new();
    for (name, text) in embedded() {
        let policy = load(name, text).unwrap();
        for source in &policy.sources {
            let undated = source.title.contains("未载") && source.title.contains('日');
            let may_be_without = undated || source.quality == 'P' || STANDING.contains(&source.id.as_str());
            let right = match policy.composite.is_some() {
                true => source.of.is_none(),
                false => source.of.is_some() || may_be_without,
            };
            if !right {
                wrong.push(format!("{name}: {} {:?} {}", source.id, source.of, source.title));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
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
