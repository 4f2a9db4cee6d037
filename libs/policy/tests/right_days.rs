//! Days that are not covered, the days of lines, and which visits count. Counted by hand; the properties check the same at random.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use yizhan_money::Fen;
use yizhan_policy::model::{InStay, VisitRules};
use yizhan_policy::{Case, Outcome, Policy, load, load::load_case, settle, visit_rules};
use yizhan_terms::{Care, Tier};

const POLICY: &str = r#"
policy: days
version: "1"
title: 按日
areas: ["430200"]
scheme: "310"
from: 2022-01-01
to: 2026-12-31
across_years: split_by_days
sources:
  paper: { title: 假设, quality: P }
accumulators:
  stays: { label: 住院次数, unit: count }
  paid: { label: 年度支付, unit: fen }
layers:
  - id: basic
    title: 首次 1000，再次 500
    payer: basic
    fund_pay_type: "310100"
    base: [ { add: in_scope } ]
    deductible:
      per: visit
      amount: { source: paper, rows: [ { amount: 1000 } ] }
      factor: { source: paper, rows: [ { when: { nth: { of: stays, from: 2 } }, ratio: 50% } ] }
    scale: { cut_on: net, bands: { source: paper, rows: [ { ratio: 80% } ] } }
    cap: { per: year, amount: { source: paper, rows: [ { amount: 30万 } ] }, used: paid }
    feeds: { stays: visit, paid: paid }
  - id: aid
    title: 剩余的一半
    payer: medical_assistance
    fund_pay_type: "610100"
    base: [ { add: remaining } ]
    scale: { cut_on: net, bands: { source: paper, rows: [ { ratio: 50% } ] } }
"#;

/// A stay over the year's end; 3000 yuan of the old year, 5000 of the new one.
const CASE: &str = r#"
area: "430200"
scheme: "310"
person: { status: in_service, age: 40 }
visit: { care: inpatient, level: third, date: 2024-01-10, admitted: 2023-12-22 }
lines:
  - { amount: 3000, class: 甲, date: 2023-12-30 }
  - { amount: 5000, class: 甲, date: 2024-01-02 }
"#;

fn policy() -> Policy {
    load("days.yaml", POLICY).unwrap()
}

fn case(changes: &[(&str, &str)]) -> Case {
    let text = changes.iter().fold(CASE.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    load_case("case.yaml", &text).unwrap()
}

/// What each layer paid, in yuan, in the order of the trace.
fn paid(outcome: &Outcome<'_>) -> Vec<i64> {
    outcome.layers.iter().map(|layer| layer.paid_fen.0 / 100).collect()
}

fn stays(outcome: &Outcome<'_>) -> Vec<(String, i64)> {
    let stays = outcome.changes.iter().filter(|change| change.accumulator == "stays");
    stays.map(|change| (change.policy_year.to_string(), change.added)).collect()
}

#[test]
fn a_line_lies_in_the_policy_year_of_its_own_day() {
    let (policy, case) = (policy(), case(&[]));
    let outcome = settle(&policy, &case).unwrap();
    // 80 % of 3000 - 1000, half of the 1400 left; 80 % of 5000, half of the 1000 left.
    assert_eq!(paid(&outcome), [1600, 700, 4000, 500]);
    let without_days = case.lines.iter().map(|line| yizhan_policy::case::Line { day: None, ..line.clone() });
    let spread = Case { lines: without_days.collect(), ..case.clone() };
    // Without days 8000 are spread over ten and ten days.
    assert_eq!(paid(&settle(&policy, &spread).unwrap()), [2400, 800, 3200, 400]);
}

#[test]
fn what_is_charged_on_days_not_covered_is_seen_by_no_layer() {
    let ended = case(&[(
        "2023-12-22 }",
        "2023-12-22, not_covered: [ { from: 2024-01-01, to: 2024-01-10, reason: COVERAGE_ENDED } ] }",
    )]);
    let policy = policy();
    let outcome = settle(&policy, &ended).unwrap();
    assert_eq!(paid(&outcome), [1600, 700], "nothing of the year that is not covered, nor of what remains");
    assert_eq!((outcome.parts.full_self_fen, outcome.person_fen), (Fen(500_000), Fen(570_000)));
    assert_eq!(
        stays(&outcome),
        [("2023-01-01".to_owned(), 1)],
        "the last covered day is the day of discharge"
    );
    let told: Vec<_> =
        outcome.not_covered.iter().map(|out| (out.days.reason.as_str(), out.total_fen)).collect();
    assert_eq!(told, [("COVERAGE_ENDED", Fen(500_000))]);

    let begun = case(&[(
        "2023-12-22 }",
        "2023-12-22, not_covered: [ { from: 2023-12-22, to: 2023-12-31, reason: COVERAGE_NOT_STARTED } ] }",
    )]);
    assert_eq!(paid(&settle(&policy, &begun).unwrap()), [3200, 900]);
}

#[test]
fn a_case_says_on_which_days_its_lines_were_charged_where_some_are_not_covered() {
    let out = "2023-12-22, not_covered: [ { from: 2024-01-01, to: 2024-01-10, reason: COVERAGE_ENDED } ] }";
    let policy = policy();
    let refused = |changes: &[(&str, &str)]| settle(&policy, &case(changes)).unwrap_err().to_string();
    let undated = refused(&[("2023-12-22 }", out), (", date: 2024-01-02", "")]);
    assert!(undated.starts_with("lines[1].day"), "{undated}");
    let whole = out.replace("2024-01-01", "2023-12-22");
    assert!(refused(&[("2023-12-22 }", &whole)]).starts_with("visit.not_covered"));
    assert!(refused(&[("2024-01-02", "2024-01-11")]).starts_with("lines[1].day"));
}

#[test]
fn a_stay_that_claims_nothing_counts_as_none() {
    let policy = policy();
    let second = |first: &Case| -> (Vec<(String, i64)>, String) {
        let outcome = settle(&policy, first).unwrap();
        let mut next = case(&[
            ("2024-01-10", "2024-02-10"),
            ("2023-12-22", "2024-02-01"),
            ("2023-12-30", "2024-02-02"),
            ("2024-01-02", "2024-02-02"),
        ]);
        for change in &outcome.changes {
            let year = next.accumulated.entry(change.policy_year).or_default();
            year.insert(change.accumulator.to_string(), change.added);
        }
        let charged = settle(&policy, &next).unwrap().layers[0].charged();
        (stays(&outcome), charged.normalize().to_string())
    };
    let in_2024 = |amount: &str, class: &str| {
        let line = format!("{{ amount: {amount}, class: {class}, date: 2024-01-02 }}");
        case(&[
            ("2023-12-22", "2024-01-01"),
            ("\n  - { amount: 3000, class: 甲, date: 2023-12-30 }", ""),
            ("{ amount: 5000, class: 甲, date: 2024-01-02 }", &line),
        ])
    };
    let one = vec![("2024-01-01".to_owned(), 1)];
    assert_eq!(second(&in_2024("0", "甲")), (Vec::new(), "100000".to_owned()), "0 yuan");
    assert_eq!(second(&in_2024("800", "丙")), (Vec::new(), "100000".to_owned()), "nothing in scope");
    // Below the deductible: the fund was claimed, and the person paid the first deductible as far as it went.
    assert_eq!(second(&in_2024("800", "甲")), (one.clone(), "50000".to_owned()));
    assert_eq!(second(&in_2024("8000", "甲")), (one.clone(), "50000".to_owned()));
    // As it was settled before: such a case replays as it was.
    let before = Case { counted: yizhan_policy::case::Counted::Every, ..in_2024("0", "甲") };
    assert_eq!(second(&before), (one, "50000".to_owned()));
}

#[test]
fn a_case_recorded_before_days_were_is_read_and_written_as_it_was() {
    let recorded = case(&[(", date: 2023-12-30", ""), (", date: 2024-01-02", "")]);
    let recorded = Case { counted: yizhan_policy::case::Counted::Every, ..recorded };
    let json = serde_json::to_string(&recorded).unwrap();
    assert!(
        !json.contains("\"day\"") && !json.contains("not_covered") && !json.contains("counted"),
        "{json}"
    );
    assert_eq!(serde_json::from_str::<Case>(&json).unwrap(), recorded);
}

#[test]
fn bounds_of_visits_are_dated_and_by_care_and_say_what_is_not_known() {
    let document = POLICY.replace(
        "accumulators:",
        "visits:
  - to: 2023-12-31
    source: paper
    rows: [ { settle_within_days: 90, status: discharge } ]
  - from: 2024-01-01
    source: paper
    rows:
      - { when: { care: [inpatient] }, stay_days: 180, scheme: refused }
      - { when: { care: [chronic] }, unknown: 没有公布 }
accumulators:",
    );
    let policy = load("days.yaml", &document).unwrap();
    let on = |care, day: &str| visit_rules(&policy, care, Tier::Third, day.parse().unwrap());
    let usual = VisitRules::default();
    let old = VisitRules { settle_within_days: 90, status: InStay::Discharge, ..usual };
    assert_eq!(on(Care::Inpatient, "2023-12-31").unwrap(), old);
    let new = VisitRules { stay_days: 180, scheme: InStay::Refused, ..usual };
    assert_eq!(on(Care::Inpatient, "2024-01-01").unwrap(), new);
    assert_eq!(on(Care::Outpatient, "2024-01-01").unwrap(), usual);
    assert!(on(Care::Chronic, "2024-01-01").unwrap_err().to_string().contains("没有公布"));
    let told = yizhan_policy::explain(&policy);
    assert!(told.contains("住院最长 180 天") && told.contains("险种变更须分段结算"), "{told}");

    let wrong = document.replace("{ care: [inpatient] }", "{ status: [retired] }").replace("180", "0");
    let problems = load("days.yaml", &wrong).unwrap_err().to_string();
    assert!(
        problems.contains("`status` cannot be asked here") && problems.contains("from 1 to 3653"),
        "{problems}"
    );
}
