//! What is paid by the day (住院津贴), by the operation, and by kind of item; and 先行自付 by what kind of item it is.

use yizhan_policy::explain_outcome;

use crate::{at, basic, document, outcome, paid, policy, problems, says, stay};

const DAYS: &str = "accumulators: { days: { label: 津贴天数, unit: days } }";

fn allowance(per_day: &str, feeds: &str) -> String {
    format!(
        "  - {{ id: allowance, title: 住院津贴, payer: commercial_insurance, fund_pay_type: \"YZ0300\", when: {{ care: [inpatient] }}, per_day: {{ {per_day} }}{feeds} }}\n"
    )
}

const BILL: &str = "{ amount: 1000, class: 甲 }";

#[test]
fn an_allowance_for_each_day_from_a_day_on() {
    let paid = |per_day: &str| paid(&policy(&document("", &allowance(per_day, ""))), &stay(BILL, ""));
    // 1 to 10 May: nine nights, ten days.
    assert_eq!(paid("count: nights, amount: { source: paper, amount: 100 }"), ["900.00"]);
    assert_eq!(paid("count: days, amount: { source: paper, amount: 100 }"), ["1000.00"]);
    assert_eq!(
        paid("count: nights, from_day: 4, amount: { source: paper, amount: 100 }"),
        ["600.00"],
        "4 to 9 May"
    );
    assert_eq!(paid("count: nights, from_day: 10, amount: { source: paper, amount: 100 }"), ["0.00"]);
    let most = "count: nights, from_day: 4, amount: { source: paper, amount: 100 }, most_days: { source: paper, days: 5 }";
    assert_eq!(paid(most), ["500.00"], "five days of a stay at most");
}

#[test]
fn most_days_of_a_year() {
    let per_day = "count: nights, from_day: 4, amount: { source: paper, amount: 100 }, most_days: { source: paper, days: 90 }, used: days";
    let policy = policy(&document(DAYS, &allowance(per_day, ", feeds: { days: days }")));
    let case = stay(BILL, "accumulated: { 2024-01-01: { days: { days: 88 } } }");
    let outcome = outcome(&policy, &case);
    assert_eq!(
        (outcome.beside_bill_fen.0, outcome.fund_pay_fen.0, outcome.person_fen.0),
        (20_000, 0, 100_000)
    );
    assert_eq!((outcome.changes[0].before, outcome.changes[0].added), (88, 2), "90 days are reached");
    says(&policy, "住院津贴每天（付给本人，不计入费用分担；入院日计、出院日不计，自第 4 天起）：");
    says(&policy, "给付天数上限（每年度，累计于「津贴天数」）：\n    全部：90 天");
    let words = explain_outcome(&policy, &outcome);
    assert!(words.contains("2 天 × 100.00（共 9 天）") && words.contains("88 天 → 90 天"), "{words}");
}

#[test]
fn what_the_loader_asks_of_days_and_items() {
    let everywhere = allowance("count: nights, amount: { source: paper, amount: 1 }", "")
        .replace(", when: { care: [inpatient] }", "");
    problems(&document("", &everywhere), &[("MissingKey", "`per_day` is for stays")]);
    let with_base =
        allowance("count: nights, amount: { source: paper, amount: 1 }", ", base: [ { add: total } ]");
    problems(&document("", &with_base), &[("ConflictingKeys", "`per_day` and `base`")]);
    let uncounted = allowance("amount: { source: paper, amount: 1 }", "");
    problems(&document("", &uncounted), &[("MissingKey", "`count` is missing")]);
    let days_of_a_scale =
        basic(&format!("base: [ {{ add: total }} ], {}, feeds: {{ days: days }}", at("1%")));
    let used = allowance(
        "count: days, amount: { source: paper, amount: 1 }, most_days: { source: paper, days: 9 }, used: days",
        "",
    );
    problems(&document(DAYS, &(days_of_a_scale + &used)), &[("ConflictingKeys", "this layer pays no days")]);
    let unlimited = allowance("", "").replace(
        "per_day: {  }",
        "per_item: { lines: { label: [手术] }, amount: { source: paper, amount: 1 } }",
    );
    problems(&document("", &unlimited), &[("LumpSumUnbounded", "how many items of the year")]);
}

#[test]
fn a_sum_for_each_operation_with_a_limit_of_the_year() {
    let layer = allowance(
        "",
        ", cap: { amount: { source: paper, amount: 3000 }, used: operations }, feeds: { operations: paid }",
    )
    .replace(
        "per_day: {  }",
        "per_item: { lines: { label: [手术] }, amount: { source: paper, amount: 800 } }",
    );
    let policy = policy(&document("accumulators: { operations: { label: 手术给付, unit: fen } }", &layer));
    let lines = "{ amount: 2000, class: 甲, quantity: 2, price: 1000, label: [手术] }, { amount: 500, class: 丙, label: [手术] }, { amount: 9, class: 甲 }";
    assert_eq!(paid(&policy, &stay(lines, "")), ["2400.00"], "three operations");
    let before = "accumulated: { 2024-01-01: { yuan: { operations: 1000 } } }";
    assert_eq!(paid(&policy, &stay(lines, before)), ["2000.00"]);
    says(&policy, "每项定额给付（付给本人，不计入费用分担；计标记 手术的明细数量）：\n    全部：800 元");
}

const BY_KIND: &str = "scale: { by_item: { source: paper, rows: [ { when: { list_type: [\"101\"] }, ratio: 70% }, { when: { list_type: [\"201\", \"301\"] }, ratio: 50% } ] } }";

#[test]
fn a_ratio_for_each_kind_of_item_under_one_deductible() {
    let deductible = "deductible: { per: visit, amount: { source: paper, amount: 1000 } }";
    let policy =
        policy(&document("", &basic(&format!("base: [ {{ add: in_scope }} ], {deductible}, {BY_KIND}"))));
    let lines =
        "{ amount: 3000, class: 甲, list_type: \"101\" }, { amount: 2000, class: 甲, list_type: \"201\" }";
    // Of 4000 above the deductible three fifths are drugs: 2400 at 70 %, 1600 at 50 %.
    assert_eq!(paid(&policy, &stay(lines, "")), ["2480.00"]);
    let case = stay(lines, "");
    let bands: Vec<i64> = outcome(&policy, &case).layers[0]
        .bands
        .iter()
        .map(|band| i64::try_from(band.amount_fen).unwrap())
        .collect();
    assert_eq!(bands, [168_000, 80_000]);
    // 1000.01 / 3 is spread to the fen: 333.34 and the rest of 666.67, of a bill of 2000.01.
    let uneven = "{ amount: 666.67, class: 甲, list_type: \"101\" }, { amount: 1333.34, class: 甲, list_type: \"201\" }";
    assert_eq!(paid(&policy, &stay(uneven, "")), ["566.67"], "333.34 × 70 % + 666.67 × 50 %, half up");
    says(&policy, "支付比例（按明细类别，扣除起付线后的净额按各类费用分摊）：\n    目录类别 101：70% ");
    let refusal =
        yizhan_policy::settle(&policy, &stay("{ amount: 5000, class: 甲 }", "")).map(|_| ()).unwrap_err();
    assert!(refusal.to_string().contains("no row of layers.basic.scale.by_item"), "{refusal}");
}

#[test]
fn what_the_loader_asks_of_a_ratio_by_item() {
    let left = basic(&format!("base: [ {{ add: remaining }} ], {BY_KIND}"));
    problems(&document("", &left), &[("NotAPart", "the base adds parts of the bill only")]);
    let both = basic(&format!(
        "base: [ {{ add: total }} ], {}",
        BY_KIND.replace("scale: {", "scale: { cut_on: net,")
    ));
    problems(&document("", &both), &[("ConflictingKeys", "`by_item` and `cut_on`")]);
    let bands =
        "scale: { cut_on: net, bands: { source: paper, rows: [ { when: { label: [特药] }, ratio: 1% } ] } }";
    let elsewhere = basic(&format!("base: [ {{ add: total }} ], {bands}"));
    problems(&document("", &elsewhere), &[("UnknownKey", "label")]);
}

#[test]
fn paid_first_by_label_and_list_type() {
    let head = "class_prepay: { source: paper, rows: [ { when: { class: [\"02\"] }, ratio: 10% }, { when: { class: [\"02\"], list_type: [\"301\"] }, rank: 1, ratio: 20% }, \
                { when: { label: [国谈药] }, rank: 2, ratio: 15% } ] }";
    let policy = policy(&document(head, &basic(&format!("base: [ {{ add: in_scope }} ], {}", at("100%")))));
    let lines = "{ amount: 1000, class: 乙, list_type: \"101\" }, { amount: 1000, class: 乙, list_type: \"301\" }, { amount: 1000, class: 乙, label: [国谈药] }";
    assert_eq!(paid(&policy, &stay(lines, "")), ["2550.00"], "900, 800 and 850");
    says(&policy, "标记 国谈药（优先级 2）：15% ");
}
