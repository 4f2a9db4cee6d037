//! What a paper does not say: a single band, per visit or per year; how far a refused case came. And the short form of a table.

use yizhan_policy::model::{Per, Table};
use yizhan_policy::{explain_stopped, settle, settle_as_far};

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
