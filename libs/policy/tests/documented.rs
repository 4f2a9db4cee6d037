//! Every YAML block of docs/POLICY.md is what it shows: whole documents and cases load as they stand, fragments in the frame of a
//! document. What the page only hints at (`TABLE of ratio`, `…`) is filled in first.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use std::collections::BTreeSet;

use yizhan_policy::load::{load_case, load_examples};
use yizhan_policy::{explained, load, settle};
use yizhan_terms::Payer;

const PAGE: &str = include_str!("../../../docs/POLICY.md");

/// What the page writes for something that is shown elsewhere, and what stands there in earnest.
const HINTS: &[(&str, &str)] = &[
    ("TABLE of ratio", "{ source: changsha, rows: [ { when: { level: [third] }, ratio: 10% } ] }"),
    ("TABLE of amount", "{ source: changsha, rows: [ { amount: 5000 } ] }"),
    ("TABLE of bounds", "{ source: changsha, rows: [ { stay_days: 180 } ] }"),
    ("amount: …", "amount: { source: changsha, rows: [ { amount: 500 } ] }"),
    ("rows: [ … ]", "rows: [ { amount: 500 } ]"),
];

/// A document around a fragment.
const FRAME: &str = "
policy: frame
version: '1'
title: 待遇政策片段
areas: ['430200']
scheme: '310'
from: 2010-04-21
SOURCES
DOCUMENT
layers:
  - id: basic
    title: 统筹基金
    payer: basic
    fund_pay_type: '310100'
    base: [ { add: in_scope } ]
    deductible: DEDUCTIBLE
    scale: { cut_on: net, bands: [ { to: 2019-12-31, source: changsha, rows: [ { ratio: 80% } ] }, { from: 2020-01-01, source: second, rows: [ { ratio: 85% } ] } ] }
LAYERS
";

const DEDUCTIBLE: &str = "{ per: visit, amount: { source: changsha, rows: [ { amount: 500 } ] } }";

#[test]
fn every_block_of_the_page_loads() {
    let mut failures = Vec::new();
    for (line, block) in blocks("yaml") {
        let name = format!("POLICY.md:{line}");
        if let Err(problems) = check(&name, &filled(&block)) {
            failures.push(problems);
        }
    }
    assert!(blocks("yaml").len() >= 5, "the page shows its form");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Blocks of a language, with the line of the page on which each begins.
fn blocks(language: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (index, line) in PAGE.lines().enumerate() {
        match open.take() {
            None if line == format!("```{language}") => open = Some((index + 2, String::new())),
            Some(block) if line == "```" => blocks.push(block),
            Some((from, text)) => open = Some((from, format!("{text}{line}\n"))),
            None => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

fn filled(block: &str) -> String {
    HINTS.iter().fold(block.to_owned(), |text, (hint, earnest)| text.replace(hint, earnest))
}

/// By its first key it is known what a block is a part of.
fn check(name: &str, block: &str) -> Result<(), String> {
    let first = block.lines().find(|line| !line.starts_with('#')).unwrap_or_default();
    let key = first.trim_start_matches("- ").split(':').next().unwrap_or_default();
    let document = match key {
        "policy" => block.to_owned(),
        "title" | "id" => {
            return load_examples(name, &with_expectation(block))
                .map(drop)
                .map_err(|found| found.to_string());
        }
        "visits" => frame(block, "", DEDUCTIBLE),
        "deductible" => frame("", "", &indented(block.trim_start_matches("deductible:"), 4)),
        "amount" => frame("", "", &format!("\n      per: visit\n{}", indented(block, 6))),
        "layers" => {
            frame("", &indented(block.split_once('\n').map_or("", |(_, layers)| layers), 0), DEDUCTIBLE)
        }
        "accumulators" => {
            let (head, layers) = block.split_once("\nlayers:\n").unwrap_or((block, ""));
            frame(head, layers, DEDUCTIBLE)
        }
        _ => return Err(format!("{name}: no frame for a block that begins with `{key}`")),
    };
    load(name, &document).map(drop).map_err(|found| format!("{found}\n  (lines of the block in its frame)"))
}

fn frame(document: &str, layers: &str, deductible: &str) -> String {
    let framed =
        FRAME.replace("DOCUMENT", document).replace("LAYERS", layers).replace("DEDUCTIBLE", deductible);
    let named = framed.split("source: ").skip(1).filter_map(|rest| rest.split([',', ' ', '\n']).next());
    let named: BTreeSet<&str> = named.collect();
    let declared = named.into_iter().map(|name| format!("  {name}: {{ title: 办法, quality: G }}\n"));
    let declared = format!("sources:\n{}", declared.collect::<String>());
    framed.replace("SOURCES", &declared)
}

fn indented(text: &str, by: usize) -> String {
    text.lines().map(|line| format!("{}{line}\n", " ".repeat(by))).collect()
}

/// A case that is only settled says of nothing what is expected.
fn with_expectation(block: &str) -> String {
    if block.contains("expect:") { block.to_owned() } else { format!("{block}expect: {{ total: 1 }}\n") }
}

#[test]
fn the_page_names_every_payer_with_its_funds() {
    for payer in Payer::ALL {
        let funds: Vec<String> =
            payer.funds().iter().map(|fund| format!("`{}` {}", fund.code(), fund.label())).collect();
        let row = format!("| `{}` | {} | {} |", payer.code(), payer.label(), funds.join(" · "));
        assert!(PAGE.contains(&row), "docs/POLICY.md says not\n{row}");
    }
}

#[test]
fn the_page_tells_what_the_quality_letters_mean() {
    for mark in yizhan_documents::QUALITY_MARKS.chars() {
        assert!(PAGE.contains(&format!("\n| {mark} | ")), "docs/POLICY.md does not say what {mark} means");
    }
}

#[test]
fn the_json_of_what_is_explained_is_as_the_page_tells() {
    let policy = load("good.yaml", include_str!("fixtures/good.yaml")).unwrap();
    let told = serde_json::to_value(explained(&policy)).unwrap();
    for of in [&told, &told["sources"][0], &told["parts"][0], &told["parts"][0]["says"][0]] {
        for key in of.as_object().unwrap().keys() {
            assert!(PAGE.contains(&format!("`{key}`")), "docs/POLICY.md does not tell `{key}`");
        }
    }
}

#[test]
fn the_json_of_an_outcome_is_as_the_page_tells() {
    let policy = load("good.yaml", include_str!("fixtures/good.yaml")).unwrap();
    let case = load_case("case.yaml", include_str!("../../../docs/examples/case.yaml")).unwrap();
    let outcome = serde_json::to_value(settle(&policy, &case).unwrap()).unwrap();
    let told = |place: &str, value: &serde_json::Value| {
        for key in value.as_object().unwrap().keys() {
            assert!(PAGE.contains(&format!("`{key}`")), "docs/POLICY.md does not tell `{key}` of {place}");
        }
    };
    told("an outcome", &outcome);
    told("a layer", &outcome["layers"][0]);
    told("a change", &outcome["changes"][0]);
    let of_outcome = |(_, shown): &(usize, String)| shown.contains("fund_pay_fen");
    let (line, shown) = blocks("json").into_iter().find(of_outcome).unwrap();
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let mut wanted = serde_json::Map::new();
    for key in shown.as_object().unwrap().keys() {
        wanted.insert(key.clone(), outcome[key].clone());
    }
    let wanted = serde_json::Value::Object(wanted);
    assert_eq!(shown, wanted, "POLICY.md:{line} should say\n{wanted:#}");
}
