//! Quantities of a base: what is left of the in-scope cost, what was paid elsewhere, the smaller of two, cost above a payment limit.

use yizhan_policy::explain_outcome;

use crate::{at, basic, critical, document, outcome, paid, policy, problems, says, stay};

const BILL: &str = "{ amount: 10000, class: 甲 }, { amount: 2000, class: 丙 }";

#[test]
fn a_later_layer_over_what_is_left_in_scope_pays_nothing_twice() {
    let layers = basic(&format!("base: [ {{ add: in_scope }} ], {}", at("70%")))
        + &critical(&format!("base: [ {{ add: in_scope_left }} ], {}", at("60%")));
    let policy = policy(&document("", &layers));
    // 10000 in scope: 7000, and 60 % of the 3000 that are left. The 2000 of 丙类 are none of it.
    assert_eq!(paid(&policy, &stay(BILL, "")), ["7000.00", "1800.00"]);
    says(&policy, "计算基数：前面各层支付后剩余的范围内金额（不低于 0）");
}

#[test]
fn a_layer_over_other_parts_of_the_bill_leaves_the_in_scope_cost_whole() {
    let layers = basic(&format!("base: [ {{ add: full_self }} ], {}", at("50%")))
        + &critical(&format!("base: [ {{ add: in_scope_left }} ], {}", at("60%")));
    // 1000 of the 2000 outside the catalogue; then 60 % of all 10000.
    assert_eq!(paid(&policy(&document("", &layers)), &stay(BILL, "")), ["1000.00", "6000.00"]);
}

#[test]
fn what_was_paid_elsewhere_is_no_fund_s_payment_and_nobody_pays_it_once_more() {
    let layers = basic(&format!("base: [ {{ add: in_scope }} ], {}", at("70%")))
        + &critical(&format!(
            "base: [ {{ add: in_scope_left }}, {{ less: paid_elsewhere }} ], {}",
            at("60%")
        ));
    let policy = policy(&document("", &layers));
    let case = stay(BILL, "paid_elsewhere: [ { by: 惠民保, amount: 1000 } ]\naccount: { own: 5000 }");
    assert_eq!(paid(&policy, &case), ["7000.00", "1200.00"], "60 % of 3000 less 1000");
    let outcome = outcome(&policy, &case);
    let amounts = [outcome.fund_pay_fen, outcome.person_fen, outcome.paid_elsewhere_fen];
    assert_eq!(amounts.map(|fen| fen.to_string()), ["8200.00", "3800.00", "1000.00"]);
    // Of 3800 the account may not pay the 2000 of 丙类, nor what was paid elsewhere.
    assert_eq!((outcome.account_own_fen.0, outcome.cash_fen.0), (80_000, 300_000));
    assert_eq!(outcome.layers[0].before_fen.0, 1_100_000, "of 12000, 1000 are paid");
    assert!(yizhan_policy::identities::Amounts::of(&outcome).broken().is_empty());
    let words = explain_outcome(&policy, &outcome);
    assert!(words.contains("减平台外已付"), "{words}");
    assert!(words.contains("  其中平台外已付") && words.contains("\n      惠民保 "), "{words}");
}

#[test]
fn what_was_paid_elsewhere_of_lines_counts_where_lines_are_chosen() {
    let layers = basic(&format!(
        "base: [ {{ add: in_scope, lines: {{ label: [特药] }} }}, {{ less: paid_elsewhere, lines: {{ label: [特药] }} }} ], {}",
        at("50%")
    ));
    let policy = policy(&document("", &layers));
    let lines = "{ amount: 8000, class: 甲, label: [特药], paid_elsewhere: 3000 }, { amount: 500, class: 甲, paid_elsewhere: 100 }";
    // Half of 8000 less 3000; the 100 are of another line.
    assert_eq!(paid(&policy, &stay(lines, "")), ["2500.00"]);
    assert_eq!(outcome(&policy, &stay(lines, "")).paid_elsewhere_fen.0, 310_000);
}

#[test]
fn no_layer_pays_more_than_was_left_by_who_paid_elsewhere() {
    let layers = basic(&format!("base: [ {{ add: in_scope }} ], {}", at("90%")));
    let case = stay("{ amount: 1000, class: 甲 }", "paid_elsewhere: [ { by: 大病, amount: 400 } ]");
    assert_eq!(paid(&policy(&document("", &layers)), &case), ["600.00"]);
    let mut wrong = case;
    wrong.paid_elsewhere[0].paid_fen.0 = 100_001;
    let policy = policy(&document("", &layers));
    let refusal = yizhan_policy::settle(&policy, &wrong).unwrap_err();
    assert!(refusal.to_string().contains("paid_elsewhere[0]"), "{refusal}");
}

#[test]
fn the_smaller_of_two_quantities() {
    let layers = basic(&format!(
        "base: [ {{ add: in_scope, at_most: {{ part: 25%, of: total }} }}, {{ add: full_self, times: 50%, at_most: {{ of: in_scope }} }} ], {}",
        at("100%")
    ));
    let policy = policy(&document("", &layers));
    // A quarter of 12000, and half of 2000, which is less than 10000.
    assert_eq!(paid(&policy, &stay(BILL, "")), ["4000.00"]);
    says(&policy, "符合政策范围金额（不超过医疗费总额的 25%） + 全自费（不超过符合政策范围金额） × 50%");
    let forward = basic(&format!("base: [ {{ add: total, at_most: {{ of: paid.basic }} }} ], {}", at("1%")));
    problems(&document("", &forward), &[("ForwardReference", "has not paid yet")]);
}

#[test]
fn the_cost_above_a_payment_limit_goes_on_to_the_next_payer() {
    let scale = "scale: { cut_on: net, bands: { source: paper, rows: [ { bands: [ { upto: 4000, ratio: 80% }, { ratio: 90% } ] } ] } }";
    let limited = "deductible: { per: visit, amount: { source: paper, rows: [ { amount: 1000 } ] } }, \
                   cap: { amount: { source: paper, rows: [ { amount: 5000 } ] } }";
    let layers = basic(&format!("base: [ {{ add: in_scope }} ], {limited}, {scale}"))
        + &critical(&format!("base: [ {{ add: over_cap_cost.basic }} ], {}", at("50%")));
    let policy = policy(&document("", &layers));
    // 9000 above the deductible would be given 3200 + 4500. 5000 are reached with 4000 + 2000 of it: 3000 lie above.
    assert_eq!(paid(&policy, &stay(BILL, "")), ["5000.00", "1500.00"]);
    says(&policy, "「统筹」的超支付限额的费用");
    // Within the limit nothing lies above: 3000 above the deductible are given 2400.
    assert_eq!(paid(&policy, &stay("{ amount: 4000, class: 甲 }", "")), ["2400.00", "0.00"]);
    // 5000 / 0.9 does not come out even: 6000 above the deductible are given 3200 + 1800, 6001 one yuan more than 5000.90.
    assert_eq!(paid(&policy, &stay("{ amount: 7001, class: 甲 }", "")), ["5000.00", "0.50"]);
}

#[test]
fn a_cost_limit_that_counts_above_the_deductible() {
    let head = "accumulators: { entered: { label: 年度费用, unit: fen } }";
    let said = |counts: &str, fed: &str| {
        let more = format!(
            "base: [ {{ add: in_scope }} ], cost_cap: {{ amount: {{ source: paper, rows: [ {{ amount: 6000 }} ] }}, used: entered{counts} }}, \
             deductible: {{ per: visit, amount: {{ source: paper, rows: [ {{ amount: 1000 }} ] }} }}, {}, feeds: {{ entered: {fed} }}",
            at("80%")
        );
        document(head, &basic(&more))
    };
    // The limit on all that enters: 6000, of which 1000 are the deductible.
    assert_eq!(paid(&policy(&said("", "base")), &stay(BILL, "")), ["4000.00"]);
    let net = policy(&said(", counts: net", "net"));
    assert_eq!(paid(&net, &stay(BILL, "")), ["4800.00"], "6000 above the deductible");
    let before = "accumulated: { 2024-01-01: { yuan: { entered: 5500 } } }";
    assert_eq!(paid(&net, &stay(BILL, before)), ["400.00"], "500 are open");
    says(&net, "起付线以上费用限额（每年度，累计于「年度费用」）");
    problems(&said(", counts: net", "base"), &[("ConflictingKeys", "is fed `base`")]);
    problems(&said("", "net"), &[("ConflictingKeys", "the other `counts`")]);
    let bare = basic(&format!(
        "base: [ {{ add: in_scope }} ], cost_cap: {{ amount: {{ source: paper, rows: [ {{ amount: 1 }} ] }}, counts: net }}, {}",
        at("1%")
    ));
    problems(&document("", &bare), &[("MissingKey", "a `deductible`, which is missing")]);
}
