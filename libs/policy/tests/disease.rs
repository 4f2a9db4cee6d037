//! 慢特病 and 两病 settle by their own table: conditions on the disease that the register recognised.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use yizhan_money::Fen;
use yizhan_policy::load::load_case;
use yizhan_policy::{Case, explain, explain_outcome, load, settle};

const POLICY: &str = "
policy: diseases
version: \"1\"
title: 某市居民
areas: [\"430200\"]
scheme: \"390\"
from: 2020-01-01
sources: { paper: { title: 某市办法, quality: G } }
layers:
  - id: disease
    title: 门诊慢特病
    payer: basic
    fund_pay_type: \"390100\"
    when: { disease_kind: [chronic] }
    base: [ { add: in_scope } ]
    scale:
      cut_on: net
      bands:
        source: paper
        rows:
          - { when: { disease: [M03900] }, ratio: 70% }
          - { when: { disease: [M01600, M01601] }, ratio: 80% }
          - { otherwise: true, unknown: 没有公布 }
  - id: two
    title: 两病
    payer: basic
    fund_pay_type: \"390100\"
    when: { disease_kind: [two_diseases], disease: [M03900] }
    base: [ { add: in_scope } ]
    scale: { cut_on: net, bands: { source: paper, rows: [ { ratio: 60% } ] } }
  - id: ordinary
    title: 普通门诊
    payer: basic
    fund_pay_type: \"390100\"
    when: { care: [outpatient], disease_kind: [none] }
    base: [ { add: in_scope } ]
    scale: { cut_on: net, bands: { source: paper, rows: [ { ratio: 50% } ] } }
";

fn case(disease: &str) -> Case {
    let text = format!(
        "area: \"430200\"\nscheme: \"390\"\nperson: {{ status: adult, age: 40 }}\n\
         visit: {{ care: outpatient, level: first, date: 2024-05-10{disease} }}\nlines: [ {{ amount: 100, class: 甲 }} ]\n"
    );
    load_case("case.yaml", &text).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn each_disease_by_its_own_table() {
    let policy = load("diseases.yaml", POLICY).unwrap_or_else(|problems| panic!("{problems}"));
    let paid = |disease: &str| settle(&policy, &case(disease)).map(|outcome| outcome.fund_pay_fen);
    assert_eq!(paid(""), Ok(Fen(5_000)));
    assert_eq!(paid(", disease: { code: M03900, kind: chronic }"), Ok(Fen(7_000)));
    assert_eq!(paid(", disease: { code: M01601, kind: chronic }"), Ok(Fen(8_000)));
    assert_eq!(paid(", disease: { code: M03900, kind: two_diseases }"), Ok(Fen(6_000)));
    // A code is asked for whole: another one that begins like it is another disease.
    let refused = paid(", disease: { code: M03904, kind: chronic }").unwrap_err();
    assert_eq!(refused.reason().code(), "POLICY_VALUE_UNKNOWN");
    assert_eq!(paid(", disease: { code: M01600, kind: two_diseases }"), Ok(Fen::ZERO));
}

#[test]
fn in_words() {
    let policy = load("diseases.yaml", POLICY).unwrap_or_else(|problems| panic!("{problems}"));
    let words = explain(&policy);
    for said in ["适用：门诊慢特病", "认定病种 M01600 或 M01601", "适用：认定病种 M03900，两病", "不按病种"]
    {
        assert!(words.contains(said), "{said}: {words}");
    }
    let case = case(", disease: { code: M03900, kind: two_diseases }");
    let words = explain_outcome(&policy, &settle(&policy, &case).unwrap());
    assert!(words.contains("不适用：认定病种不符"), "{words}");
}

/// A case without a disease is written as before there were any.
#[test]
fn old_cases_keep_their_bytes() {
    let old = serde_json::to_string(&case("")).unwrap();
    assert!(!old.contains("disease"), "{old}");
    let read: Case = serde_json::from_str(&old).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), old);
}
