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
use yizhan_policy::{Policy, embedded, find_named, findings, load, together};

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

/// What the language can say beyond the plain layer, each with the cases of `cases/language.yaml` that show it.
const LANGUAGE: &[(&str, &[&str])] = &[
    ("a sum for each day, from a day on, most days of the year", &["per-day"]),
    ("a sum for each operation, with a limit of the year", &["per-item"]),
    ("paid elsewhere, of the bill and of lines", &["paid-elsewhere", "paid-elsewhere-lines"]),
    ("what all layers before left of the in-scope cost", &["in-scope-left"]),
    ("cost above a payment limit", &["over-cap-cost"]),
    ("a cost limit that counts above the deductible", &["cost-cap-net"]),
    ("the smaller of two quantities", &["at-most"]),
    ("a part and a multiple of a reference value", &["reference-value"]),
    (
        "one document for several schemes, or any",
        &["several-schemes-employee", "several-schemes-resident", "any-scheme"],
    ),
    ("a ratio by kind of item under one deductible", &["by-item"]),
    ("先行自付 by label and list type", &["class-prepay"]),
    ("a single band unknown", &["band-unknown"]),
    ("a refusal that shows the layers before it", &["refused-later"]),
    ("a payer 财政", &["treasury"]),
    ("unknown whether per visit or per year", &["per-unknown", "limit-per-unknown"]),
    ("the short form of a table", &["short-form"]),
    ("a floor in per cent, as a second layer", &["floor"]),
    ("a limit of the month and of the quarter", &["per-month"]),
    ("what is not used of a month, until the quarter ends", &["carry-quarter"]),
];

#[test]
fn every_point_of_the_language_has_its_case_and_its_document() {
    let cases = load_examples("language.yaml", &read("cases/language.yaml")).unwrap();
    let shown: Vec<&str> = LANGUAGE.iter().flat_map(|(_, cases)| *cases).copied().collect();
    assert_eq!(cases.iter().map(|case| case.id.as_str()).collect::<Vec<_>>(), shown);
    // Small enough to be read beside the case, and nothing to warn of.
    for (name, text) in files("policies/language") {
        let found = findings(&load(&name, &text).unwrap());
        assert!(text.lines().count() <= 35 && found.is_empty(), "{name}: {found:?}");
    }
}

fn read(name: &str) -> String {
    fs::read_to_string(folder(name)).unwrap()
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
    let of_folder = |folder: &'static str| {
        files(folder).into_iter().map(move |(name, text)| (format!("../{folder}/{name}"), text))
    };
    let small = of_folder("policies").chain(of_folder("policies/language"));
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
