//! Every warning on the smallest document, or case, that has it: nothing else is found, and nothing in the one that says it right.

use yizhan_documents::Kind::{self, *};
use yizhan_policy::load::{example_findings, load_examples_with_findings};
use yizhan_policy::model::Policy;
use yizhan_policy::{findings, load};

use crate::broken::has_chinese;

/// `HEAD` stands before the layers, `LAYERS` are what differs.
const DOCUMENT: &str = "\
policy: smallest
version: \"1\"
title: 最小
areas: [\"430200\"]
scheme: \"310\"
from: 2024-01-01
sources: { p: { title: 文件, quality: G } }
HEAD
layers:
LAYERS
";

const COVERS: &str = "covers: [inpatient]";
const FUND: &str = "  - { id: a, title: 统筹, payer: basic, fund_pay_type: \"310100\", base: [ { add: in_scope } ], scale: { cut_on: net, bands: { source: p, ratio: 80% } } }";

fn document(head: &str, layers: &str) -> String {
    DOCUMENT.replace("HEAD", head).replace("LAYERS", layers)
}

/// A layer with this beside its scale, and one of critical illness after it.
fn layer(more: &str) -> String {
    FUND.replace("scale:", &format!("{more}, scale:"))
}

fn after(base: &str) -> String {
    let later =
        FUND.replace("id: a", "id: b").replace("basic", "critical_illness").replace("310100", "330100");
    format!("{FUND}\n{}", later.replace("base: [ { add: in_scope } ]", base))
}

const USED: &str = "cap: { per: year, amount: { source: p, amount: 1万 }, used: used }";

fn left_to(identity: &str) -> String {
    format!("base: [ {{ add: in_scope_left }} ], when: {{ identity: [{identity}] }}")
}

fn limited(cap: &str) -> String {
    let deductible = "deductible: { per: visit, amount: { source: p, amount: 100 } }";
    layer(&format!("{deductible}, cap: {{ per: visit, amount: {{ source: p, amount: {cap} }} }}"))
}

/// What is found in which document, and the document in which it is not.
fn documents() -> Vec<(Kind, String, String)> {
    let of =
        |kind, head: &str, wrong: &str, right: &str| (kind, document(head, wrong), document(head, right));
    let whole = document(COVERS, FUND);
    let at = |rows: &str| FUND.replace("ratio: 80%", &format!("rows: [ {rows} ]"));
    let third = "{ when: { level: [third] }, ratio: 80% }";
    vec![
        of(
            PaidAgain,
            COVERS,
            &after("base: [ { add: in_scope } ]"),
            &after("base: [ { add: in_scope_left } ]"),
        ),
        of(
            LimitPerMissing,
            COVERS,
            &layer("cap: { amount: { source: p, amount: 1万 } }"),
            &layer("cap: { per: visit, amount: { source: p, amount: 1万 } }"),
        ),
        (
            CareNotSaid,
            document(
                "not_published: { outpatient: 无, chronic: 无, pharmacy: 无 }",
                &layer("when: { care: [inpatient] }"),
            ),
            document(
                "not_published: { outpatient: 无, chronic: 无, pharmacy: 无, maternity: 无 }",
                &layer("when: { care: [inpatient] }"),
            ),
        ),
        of(TableHole, COVERS, &at(third), &at(&format!("{third}, {{ otherwise: true, unknown: 没有写 }}"))),
        of(
            EverybodyRefused,
            COVERS,
            &layer("cap: { per: visit, amount: { source: p, unknown: 没有写 } }"),
            &layer("cap: { per: visit, amount: { source: p, amount: none } }"),
        ),
        of(LayerHole, COVERS, &layer("when: { status: [retired] }"), &layer("when: { care: [inpatient] }")),
        of(CountedTwice, COVERS, &FUND.replace("[ {", "[ { add: total }, {"), FUND),
        of(
            FeedDiffers,
            "covers: [inpatient]\naccumulators: { used: { label: 已用, unit: fen } }",
            &layer(&format!("{USED}, feeds: {{ used: base }}")),
            &layer(&format!("{USED}, feeds: {{ used: paid }}")),
        ),
        of(DoubtfulName, COVERS, &after(&left_to("特团")), &after(&left_to("特困"))),
        (
            FirstClassPrepaid,
            document(
                "covers: [inpatient]\nclass_prepay: { source: p, rows: [ { otherwise: true, ratio: 10% } ] }",
                FUND,
            ),
            document(
                "covers: [inpatient]\nclass_prepay: { source: p, rows: [ { when: { class: [\"02\"] }, ratio: 10% } ] }",
                FUND,
            ),
        ),
        of(LimitBelowDeductible, COVERS, &limited("15"), &limited("15万")),
        of(
            RowFarOff,
            COVERS,
            &at("{ when: { level: [third] }, ratio: 9.5% }, { otherwise: true, ratio: 90% }"),
            &at("{ when: { level: [third] }, ratio: 85% }, { otherwise: true, ratio: 90% }"),
        ),
        (FundOfOtherScheme, whole.replace("310100", "390100"), whole),
    ]
}

const CASE: &str = "\
area: \"430200\"
scheme: \"310\"
person: { status: retired, age: 70 }
visit: { care: inpatient, level: third, date: 2024-05-10 }
lines: [ { amount: 100, class: 丙 } ]
expect: { total: 100 }
";

fn cases() -> Vec<(Kind, String, String)> {
    let of = |kind, from: &str, to: &str| (kind, CASE.replace(from, to), CASE.to_owned());
    vec![
        of(UnknownName, "age: 70", "age: 70, identity: [低保]"),
        of(NoPolicyYear, "lines:", "accumulated: { 2024-01-10: { yuan: {} } }\nlines:"),
        of(StatusOfOtherScheme, "retired", "adult"),
        of(PrepayOfSelfPaid, "class: 丙", "class: 丙, prepay: 10%"),
        of(LineAmountDiffers, "class: 丙", "class: 丙, quantity: 2, price: 49"),
    ]
}

fn kinds(found: &[yizhan_documents::Problem]) -> Vec<Kind> {
    found.iter().for_each(has_chinese);
    found.iter().map(|one| one.kind).collect()
}

fn found_in_document(text: &str) -> Vec<Kind> {
    kinds(&findings(&load("smallest.yaml", text).unwrap_or_else(|problems| panic!("{problems}\n{text}"))))
}

fn found_in_case(policy: &Policy, text: &str) -> Vec<Kind> {
    let (_, found) =
        load_examples_with_findings("case.yaml", text).unwrap_or_else(|wrong| panic!("{wrong}\n{text}"));
    kinds(&[found, example_findings("case.yaml", text, |_| Some(policy))].concat())
}

#[test]
fn each_is_found_alone_and_not_in_the_document_that_says_it_right() {
    for (kind, wrong, right) in documents() {
        assert_eq!(found_in_document(&wrong), [kind], "{wrong}");
        assert_eq!(found_in_document(&right), [], "{right}");
        assert!(wrong.lines().count() <= 11, "not small:\n{wrong}");
    }
    let policy = load("smallest.yaml", &document(COVERS, FUND)).unwrap();
    for (kind, wrong, right) in cases() {
        assert_eq!(found_in_case(&policy, &wrong), [kind], "{wrong}");
        assert_eq!(found_in_case(&policy, &right), [], "{right}");
    }
}

#[test]
fn every_warning_has_its_smallest_document() {
    let mut shown: Vec<Kind> = documents().into_iter().chain(cases()).map(|(kind, ..)| kind).collect();
    shown.sort_unstable();
    // What is refused when published, and found in what was published before, is found as warnings are.
    let told: Vec<Kind> =
        Kind::ALL.iter().copied().filter(|kind| kind.is_warning() || *kind == FundOfOtherScheme).collect();
    assert_eq!(shown, told);
}
