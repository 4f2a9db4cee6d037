//! What policy officers read, as whole texts. `UPDATE_EXPLAIN=1` writes them anew.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use std::path::Path;

use yizhan_policy::load::load_case;
use yizhan_policy::{embedded, explain, explain_outcome, explained, load, settle};

fn compare(name: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    if std::env::var_os("UPDATE_EXPLAIN").is_some() {
        std::fs::write(&file, text).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap();
    assert!(text == expected, "{name} differs; this is what it is now:\n{text}");
}

#[test]
fn a_policy_in_words() {
    let policy = load("good.yaml", include_str!("fixtures/good.yaml")).unwrap();
    compare("good.explained.txt", &explain(&policy));
}

#[test]
fn a_settlement_in_words() {
    let policy = load("good.yaml", include_str!("fixtures/good.yaml")).unwrap();
    let case = load_case("case.yaml", include_str!("../../../docs/examples/case.yaml")).unwrap();
    compare("case.explained.txt", &explain_outcome(&policy, &settle(&policy, &case).unwrap()));
}

#[test]
fn a_composite_says_so_at_the_top_and_at_the_bottom() {
    let text =
        include_str!("fixtures/good.yaml").replace("year_starts", "composite: 由多地拼装\nyear_starts");
    let policy = load("composite.yaml", &text).unwrap();
    let case = load_case("case.yaml", include_str!("../../../docs/examples/case.yaml")).unwrap();
    let mark = "※ 拼装政策，不是任何一地的真实政策：由多地拼装";
    for text in [explain(&policy), explain_outcome(&policy, &settle(&policy, &case).unwrap())] {
        assert_eq!(text.matches(mark).count(), 2);
        assert!(text.trim_end().ends_with(mark));
    }
}

#[test]
fn every_shipped_policy_can_be_explained_with_every_source_cited() {
    for (name, text) in embedded() {
        let policy = load(name, text).unwrap();
        let words = explain(&policy);
        for source in &policy.sources {
            assert!(words.contains(&format!("〔{}·{} ", source.id, source.quality)), "{name}: {}", source.id);
        }
    }
}

#[test]
fn what_is_explained_is_told_to_programs_line_by_line() {
    for (name, text) in embedded() {
        let policy = load(name, text).unwrap();
        let (words, told) = (explain(&policy), explained(&policy));
        let layers: Vec<&str> =
            told.parts.iter().map(|part| part.layer.as_str()).filter(|layer| !layer.is_empty()).collect();
        let own = policy.layers[policy.foreign_layers()..].iter();
        assert_eq!(layers, own.map(|layer| layer.id.as_str()).collect::<Vec<_>>(), "{name}");
        let mut rows = 0;
        for said in told.parts.iter().flat_map(|part| &part.says) {
            let Some((source, quality)) = said.source.as_ref().zip(said.quality.as_ref()) else { continue };
            let line = said.line.unwrap_or_else(|| panic!("{name}: {said:?}"));
            let row = format!("{}：{} 〔{source}·{quality} 第 {line} 行〕", said.who, said.value);
            assert!(words.contains(&row), "{name}: {row}");
            assert!(told.sources.iter().any(|one| one.source == *source), "{name}: {source}");
            rows += 1;
        }
        assert_eq!(rows, words.lines().filter(|line| line.ends_with(" 行〕")).count(), "{name}");
    }
}
