//! Published worked examples and published tables, to the fen, by policy documents alone.
//!
//! `conformance/cases/*.yaml` names a policy (shipped, or a small one in `conformance/policies/`), a person, visits one after the
//! other, what is expected of each, and the page that published it; the form is that of `yizhan policy test`, which `docs/POLICY.md`
//! describes. All cases are run and all differences are reported together.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use yizhan_policy::example::Example;
use yizhan_policy::load::load_examples;
use yizhan_policy::{Policy, embedded, find_named, load, together};

/// The published worked examples of a person's benefit. The DRG example settles with the
/// institution and is no benefit of a person.
const EXAMPLES: &[&str] = &[
    "API-2207-sample",
    "CD-emp-l1-age40",
    "CQ-YB-2023-lowmargin",
    "DD-outp-retired",
    "DL-drug-A",
    "DL-drug-B",
    "GZ-emp-5000",
    "HN-deductible-cap",
    "HN-resident-xiaowang",
    "HZ-union-2021-max",
    "JS-2013-wang",
    "KF-38000",
    "NC-civil-20w",
    "UNK-DB-2018-zhang",
    "UNK-DB-93800",
    "UNK-urban-l3-adm1",
    "UNK-urban-l3-adm2",
    "UNK-urban-l3-adm3",
    "WF-HMB-zhang",
    "XM-emp-inp",
    "XT-assistance-24700",
    "ZY-DB-2",
];

#[test]
fn every_published_example_and_table_comes_out_to_the_fen() {
    let policies = all_policies();
    let mut failures = Vec::new();
    for case in &all_cases() {
        let named = case.policy.as_deref().unwrap().split(" + ");
        let named = named.map(|one| policies.get(one).unwrap_or_else(|| panic!("there is no {one}")).clone());
        let named = together(named.collect()).unwrap();
        let of_case = |_: &Example, day| find_named(&named, day).map_err(|none| none.to_string());
        let name = |found: &_| -> String {
            let yizhan_policy::example::VisitDifference { visit, difference } = found;
            format!("{} visit {visit}: {difference}", case.id)
        };
        failures.extend(case.test(of_case, false).differences.iter().map(name));
    }
    assert!(failures.is_empty(), "{} differences:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn no_published_example_is_missing() {
    let cases = all_cases();
    let mut examples: Vec<&str> = cases.iter().filter_map(|case| case.example.as_deref()).collect();
    examples.sort_unstable();
    assert_eq!(examples, EXAMPLES);
}

#[test]
fn every_case_has_its_own_name_and_names_its_source() {
    let cases = all_cases();
    let ids: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(ids.len(), cases.len(), "two cases have one id");
    for case in &cases {
        assert!(case.source.as_ref().is_some_and(|source| !source.is_empty()), "{} names no source", case.id);
    }
}

#[test]
fn every_policy_is_asked_by_a_case() {
    let asked = all_cases().into_iter().filter_map(|case| case.policy);
    let asked: BTreeSet<String> =
        asked.flat_map(|named| named.split(" + ").map(str::to_owned).collect::<Vec<_>>()).collect();
    let policies: BTreeSet<String> = all_policies().into_keys().collect();
    assert_eq!(asked, policies);
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance").join(name)
}

/// Name and text of every YAML file of a folder.
fn files(name: &str) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder(name)).unwrap().map(|entry| entry.unwrap().path());
    let yaml = entries.filter(|path| path.extension().is_some_and(|end| end == "yaml"));
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        (path.file_name().unwrap().to_str().unwrap().to_owned(), text)
    };
    let mut files: Vec<_> = yaml.map(read).collect();
    files.sort_unstable();
    files
}

/// The shipped policies as `shipped/NAME`, the small ones of the examples as `../policies/NAME`: as case files name them.
fn all_policies() -> BTreeMap<String, Policy> {
    let shipped = embedded().iter().map(|(name, text)| (format!("shipped/{name}"), (*text).to_owned()));
    let small = files("policies").into_iter().map(|(name, text)| (format!("../policies/{name}"), text));
    let read = |(name, text): (String, String)| match load(&name, &text) {
        Ok(policy) => (name, policy),
        Err(problems) => panic!("{problems}"),
    };
    shipped.chain(small).map(read).collect()
}

fn all_cases() -> Vec<Example> {
    let of_file = |(name, text): (String, String)| {
        load_examples(&name, &text).unwrap_or_else(|problems| panic!("{problems}"))
    };
    files("cases").into_iter().flat_map(of_file).collect()
}
