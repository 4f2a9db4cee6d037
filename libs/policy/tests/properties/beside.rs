//! A product in a document of its own pays, to the fen and to every total, what the same layers pay behind those of the one document.

use std::sync::LazyLock;

use proptest::prelude::*;
use yizhan_documents::Documents;
use yizhan_policy::{Case, Outcome, Policy, Refusal, find, load, settle, together};

use crate::generate::{Choices, tape, visits};
use crate::support::{Years, carry, cases};

const BASE: &str = include_str!("../fixtures/good.yaml");
const PRODUCT: &str = include_str!("../fixtures/product.yaml");

/// What stands under a key of the product.
fn section(key: &str) -> &str {
    let (_, rest) = PRODUCT.split_once(&format!("\n{key}:\n")).unwrap();
    rest.find("\n\n").filter(|_| key != "layers").map_or(rest, |end| &rest[..end])
}

/// The same written in one document: layers say the days of the product.
fn in_one() -> String {
    let mut one = BASE.to_owned();
    for key in ["sources", "accumulators"] {
        let head = format!("\n{key}:\n");
        assert_eq!(one.matches(&head).count(), 1);
        one = one.replace(&head, &format!("{head}{}\n", section(key)));
    }
    let dated = section("layers").replace("    from: 2023-01-01\n", "").replace(
        "  - id: product_drugs\n",
        "  - id: product_drugs\n    from: 2023-01-01\n    to: 2024-12-31\n",
    );
    let dated = ["product_in_scope", "product_days"].iter().fold(dated, |text, id| {
        text.replace(
            &format!("  - id: {id}\n"),
            &format!("  - id: {id}\n    from: 2022-07-01\n    to: 2024-12-31\n"),
        )
    });
    // A version of a table without a date begins with its layer.
    one.replace("\naccount:\n", &format!("\n{dated}\naccount:\n"))
}

static DOCUMENTS: LazyLock<(Policy, Documents<Policy>)> = LazyLock::new(|| {
    let one = load("one.yaml", &in_one()).unwrap();
    let apart = vec![load("good.yaml", BASE).unwrap(), load("product.yaml", PRODUCT).unwrap()];
    (one, together(apart).unwrap())
});

fn said(outcome: &Outcome<'_>) -> String {
    let mut said = serde_json::to_value(outcome).unwrap();
    said.as_object_mut().unwrap().remove("policy");
    // Totals are told in the order they are declared in.
    said["changes"].as_array_mut().unwrap().sort_by_key(|change| change["accumulator"].to_string());
    // Lines are those of each document.
    said.to_string()
        .split("\"line\":")
        .map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit()))
        .collect()
}

#[test]
fn they_are_really_beside_each_other() {
    let (one, apart) = &*DOCUMENTS;
    let (area, scheme) = (one.areas[0], one.schemes[0]);
    let on = |day: &str| find(apart, area, scheme, day.parse().unwrap()).unwrap();
    assert_eq!(
        (on("2022-06-30").id.as_str(), on("2025-01-01").id.as_str()),
        ("example-employee", "example-employee")
    );
    let both = on("2022-07-01");
    assert_eq!((both.id.as_str(), both.version.as_str()), ("example-employee+example-product", "2024.1+1"));
    assert_eq!(both.layers.len(), one.layers.len());
    assert_eq!(on("2024-12-31"), both);
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn a_product_beside_pays_what_it_pays_in_the_one_document(choices in tape(500)) {
        let (one, apart) = &*DOCUMENTS;
        let (mut of_one, mut of_apart) = (Years::new(), Years::new());
        let mut visits: Vec<Case> = visits(&mut Choices::new(choices), one, 3);
        for case in &mut visits {
            case.person.memberships.insert("commercial/惠衢保2021".to_owned());
            let Ok(apart) = find(apart, case.area, case.scheme, case.visit.values_day()) else { continue };
            let alike = |years: &Years| Case { accumulated: years.clone(), ..case.clone() };
            let (first, second) = (alike(&of_one), alike(&of_apart));
            match (settle(one, &first), settle(apart, &second)) {
                (Ok(first), Ok(second)) => {
                    let is_one = apart.layers.len() < one.layers.len();
                    // Outside its days a product is not there at all, where a layer of the one document is skipped.
                    let layers = |outcome: &Outcome<'_>| outcome.layers.iter().filter(|layer| layer.applied).map(|layer| (layer.layer.to_owned(), layer.paid_fen)).collect::<Vec<_>>();
                    prop_assert_eq!(layers(&first), layers(&second));
                    if !is_one {
                        prop_assert_eq!(said(&first), said(&second));
                    }
                    carry(&mut of_one, &first, 1);
                    carry(&mut of_apart, &second, 1);
                    prop_assert_eq!(&of_one, &of_apart);
                }
                // Its line, and the names of the policies, are those of each.
                (first, second) => {
                    let why = |settled: Result<Outcome<'_>, Refusal>| settled.map(|_| ()).map_err(|refusal| refusal.reason());
                    prop_assert_eq!(why(first), why(second));
                }
            }
        }
    }
}
