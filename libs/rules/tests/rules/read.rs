//! Everything wrong with a document is told at once, with its place.

use yizhan_documents::load;

use crate::support::{NATION, Test};

fn told(text: &str) -> Vec<(usize, &'static str)> {
    let problems = load::<Test>("x.yaml", text).unwrap_err();
    problems.0.iter().map(|problem| (problem.line, problem.kind.code())).collect()
}

#[test]
fn all_problems_are_told_at_once() {
    let text = "rules: x\nversion: \"1\"\ntitle: 试\narea: \"36\"\nsources:\n  s: { title: t, quality: G }\n  u: { title: t, quality: Z }\n\
        newborn:\n  - { from: 2025-01-01, to: 2025-05-31, source: s, within_days: 400 }\n  - { from: 2025-06-01, source: nobody, within_days: 90 }\n\
        table:\n  - { from: 2025-01-01, source: s, rows: [{ source: none, number: 1 }] }\n\
        newborns: 1\n";
    assert_eq!(
        told(text),
        [
            (4, "INVALID_VALUE"),
            (7, "UNUSED_SOURCE"),
            (7, "UNKNOWN_CODE"),
            (9, "INVALID_VALUE"),
            (10, "UNKNOWN_SOURCE"),
            (12, "UNKNOWN_SOURCE"),
            (13, "UNKNOWN_KEY"),
        ]
    );
}

#[test]
fn versions_of_a_family_do_not_share_a_day() {
    assert_eq!(told(&NATION.replace("to: 2024-12-31", "to: 2025-01-01")), [(9, "TABLE_OVERLAP")]);
    assert_eq!(
        told(&NATION.replace("from: 2024-01-01, to: 2024-12-31", "from: 2024-01-01")),
        [(9, "TABLE_OVERLAP")]
    );
}

#[test]
fn a_document_says_something_and_cites_what_it_declares() {
    let head =
        "rules: x\nversion: \"1\"\ntitle: 试\narea: \"360000\"\nsources: { s: { title: t, quality: G } }\n";
    assert_eq!(told(head), [(1, "MISSING_KEY")]);
    let by_a_row_only = NATION.replace("source: b", "source: a");
    assert_eq!(told(&by_a_row_only), [(6, "UNUSED_SOURCE")], "a row's citation counts");
}
