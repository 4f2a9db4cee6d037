//! 转院: a stay that follows another pays the difference of the deductibles, or none, where the policy says so.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use yizhan_money::Fen;
use yizhan_policy::load::load_case;
use yizhan_policy::{Case, Policy, explain, explain_outcome, load, settle};

const POLICY: &str = "
policy: transfer
version: \"1\"
title: 某市职工
areas: [\"430200\"]
scheme: \"310\"
from: 2020-01-01
sources: { paper: { title: 某市办法, quality: G } }
accumulators:
  stays: { label: 住院次数, unit: count, by: level }
  charged: { label: 起付线累计, unit: fen }
layers:
  - id: basic
    title: 统筹
    payer: basic
    fund_pay_type: \"310100\"
    when: { care: [inpatient] }
    base: [ { add: in_scope } ]
    deductible:
      per: visit
      amount:
        source: paper
        rows:
          - { when: { level: [second] }, amount: 800 }
          - { when: { level: [third] }, amount: 1100 }
          - { otherwise: true, amount: 200 }
      factor:
        source: paper
        rows:
          - { when: { previous: { within_days: 3, transferred: true, level: [higher] } }, rank: 1, ratio: 0% }
          - { when: { nth: { of: stays, from: 2 } }, ratio: 50% }
      less_previous:
        source: paper
        rows:
          - { when: { previous: { within_days: 1, transferred: true, level: [lower, same] } }, ratio: 100% }
      year_cap: { source: paper, rows: [ { amount: 2000 } ] }
      used: charged
    scale: { cut_on: net, bands: { source: paper, rows: [ { ratio: 80% } ] } }
    feeds: { stays: visit, charged: deductible }
";

fn policy(text: &str) -> Policy {
    load("transfer.yaml", text).unwrap_or_else(|problems| panic!("{problems}"))
}

fn case(level: &str, previous: &str, accumulated: &str) -> Case {
    let text = format!(
        "area: \"430200\"\nscheme: \"310\"\nperson: {{ status: retired, age: 70 }}\n\
         visit: {{ care: inpatient, level: {level}, admitted: 2024-05-10, date: 2024-05-20{previous} }}\n\
         lines: [ {{ amount: 10000, class: 甲 }} ]\n{accumulated}"
    );
    load_case("case.yaml", &text).unwrap_or_else(|problems| panic!("{problems}"))
}

fn charged(policy: &Policy, case: &Case) -> Fen {
    settle(policy, case).unwrap_or_else(|refusal| panic!("{refusal}")).basic_deductible_fen()
}

fn after(level: &str, day: u32, transferred: bool, deductible: &str) -> String {
    format!(
        ", previous: {{ level: {level}, date: 2024-05-{day:02}, transferred: {transferred}, deductible: {deductible} }}"
    )
}

#[test]
fn only_the_difference_is_charged_after_a_transfer() {
    let policy = policy(POLICY);
    assert_eq!(policy.looks_back, Some(3));
    let charged =
        |level: &str, previous: &str, totals: &str| charged(&policy, &case(level, previous, totals)).0;
    assert_eq!(charged("third", "", ""), 110_000);
    assert_eq!(charged("third", &after("second", 10, true, "800"), ""), 30_000, "上转");
    assert_eq!(charged("third", &after("second", 9, true, "800"), ""), 30_000, "the day after");
    assert_eq!(charged("third", &after("second", 8, true, "800"), ""), 110_000, "not continuous");
    assert_eq!(
        charged("third", &after("second", 10, false, "800"), ""),
        110_000,
        "by the patient's own will"
    );
    // Never more is taken off than was charged there, nor more than there is.
    assert_eq!(charged("third", &after("second", 10, true, "120.50"), ""), 97_950);
    assert_eq!(charged("third", &after("third", 10, true, "1100"), ""), 0);
    assert_eq!(charged("second", &after("first", 10, true, "2000"), ""), 0);
    assert_eq!(charged("second", &after("provincial", 7, true, "0"), ""), 0, "下转 within three days");
    assert_eq!(charged("second", &after("provincial", 6, true, "0"), ""), 80_000);
    // Half for the second stay at the level first, then the difference, then what is open of the year.
    let second_stay =
        "accumulated: { 2024-01-01: { yuan: { charged: 1800 }, visits: { \"stays@third\": 1 } } }\n";
    assert_eq!(charged("third", "", second_stay), 20_000);
    assert_eq!(charged("third", &after("second", 10, true, "500"), second_stay), 5_000);
}

#[test]
fn in_words() {
    let policy = policy(POLICY);
    let words = explain(&policy);
    for said in [
        "减去上一次住院已扣的起付线（补差）：",
        "出院 1 天内由低级别/同级别机构转院而来",
        "出院 3 天内由高级别机构转院而来",
    ] {
        assert!(words.contains(said), "{said}: {words}");
    }
    let case = case("third", &after("second", 10, true, "800"), "");
    let words = explain_outcome(&policy, &settle(&policy, &case).unwrap());
    let line = words.lines().find(|line| line.contains("减上次住院起付线")).unwrap();
    assert!(line.contains("800.00") && line.contains("less_previous"), "{line}");
}

#[test]
fn what_it_does_not_go_with() {
    let problems = |from: &str, to: &str| -> Vec<String> {
        let text = POLICY.replacen(from, to, 1);
        let problems = load("transfer.yaml", &text).map(drop).unwrap_err();
        problems.0.iter().map(|problem| problem.kind.code().to_owned()).collect()
    };
    assert_eq!(problems("per: visit", "per: year"), ["CONFLICTING_KEYS"]);
    assert_eq!(
        problems("otherwise: true, amount: 200", "otherwise: true, part: 10%, of: total"),
        ["CONFLICTING_KEYS"]
    );
    assert_eq!(problems("within_days: 1, ", ""), ["MISSING_KEY"]);
    assert_eq!(problems("within_days: 1,", "within_days: 32,"), ["INVALID_VALUE"]);
    assert_eq!(problems("level: [lower, same]", "level: [second]"), ["UNKNOWN_CODE"]);
    // Who follows a stay at a higher level may also be there for the second time.
    assert_eq!(problems("rank: 1, ", ""), ["OVERLAPPING_ROWS"]);
    let other_payer = problems(
        "payer: basic\n    fund_pay_type: \"310100\"",
        "payer: critical_illness\n    fund_pay_type: \"330100\"",
    );
    assert_eq!(other_payer, ["CONFLICTING_KEYS"]);
}

#[test]
fn what_cannot_be_is_refused() {
    let policy = policy(POLICY);
    let refused = settle(&policy, &case("third", &after("second", 11, true, "800"), "")).unwrap_err();
    assert_eq!(refused.reason().code(), "CASE_MALFORMED");
}

/// A case that follows no stay is written as before there were any.
#[test]
fn old_cases_keep_their_bytes() {
    let old = serde_json::to_string(&case("third", "", "")).unwrap();
    assert!(!old.contains("previous"), "{old}");
    let read: Case = serde_json::from_str(&old).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), old);
}
