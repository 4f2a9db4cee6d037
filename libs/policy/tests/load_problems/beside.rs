//! Products that stand beside documents: what is refused, and what holds on a day.

use yizhan_documents::{Document, Documents, Kind};
use yizhan_policy::load::{check_set, load_case};
use yizhan_policy::model::Policy;
use yizhan_policy::{embedded, find, findings, load, settle, together};
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

/// What is sold once pays once: also where a document of before calls the same product's layer otherwise, and nothing else would show it.
#[test]
fn a_product_that_a_document_pays_already_is_refused() {
    let within = |when: &str, ratio: &str| {
        let layer = format!(
            "  - {{ id: bought, title: 某市惠民保, payer: commercial_insurance, fund_pay_type: \"YZ0300\", when: {{ {when} }}, base: [ {{ add: in_scope_left }} ], \
             remote: none, scale: {{ cut_on: net, bands: {{ source: paper, {ratio} }} }} }}\n"
        );
        load("good.yaml", &GOOD.replacen("\naccount:", &format!("\n{layer}\naccount:"), 1)).unwrap()
    };
    let members = "membership: [commercial/惠衢保2021, commercial/别的]";
    for before in [[within(members, "ratio: 50%"), edited(&[])], [edited(&[]), within(members, "ratio: 50%")]]
    {
        let found = check_set(&before);
        assert_eq!(kinds(&before)[0], Kind::NotBeside);
        assert!(found[0].message.contains("one product would pay twice"), "{}", found[0]);
    }
    // Others' product, another kind of care, a layer that pays nobody: no second payment.
    let other = within("membership: [commercial/惠衢保2022]", "ratio: 50%");
    assert_eq!(kinds(&[other, edited(&[])]), []);
    let nothing = [within(members, "unknown: 没有写"), within(members, "ratio: 0%")];
    assert!(nothing.into_iter().all(|document| kinds(&[document, edited(&[])]).is_empty()));
    // What was published before anybody looked is read all the same.
    let published: Documents<Policy> = [within(members, "ratio: 50%"), edited(&[])].into_iter().collect();
    assert!(find(&published, good().areas[0], Insutype::Employee, "2023-05-01".parse().unwrap()).is_ok());
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
    let case = load_case("case.yaml", "area: \"430200\"\nscheme: \"310\"\nperson: { status: in_service, age: 40 }\nvisit: { care: inpatient, level: third, date: 2023-05-01 }\nlines: [ { amount: 100, class: 甲 } ]\n").unwrap();
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

/// 衢州's documents of before, in which the product stood: this program's, with it written back.
fn quzhou(name: &str, version: &str) -> Policy {
    let shipped = |name: &str| embedded().iter().find(|(file, _)| *file == name).unwrap().1;
    let (text, product) = (shipped(name), shipped("quzhou-huiqubao.yaml"));
    let between = |from: &str, to: &str| {
        let begin = product.find(from).unwrap() + from.len();
        product[begin..].split(to).next().unwrap().to_owned()
    };
    // Residents had the pharmacy's liability only, and their document no layer that the others take away.
    let employee = name == "quzhou-employee.yaml";
    let layers = product.split_once("\nlayers:\n").unwrap().1;
    let layers = if employee { layers } else { &layers[layers.find("  - id: huiqubao_3").unwrap()..] };
    let accumulators: String = between("\naccumulators:\n", "\n\n")
        .lines()
        .filter(|line| employee || line.contains("huiqubao_3"))
        .map(|line| format!("{line}\n"))
        .collect();
    let dated = layers.replace("\n    when: {", "\n    from: 2021-01-01\n    to: 2021-12-31\n    when: {");
    let renames = text.lines().find(|line| line.starts_with("renames: ")).unwrap();
    let own = text.lines().find(|line| line.starts_with("version: ")).unwrap();
    let sources = between("\nsources:\n", "\n\n");
    let before = text
        .replace(renames, "")
        .replace(own, &format!("version: \"{version}\""))
        .replacen("\naccumulators:\n", &format!("\naccumulators:\n{accumulators}"), 1)
        .replacen("\nsources:\n", &format!("\nsources:\n{sources}\n"), 1)
        .replacen("\naccount:", &format!("\n{dated}\naccount:"), 1);
    load(name, &before).unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// A database that holds 衢州's documents with the product inside them gets those without and the product, in the order of a start (documents, then
/// products): nobody is paid twice on the way, and the year's totals go on. What would pay twice is refused, in whichever order it comes.
#[test]
fn a_product_that_moved_out_of_its_documents_pays_once_before_while_and_after() {
    let shipped =
        |name: &str| load(name, embedded().iter().find(|(file, _)| *file == name).unwrap().1).unwrap();
    let before = || vec![quzhou("quzhou-employee.yaml", "2019.5"), quzhou("quzhou-resident.yaml", "2018.1")];
    let product = || shipped("quzhou-huiqubao.yaml");
    let published = |all: Vec<Policy>| -> Documents<Policy> { all.into_iter().collect() };
    let apart = |one: Policy, all: Vec<Policy>| {
        let problems = one.conflicts(&published(all));
        !problems.is_empty() && problems.iter().all(|one| one.kind == Kind::NotBeside)
    };
    // A stay of somebody who bought it, and what the books hold of the product in the year.
    let paid = |book: &Documents<Policy>, held: i64| {
        let case = load_case("case.yaml", &format!(
            "area: \"330800\"\nscheme: \"310\"\nperson: {{ status: in_service, age: 45, membership: [commercial/惠衢保2021] }}\n\
             visit: {{ care: inpatient, level: third, date: 2021-05-10 }}\nlines: [ {{ amount: 200800, class: 甲 }} ]\n\
             accumulated: {{ 2021-01-01: {{ yuan: {{ huiqubao_1_paid: {held} }} }} }}\n"
        ))
        .unwrap();
        let policy = find(book, case.area, case.scheme, case.visit.end).unwrap();
        let outcome = settle(policy, &case).unwrap();
        let sold = outcome.layers.iter().filter(|layer| layer.layer.starts_with("huiqubao") && layer.applied);
        sold.map(|layer| (layer.layer.to_owned(), layer.paid_fen.0)).collect::<Vec<_>>()
    };
    // Basic pays 168,000, critical illness 11,520 above its 20,000; of the 1,280 that are left the product pays half: once.
    let once = |fen: i64| vec![("huiqubao_1".to_owned(), fen), ("huiqubao_2".to_owned(), 0)];
    assert_eq!(paid(&published(before()), 0), once(64_000));

    // The product first, beside documents that have it: refused, as one that calls its layers otherwise is above.
    assert!(apart(product(), before()));
    // One document without it is not enough: the other scheme has it still.
    let employee = shipped("quzhou-employee.yaml");
    assert_eq!(employee.conflicts(&published(before())), []);
    assert!(apart(product(), [before(), vec![employee]].concat()));
    // Both, then the product.
    let with = |more: &[&str]| [before(), more.iter().map(|name| shipped(name)).collect()].concat();
    let both = ["quzhou-employee.yaml", "quzhou-resident.yaml"];
    assert_eq!(shipped(both[1]).conflicts(&published(with(&both[..1]))), []);
    assert_eq!(paid(&published(with(&both)), 0), [], "between the two publications of one transaction");
    assert_eq!(product().conflicts(&published(with(&both))), []);
    let after = || with(&["quzhou-employee.yaml", "quzhou-resident.yaml", "quzhou-huiqubao.yaml"]);
    assert_eq!(paid(&published(after()), 0), once(64_000));
    assert_eq!(
        paid(&published(after()), 499_900),
        once(10_000),
        "of the limit the old document used all but 100 yuan"
    );
    // An agency that publishes its old text once more is told.
    assert!(apart(quzhou("quzhou-employee.yaml", "2019.9"), after()));
}
