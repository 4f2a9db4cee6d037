//! Products that stand beside documents: what is refused, and what holds on a day.

use yizhan_documents::{Document, Documents, Kind};
use yizhan_policy::load::check_set;
use yizhan_policy::model::Policy;
use yizhan_policy::{find, findings, load, settle, together};
use yizhan_terms::Insutype;

use crate::broken::{GOOD, has_chinese};

const PRODUCT: &str = include_str!("../fixtures/product.yaml");

fn good() -> Policy {
    load("good.yaml", GOOD).unwrap()
}

fn edited(edits: &[(&str, &str)]) -> Policy {
    let edit = |text: String, (from, to): &(&str, &str)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    };
    load("product.yaml", &edits.iter().fold(PRODUCT.to_owned(), edit))
        .unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// Kinds of what stands against the last one beside those before.
fn kinds(policies: &[Policy]) -> Vec<Kind> {
    let found = check_set(policies);
    found.iter().for_each(has_chinese);
    let (last, before) = policies.split_last().unwrap();
    let published: Documents<Policy> = before.iter().cloned().collect();
    let refused = last.conflicts(&published);
    assert_eq!(refused.is_empty(), found.is_empty(), "{refused:?} {found:?}");
    found.iter().map(|problem| problem.kind).collect()
}

/// Another product of the area, with names of its own.
fn other() -> Policy {
    edited(&[("example-product", "other-product"), ("product_", "other_"), ("terms", "other_terms")])
}

#[test]
fn products_stand_beside_a_document_and_beside_each_other() {
    assert_eq!(kinds(&[good(), edited(&[])]), []);
    assert_eq!(kinds(&[edited(&[]), good()]), [], "in whichever order they are published");
    assert_eq!(kinds(&[good(), edited(&[]), other()]), []);
    assert_eq!(findings(&edited(&[])), []);
    let book = together(vec![good(), other(), edited(&[])]).unwrap();
    let policy = find(&book, good().areas[0], Insutype::Employee, "2023-05-01".parse().unwrap()).unwrap();
    assert_eq!(policy.id, "example-employee+example-product+other-product");
    let members: Vec<&str> = policy.together.of.iter().map(|of| of.version.as_str()).collect();
    assert_eq!(members, ["2024.1", "1", "1"]);
    assert_eq!(policy.layers.len(), good().layers.len() + 6);
    assert!(book.version(&policy.id, &policy.version).is_some(), "found again by its name for a replay");
}

#[test]
fn two_documents_of_one_scheme_and_two_of_one_product_are_refused_still() {
    let mut second = good();
    second.id = "another".to_owned();
    assert_eq!(kinds(&[good(), second]), [Kind::PoliciesOverlap]);
    let next = edited(&[("version: \"1\"", "version: \"2\"")]);
    assert_eq!(check_set(&[good(), edited(&[]), next.clone()])[0].kind, Kind::PoliciesOverlap);
    // Published, a version takes the place of the one before.
    let published: Documents<Policy> = [good(), edited(&[])].into_iter().collect();
    assert_eq!(next.conflicts(&published), []);
}

#[test]
fn what_does_not_go_together_is_refused_by_name() {
    let told = |edits: &[(&str, &str)], name: &str| {
        let policies = [good(), edited(edits)];
        assert_eq!(kinds(&policies)[0], Kind::NotBeside);
        let found = check_set(&policies);
        assert!(found.iter().any(|one| one.message.contains(name)), "{found:?}");
    };
    told(&[("id: product_drugs", "id: diagnosis")], "layer `diagnosis`");
    told(&[("product_deductible", "charged")], "accumulator `charged`");
    told(&[("terms", "paper")], "source `paper`");
    told(
        &[
            ("[basic, relief]\nfrom", "[basic, relief, critical]\nfrom"),
            ("less: deductible.basic", "less: deductible.critical"),
        ],
        "no layer `critical`",
    );
    // Cost that the document's layer may have paid is not counted again.
    told(&[("add: in_scope_left", "add: in_scope")], "counts cost that `basic`, `relief` may have paid");
    let counted = (
        "remote: none\n    feeds: { product_d",
        "remote: none\n    counts_paid: [basic, relief]\n    feeds: { product_d",
    );
    assert_eq!(kinds(&[good(), edited(&[("add: in_scope_left", "add: in_scope"), counted])]), []);
}

#[test]
fn a_product_says_nothing_of_the_scheme_and_settles_nothing_alone() {
    for of_base in
        ["year_starts: 07-01", "covers: [inpatient]", "extra_prepay: remote", "account: { pays: [in_scope] }"]
    {
        let text = PRODUCT.replace("\nsources:", &format!("\n{of_base}\n\nsources:"));
        let wrong = load("product.yaml", &text).unwrap_err();
        assert_eq!(
            wrong.0.iter().map(|one| one.kind).collect::<Vec<_>>(),
            [Kind::ConflictingKeys],
            "{wrong}"
        );
    }
    let unknown =
        load("product.yaml", &PRODUCT.replace("beside: [basic, relief]", "beside: any")).unwrap_err();
    assert!(unknown.0.iter().all(|one| one.kind == Kind::UnknownLayer), "{unknown}");
    let alone = together(vec![edited(&[])]).unwrap();
    let none = find(&alone, good().areas[0], Insutype::Employee, "2023-05-01".parse().unwrap()).unwrap_err();
    assert_eq!(none.of_area, []);
    let case = yizhan_policy::load::load_case("case.yaml", "area: \"430200\"\nscheme: \"310\"\nperson: { status: in_service, age: 40 }\nvisit: { care: inpatient, level: third, date: 2023-05-01 }\nlines: [ { amount: 100, class: 甲 } ]\n").unwrap();
    assert!(settle(&edited(&[]), &case).is_err());
}

#[test]
fn one_is_retired_and_the_other_stands() {
    let ended = edited(&[
        ("to: 2024-12-31", "to: 2023-06-30"),
        ("        - { from: 2024-01-01, source: terms, rows: [ { ratio: 70% } ] }\n", ""),
        ("- { to: 2023-12-31, source", "- { source"),
        ("version: \"1\"", "version: \"2\""),
    ]);
    let book: Documents<Policy> = [good(), edited(&[]), ended].into_iter().collect();
    let of = |day: &str| {
        find(&book, good().areas[0], Insutype::Employee, day.parse().unwrap()).unwrap().version.clone()
    };
    assert_eq!((of("2022-01-01"), of("2023-06-30")), ("2024.1".to_owned(), "2024.1+2".to_owned()));
    // An older version stays in use for the days a newer one does not cover, as of every document.
    assert_eq!(of("2023-07-01"), "2024.1+1");
    let from_2026 = find(&book, good().areas[0], Insutype::Employee, "2026-01-01".parse().unwrap());
    assert!(from_2026.is_err(), "a product does not stand without a document");
}

#[test]
fn a_document_gives_its_accumulators_to_a_product() {
    let with = GOOD
        .replace("\naccumulators:\n", "\naccumulators:\n  product_paid: { label: 累计, unit: fen }\n")
        .replace(
            "used: diagnosis_paid }\n    feeds: { diagnosis_paid: paid }",
            "used: product_paid }\n    feeds: { product_paid: paid }",
        )
        .replace("  diagnosis_paid: { label: 给付累计, unit: fen }\n", "");
    let before = load("with.yaml", &with).unwrap();
    let next = GOOD.replace("\"2024.1\"", "\"2024.2\"");
    let lost = load("next.yaml", &next).unwrap();
    let published = |all: Vec<Policy>| -> Documents<Policy> { all.into_iter().collect() };
    let kinds = |problems: Vec<yizhan_documents::Problem>| {
        problems.into_iter().map(|one| one.kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds(lost.conflicts(&published(vec![before.clone()]))), [Kind::AccumulatorLost]);
    let given = load(
        "next.yaml",
        &next.replace("\nclass_prepay:", "\nrenames: { product_paid: beside }\n\nclass_prepay:"),
    )
    .unwrap();
    assert_eq!(given.conflicts(&published(vec![before.clone()])), []);
    assert_eq!(edited(&[]).conflicts(&published(vec![before, given])), []);
}
