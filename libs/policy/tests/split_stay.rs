//! A stay split by days over two policy years: what is meant per visit holds for both parts
//! together. Counted by hand; the properties check the same at random.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use rust_decimal::Decimal;
use yizhan_money::Fen;
use yizhan_policy::{load, load::load_case, settle};

const POLICY: &str = r#"
policy: split
version: "1"
title: 跨年分段
areas: ["430200"]
scheme: "310"
from: 2022-01-01
across_years: split_by_days
sources:
  made_up: { title: 假设, quality: P }
accumulators:
  diagnosis_paid: { label: 确诊给付年度累计, unit: fen }
layers:
  - id: fixed
    title: 每次 800，限额 3000
    payer: basic
    fund_pay_type: "310100"
    base: [ { add: in_scope } ]
    deductible: { per: visit, amount: { source: made_up, rows: [ { amount: 800 } ] } }
    scale: { cut_on: net, bands: { source: made_up, rows: [ { ratio: 50% } ] } }
    cap: { per: visit, amount: { source: made_up, rows: [ { amount: 3000 } ] } }
  - id: part
    title: 总额的 10%，费用限额 7000
    payer: medical_assistance
    fund_pay_type: "610100"
    base: [ { add: in_scope } ]
    cost_cap: { per: visit, amount: { source: made_up, rows: [ { amount: 7000 } ] } }
    deductible: { per: visit, amount: { source: made_up, rows: [ { part: 10%, of: total } ] } }
    scale: { cut_on: net, bands: { source: made_up, rows: [ { ratio: 20% } ] } }
  - id: diagnosis
    title: 确诊给付
    payer: commercial_insurance
    fund_pay_type: "YZ0300"
    lump_sum: { source: made_up, rows: [ { amount: 1000 } ] }
    cap: { per: year, amount: { source: made_up, rows: [ { amount: 1000 } ] }, used: diagnosis_paid }
    feeds: { diagnosis_paid: paid }
"#;

/// Ten days in each year: 5000 yuan in each.
const CASE: &str = r#"
area: "430200"
scheme: "310"
person: { status: in_service, age: 40 }
visit: { care: inpatient, level: third, date: 2024-01-10, admitted: 2023-12-22 }
lines: [ { name: 甲类, amount: 10000, class: 甲 } ]
"#;

#[test]
fn what_is_per_visit_holds_for_both_parts_together() {
    let policy = load("split.yaml", POLICY).unwrap();
    let case = load_case("case.yaml", CASE).unwrap();
    let outcome = settle(&policy, &case).unwrap();
    let paid = |layer: &str| -> Vec<i64> {
        outcome
            .layers
            .iter()
            .filter(|trace| trace.layer == layer)
            .map(|trace| trace.paid_fen.0 / 100)
            .collect()
    };
    let charged = |layer: &str| -> Vec<Decimal> {
        let of_layer = outcome.layers.iter().filter(|trace| trace.layer == layer);
        of_layer.map(|trace| trace.charged() / Decimal::ONE_HUNDRED).collect()
    };
    // 800 once; half of 4200 and of 5000, but 3000 in all.
    assert_eq!(charged("fixed"), [800, 0].map(Decimal::from));
    assert_eq!(paid("fixed"), [2100, 900]);
    // 10 % of each part's 5000; a fifth of 4500, and of what the limit lets in: 2000 − 500.
    assert_eq!(charged("part"), [500, 500].map(Decimal::from));
    assert_eq!(paid("part"), [900, 300]);
    // One diagnosis, paid once, though each year has its own limit.
    assert_eq!(paid("diagnosis"), [1000, 0]);
    assert_eq!(outcome.fund_pay_fen, Fen(420_000));
}
