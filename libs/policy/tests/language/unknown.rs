//! What a paper does not say: a single band, per visit or per year; how far a refused case came. And the short form of a table.

use yizhan_documents::Kind;
use yizhan_policy::load::load_case;
use yizhan_policy::model::{Per, Table};
use yizhan_policy::{explain_stopped, findings, settle, settle_as_far};

use crate::{at, basic, critical, document, paid, policy, problems, says, stay};

fn refused(text: &str, lines: &str) -> String {
    settle(&policy(text), &stay(lines, "")).expect_err("it needs what is not known").to_string()
}

#[test]
fn a_band_that_is_not_published_refuses_whom_it_reaches() {
    let scale = "scale: { cut_on: net, bands: { source: paper, rows: [ { bands: [ { upto: 5000, ratio: 80% }, { unknown: 缺页 } ] } ] } }";
    let text = document("", &basic(&format!("base: [ {{ add: in_scope }} ], {scale}")));
    assert_eq!(paid(&policy(&text), &stay("{ amount: 5000, class: 甲 }", "")), ["4000.00"], "to its edge");
    let message = refused(&text, "{ amount: 5000.01, class: 甲 }");
    assert!(
        message.contains("layers.basic.scale.bands, line 10: the value is not published: 缺页"),
        "{message}"
    );
    says(&policy(&text), "0–5000 元 80%；5000 元以上 未公布（缺页）");
    problems(
        &text.replace("{ unknown: 缺页 }", "{ ratio: 1%, unknown: 缺页 }"),
        &[("ConflictingKeys", "exclude each other")],
    );
}

#[test]
fn who_does_not_know_whether_per_visit_or_per_year_charges_neither() {
    let text = |amount: &str| {
        let deductible = format!(
            "deductible: {{ per: {{ unknown: 文件没有写 }}, amount: {{ source: paper, amount: {amount} }} }}"
        );
        document("", &basic(&format!("base: [ {{ add: in_scope }} ], {deductible}, {}", at("80%"))))
    };
    let message = refused(&text("500"), "{ amount: 5000, class: 甲 }");
    assert!(message.contains("layers.basic.deductible.per, line 10"), "{message}");
    assert_eq!(
        paid(&policy(&text("0")), &stay("{ amount: 5000, class: 甲 }", "")),
        ["4000.00"],
        "of none there is nothing to ask"
    );
    says(&policy(&text("500")), "起付线（每次还是每年度未公布（文件没有写），要扣的不予结算）");
}

const YEAR: &str = "accumulators: { used: { label: 年度支付, unit: fen } }";
const UNSAID: &str = "per: { unknown: 文件没有写 }";

/// 80 % up to 1,000 yuan, of which nobody knows whether they are of a visit or a year; with the total of the year, or without.
fn capped(year: bool) -> String {
    let used = if year { ", used: used }, feeds: { used: paid" } else { "" };
    let cap = format!("cap: {{ {UNSAID}, amount: {{ source: paper, amount: 1000 }}{used} }}");
    let head = if year { YEAR } else { "" };
    document(head, &basic(&format!("base: [ {{ add: in_scope }} ], {}, {cap}", at("80%"))))
}

#[test]
fn a_limit_per_visit_or_per_year_pays_what_comes_out_alike() {
    let limit = policy(&capped(true));
    let bill = |yuan: &str| format!("{{ amount: {yuan}, class: 甲 }}");
    let before = |yuan: &str| format!("accumulated: {{ 2024-01-01: {{ yuan: {{ used: {yuan} }} }} }}");
    // Nothing used of it yet: whole under each reading, and no more than it. With 400 used: up to 600 alike, to the fen.
    for (yuan, used, pays) in
        [("1000", "0", "800.00"), ("5000", "0", "1000.00"), ("750", "400", "600.00"), ("0", "1000", "0.00")]
    {
        let case = stay(&format!("{}, {{ amount: 1, class: 丙 }}", bill(yuan)), &before(used));
        assert_eq!(paid(&limit, &case), [pays], "{yuan} after {used}");
    }
    for (yuan, used) in [("750.02", "400"), ("1", "1000"), ("5000", "0.01")] {
        let refusal = settle(&limit, &stay(&bill(yuan), &before(used))).expect_err("600 or 600.02");
        assert_eq!(refusal.reason().code(), "POLICY_VALUE_UNKNOWN");
        let told = "layers.basic.cap.per, line 10: the value is not published: 文件没有写";
        assert!(refusal.to_string().contains(told), "{refusal}");
        assert_eq!(refusal.chinese(), "layers.basic.cap.per 第 10 行：未公布（文件没有写）");
    }
    says(
        &limit,
        "支付限额（每次还是每年度未公布（文件没有写），结果会因此不同的不予结算，累计于「年度支付」）：\n    全部：1000 元",
    );
    // Whose limit is lifted has no question.
    let lifted = capped(true).replace("amount: 1000 }", "amount: none }");
    assert_eq!(paid(&policy(&lifted), &stay(&bill("5000"), &before("1000"))), ["4000.00"]);
}

#[test]
fn without_the_total_of_the_year_a_limit_of_unknown_time_refuses() {
    let limit = policy(&capped(false));
    let found: Vec<_> =
        findings(&limit).into_iter().filter(|one| one.kind == Kind::EverybodyRefused).collect();
    assert_eq!(found.len(), 1);
    assert!(found[0].message.contains("name with `used`") && found[0].line == 10, "{}", found[0]);
    assert!(findings(&policy(&capped(true))).iter().all(|one| one.kind != Kind::EverybodyRefused));
    assert!(settle(&limit, &stay("{ amount: 1, class: 甲 }", "")).is_err());
    assert_eq!(paid(&limit, &stay("{ amount: 1, class: 丙 }", "")), ["0.00"], "nothing to limit");
}

#[test]
fn a_cost_limit_and_days_of_unknown_time_too() {
    let cost = format!(
        "cost_cap: {{ {UNSAID}, amount: {{ source: paper, amount: 1000 }}, used: used }}, feeds: {{ used: base }}"
    );
    let cost =
        policy(&document(YEAR, &basic(&format!("base: [ {{ add: in_scope }} ], {}, {cost}", at("80%")))));
    let used = |yuan: i64| format!("accumulated: {{ 2024-01-01: {{ yuan: {{ used: {yuan} }} }} }}");
    let bill = "{ amount: 1000, class: 甲 }";
    assert_eq!(paid(&cost, &stay(bill, &used(0))), ["800.00"]);
    let refusal = settle(&cost, &stay(bill, &used(1))).expect_err("800 or 799.20").to_string();
    assert!(refusal.contains("layers.basic.cost_cap.per, line 10"), "{refusal}");
    says(&cost, "费用限额（每次还是每年度未公布（文件没有写）");

    let days = |more: &str| {
        format!(
            "  - {{ id: allowance, title: 住院津贴, payer: commercial_insurance, fund_pay_type: \"YZ0300\", when: {{ care: [inpatient] }}, \
             per_day: {{ count: nights, amount: {{ source: paper, amount: 100 }}, most_days: {{ source: paper, days: 12 }}{more}\n"
        )
    };
    let head = "accumulators: { used: { label: 津贴天数, unit: days } }";
    let allowance =
        policy(&document(head, &days(&format!(", {UNSAID}, used: used }}, feeds: {{ used: days }} }}"))));
    let used = |days: i64| format!("accumulated: {{ 2024-01-01: {{ days: {{ used: {days} }} }} }}");
    assert_eq!(paid(&allowance, &stay(bill, &used(3))), ["900.00"], "nine nights and three are twelve");
    let refusal = settle(&allowance, &stay(bill, &used(4))).expect_err("nine or eight").to_string();
    assert!(refusal.contains("layers.allowance.per_day.per, line 10"), "{refusal}");
    says(&allowance, "给付天数上限（每次还是每年度未公布（文件没有写）");
    assert!(settle(&policy(&document("", &days(&format!(", {UNSAID} }} }}")))), &stay(bill, "")).is_err());
    assert_eq!(paid(&policy(&document("", &days(", per: visit } }"))), &stay(bill, "")), ["900.00"]);
    problems(&document("", &days(", per: year } }")), &[("UsedMissing", "`used` is missing")]);
    let of_none = days(" } }").replace(", most_days: { source: paper, days: 12 }", ", per: visit");
    problems(&document("", &of_none), &[("MissingKey", "`per` is of `most_days`")]);
}

/// Of a stay split by days no part knows how much of a limit of the visit the other one used: it is asked like the year's.
#[test]
fn the_parts_of_a_split_stay_ask_what_the_visit_used() {
    let split =
        policy(&capped(true).replace("scheme: \"310\"", "scheme: \"310\"\nacross_years: split_by_days"));
    let case = |yuan: i64| {
        let text = format!(
            "area: \"430200\"\nscheme: \"310\"\nperson: {{ status: in_service, age: 40 }}\n\
             visit: {{ care: inpatient, level: third, admitted: 2023-12-22, date: 2024-01-10 }}\nlines: [ {{ amount: {yuan}, class: 甲 }} ]\n"
        );
        load_case("case.yaml", &text).unwrap()
    };
    assert_eq!(paid(&split, &case(1_000)), ["400.00", "400.00"], "800 together, within each reading");
    assert!(settle(&split, &case(1_500)).is_err(), "600 in each year: 1,200 of two years, 1,000 of a visit");
}

#[test]
fn what_the_loader_asks_of_a_limit_of_unknown_time() {
    let with = |per: &str| capped(true).replace(UNSAID, per);
    problems(&with("per: unknown"), &[("WrongType", "`unknown` says why")]);
    problems(&with("per: { unknown: 1 }"), &[("WrongType", "text")]);
    problems(&with(&format!("{UNSAID}, carry: quarter")), &[("ConflictingKeys", "`per: month`")]);
    let raised = capped(true)
        .replace("basic, fund_pay_type: \"310100\"", "critical_illness, fund_pay_type: \"330100\"");
    let raised = raised.replace(UNSAID, &format!("{UNSAID}, plus: continuity"));
    problems(&raised, &[("ConflictingKeys", "`per: year`")]);
    let by_month = capped(true).replace("unit: fen }", "unit: fen, per: month }");
    let used = "accumulated: { 2024-01-01: { yuan: { used/2024-03: 1000 } } }";
    assert!(
        settle(&policy(&by_month), &stay("{ amount: 1, class: 甲 }", used)).is_err(),
        "all months of the year"
    );
}

#[test]
fn a_refused_case_shows_the_layers_before() {
    let layers = basic(&format!("base: [ {{ add: in_scope }} ], {}", at("70%")))
        + &critical(
            "base: [ { add: in_scope_left } ], scale: { cut_on: net, bands: { source: paper, unknown: 没有查到 } }",
        );
    let (policy, case) = (policy(&document("", &layers)), stay("{ amount: 1000, class: 甲 }", ""));
    let stopped = settle_as_far(&policy, &case).unwrap_err();
    let paid: Vec<_> = stopped.layers.iter().map(|layer| (layer.layer, layer.paid_fen.0)).collect();
    assert_eq!(paid, [("basic", 70_000)]);
    let words = explain_stopped(&policy, &stopped);
    assert!(words.contains("支付                              700.00"), "{words}");
    assert!(
        words.contains("※ 未能结算") && words.contains("第 2 层 大额：") && words.contains("没有查到"),
        "{words}"
    );
}

#[test]
fn a_table_of_one_row_is_written_short() {
    let per_visit = |table: &str| {
        let deductible = format!("deductible: {{ per: visit, amount: {table} }}");
        document("", &basic(&format!("base: [ {{ add: in_scope }} ], {deductible}, {}", at("80%"))))
    };
    let (short, long) = (
        policy(&per_visit("{ source: paper, amount: 500 }")),
        policy(&per_visit("{ source: paper, rows: [ { amount: 500 } ] }")),
    );
    assert_eq!(short.layers, long.layers);
    let dated = policy(&per_visit(
        "[ { to: 2022-12-31, source: paper, amount: 500 }, { from: 2023-01-01, source: paper, part: 10%, of: total } ]",
    ));
    let amount: &Table<_> = &dated.layers[0].deductible.as_ref().unwrap().amount;
    assert_eq!(amount.versions.len(), 2);
    assert_eq!(dated.layers[0].deductible.as_ref().unwrap().per, yizhan_documents::Known::Value(Per::Visit));
    problems(
        &per_visit("{ source: paper, amount: 1, rows: [ { amount: 2 } ] }"),
        &[("ConflictingKeys", "`rows` and `amount`")],
    );
    problems(
        &per_visit("{ amount: 1 }"),
        &[("MissingKey", "where the value was published"), ("UnusedSource", "paper")][..1],
    );
    problems(&per_visit("{ source: paper }"), &[("MissingKey", "`rows` is missing")]);
}

#[test]
fn a_layer_names_the_source_of_its_tables_once() {
    let head = "accumulators: { used: { label: 已用, unit: fen } }";
    let document = |source: &str, [deductible, bands, factor, cap]: [&str; 4]| {
        let more = format!(
            "{source}base: [ {{ add: in_scope }} ], deductible: {{ per: visit, amount: {deductible} }}, scale: {{ cut_on: net, bands: {bands} }}, \
             adjust: [ {{ factor: {factor} }} ], cap: {{ per: year, amount: {cap}, used: used }}, feeds: {{ used: paid }}"
        );
        document(head, &basic(&more))
            .replace("quality: G }", "quality: G }, other: { title: 另一份, quality: R }")
    };
    let rows = "{ when: { level: [third] }, amount: 800 }, { otherwise: true, amount: 500, source: other }";
    let long = [
        &format!("{{ source: paper, rows: [ {rows} ] }}"),
        "{ source: paper, ratio: 80% }",
        "[ { to: 2022-12-31, source: paper, ratio: 90% }, { from: 2023-01-01, source: other, ratio: 95% } ]",
        "{ source: paper, amount: none }",
    ];
    let short = [
        &format!("[ {rows} ]"),
        "80%",
        "[ { to: 2022-12-31, ratio: 90% }, { from: 2023-01-01, source: other, ratio: 95% } ]",
        "none",
    ];
    let said = policy(&document("source: paper, ", short));
    assert_eq!(said.layers, policy(&document("", long)).layers);
    // What is no value is told as such, in its place; without a source around them tables are written out.
    problems(&document("", [long[0], "80%", long[2], long[3]]), &[("WrongType", "a mapping is needed here")]);
    let wrong =
        |short: [&str; 4], expected: &[(&str, &str)]| problems(&document("source: paper, ", short), expected);
    wrong([short[0], "0.8", short[2], short[3]], &[("RatioNotPercent", "write it as 80%")]);
    wrong([short[0], "45%–75%", short[2], short[3]], &[("InvalidValue", "is a range, not one value")]);
    wrong(["200–500", short[1], short[2], short[3]], &[("InvalidValue", "is a range")]);
    wrong(
        [
            "[ { when: { level: [third] }, amount: 1 }, { when: { level: [third] }, amount: 2, source: other } ]",
            short[1],
            short[2],
            short[3],
        ],
        &[("OverlappingRows", "equal rank")],
    );
    let nowhere = document("source: papr, ", short);
    problems(&nowhere, &[("UnusedSource", "paper"), ("UnknownSource", "did you mean `paper`?")]);
}

#[test]
fn a_product_for_several_schemes_or_any() {
    use yizhan_policy::{find, together};
    use yizhan_terms::Insutype;
    let text = document("", &basic(&format!("base: [ {{ add: in_scope }} ], {}", at("80%"))));
    let both = policy(&text.replace("scheme: \"310\"", "schemes: [\"310\", \"390\"]"));
    assert_eq!(
        (both.schemes.as_slice(), both.only_scheme()),
        ([Insutype::Employee, Insutype::Resident].as_slice(), None)
    );
    says(&both, "险种 310 职工基本医疗保险、390 城乡居民基本医疗保险");
    let any = policy(&text.replace("scheme: \"310\"", "scheme: any"));
    assert_eq!(any.schemes, Insutype::SETTLED);
    let book = together(vec![both.clone()]).unwrap();
    let day = "2024-05-01".parse().unwrap();
    for scheme in [Insutype::Employee, Insutype::Resident] {
        assert_eq!(find(&book, both.areas[0], scheme, day).unwrap().id, "said");
    }
    assert!(find(&book, both.areas[0], Insutype::VeteranCadre, day).is_err());
    let residents =
        policy(&text.replace("scheme: \"310\"", "scheme: \"390\"").replace("policy: said", "policy: other"));
    assert!(together(vec![both, residents]).is_err(), "both are the policy of 390");
    problems(
        &text.replace("scheme: \"310\"", "scheme: any\nschemes: [\"310\"]"),
        &[("ConflictingKeys", "exclude")],
    );
}

#[test]
fn what_a_treasury_pays_is_a_share_of_its_own() {
    let layer = "  - { id: aid, title: 财政兜底, payer: fiscal_subsidy, fund_pay_type: \"YZ0400\", base: [ { add: remaining } ], SCALE }\n";
    let policy = policy(&document("", &layer.replace("SCALE", &at("50%"))));
    assert_eq!(paid(&policy, &stay("{ amount: 1000, class: 甲 }", "")), ["500.00"]);
    says(&policy, "支付方：财政补助，基金 YZ0400");
}
