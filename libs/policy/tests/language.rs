//! What the language can say beyond the plain layer, each point with amounts worked by hand: small documents around one layer or two,
//! one stay, and what is paid.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

mod language {
    pub mod counted;
    pub mod months;
    pub mod quantities;
    pub mod unknown;
}

use yizhan_policy::load::load_case;
use yizhan_policy::{Case, Outcome, Policy, explain, load, settle};

/// A document of these layers; `accumulators` and the like stand in `head`.
fn document(head: &str, layers: &str) -> String {
    format!(
        "policy: said\nversion: \"1\"\ntitle: 某市职工\nareas: [\"430200\"]\nscheme: \"310\"\nfrom: 2020-01-01\n\
         sources: {{ paper: {{ title: 某市办法, quality: G }} }}\n{head}\nlayers:\n{layers}\n\
         account: {{ pays: [in_scope, preself] }}\n"
    )
}

/// A layer of basic insurance over this, with more keys.
fn basic(more: &str) -> String {
    format!("  - {{ id: basic, title: 统筹, payer: basic, fund_pay_type: \"310100\", {more} }}\n")
}

/// A layer of critical-illness insurance, which pays after it.
fn critical(more: &str) -> String {
    format!(
        "  - {{ id: critical, title: 大额, payer: critical_illness, fund_pay_type: \"330100\", {more} }}\n"
    )
}

/// `{ cut_on: net, … }`, one ratio for everything.
fn at(ratio: &str) -> String {
    format!("scale: {{ cut_on: net, bands: {{ source: paper, rows: [ {{ ratio: {ratio} }} ] }} }}")
}

#[track_caller]
fn policy(text: &str) -> Policy {
    load("said.yaml", text).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

/// A stay of the first ten days of May 2024 at a third-level hospital; `more` adds keys to the case.
#[track_caller]
fn stay(lines: &str, more: &str) -> Case {
    let text = format!(
        "area: \"430200\"\nscheme: \"310\"\nperson: {{ status: in_service, age: 40 }}\n\
         visit: {{ care: inpatient, level: third, admitted: 2024-05-01, date: 2024-05-10 }}\nlines: [ {lines} ]\n{more}\n"
    );
    load_case("case.yaml", &text).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

/// What each layer pays, in yuan.
#[track_caller]
fn paid(policy: &Policy, case: &Case) -> Vec<String> {
    let outcome = settle(policy, case).unwrap_or_else(|refusal| panic!("{refusal}"));
    outcome.layers.iter().map(|layer| layer.paid_fen.to_string()).collect()
}

#[track_caller]
fn outcome<'a>(policy: &'a Policy, case: &'a Case) -> Outcome<'a> {
    settle(policy, case).unwrap_or_else(|refusal| panic!("{refusal}"))
}

/// The document has these problems, by code and a part of their message.
#[track_caller]
fn problems(text: &str, expected: &[(&str, &str)]) {
    let problems = load("said.yaml", text).expect_err("the document is wrong");
    let told: Vec<String> = problems.0.iter().map(|one| format!("{:?}: {}", one.kind, one.message)).collect();
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for ((kind, part), told) in expected.iter().zip(&told) {
        assert!(told.starts_with(kind) && told.contains(part), "{told}\nis not {kind} … {part}");
    }
}

/// `explain` says this.
#[track_caller]
fn says(policy: &Policy, words: &str) {
    let text = explain(policy);
    assert!(text.contains(words), "`{words}` is not in\n{text}");
}
