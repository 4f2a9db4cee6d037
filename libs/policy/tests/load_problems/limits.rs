//! Limits on everything, and no panic on anything.

use proptest::prelude::*;
use yizhan_documents::{Kind, MAX_BYTES, MAX_DEPTH, MAX_LIST, MAX_PROBLEMS, MAX_ROWS, MAX_TEXT};
use yizhan_policy::load;
use yizhan_policy::load::MAX_LAYERS;

use crate::broken::GOOD;

#[track_caller]
fn too_large(text: &str) {
    let problems = load("large.yaml", text).unwrap_err();
    assert!(problems.0.iter().any(|problem| problem.kind == Kind::TooLarge), "{problems}");
}

#[test]
fn limits() {
    too_large(&"#".repeat(MAX_BYTES + 1));
    too_large(&"[".repeat(MAX_DEPTH + 1));
    too_large(&"- ".repeat(100_000));
    too_large(
        &GOOD.replace("{ amount: 800 }", &vec!["{ amount: 800 }"; MAX_ROWS + 1].join("\n            - ")),
    );
    too_large(&GOOD.replace("[低保]", &format!("[{}]", vec!["低保"; MAX_LIST + 1].join(","))));
    too_large(&GOOD.replace("医院减免", &"长".repeat(MAX_TEXT + 1)));
    too_large(&GOOD.replace("layers:\n", &format!("layers:\n{}", "  - {}\n".repeat(MAX_LAYERS + 1))));
    too_large(&(0..=MAX_LIST).map(|key| format!("k{key}: 1\n")).collect::<String>());
    let unknown: String = (0..2 * MAX_PROBLEMS).map(|key| format!("k{key}: 1\n")).collect();
    assert_eq!(load("many.yaml", &unknown).unwrap_err().0.len(), MAX_PROBLEMS);
}

/// What the loader promises of any input: a policy, or at least one problem; never a panic.
fn answers(text: &str) {
    if let Err(problems) = load("any.yaml", text) {
        assert!(!problems.0.is_empty(), "refused without a reason:\n{text}");
    }
}

/// Pieces that make documents wrong in interesting ways.
const PIECES: &[&str] = &[
    "",
    "\n",
    "  ",
    "{",
    "}",
    "[",
    "]",
    "- ",
    ": ",
    "#",
    "\"",
    "'",
    "&a ",
    "*a",
    "!!int ",
    "|",
    ">",
    "---\n",
    "%",
    "?",
    "null",
    "0",
    "-1",
    "99999999999999999999999999",
    "1e9",
    "99999999万",
    "100%",
    "0000-00-00",
    "9999-12-31",
    "lump_sum: ",
    "when: { nth: { of: stays, from: 2 } }",
    "add: paid.basic",
    "\u{feff}",
    "\0",
    "𠮷",
    "\t",
    "\r",
];

fn mutation() -> impl Strategy<Value = (usize, usize, usize)> {
    (0..GOOD.chars().count(), 0..40_usize, 0..PIECES.len())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn no_mutation_of_a_good_document_panics(mutations in prop::collection::vec(mutation(), 1..5)) {
        let mut text: Vec<char> = GOOD.chars().collect();
        for (at, length, piece) in mutations {
            let at = at.min(text.len());
            let end = (at + length).min(text.len());
            text.splice(at..end, PIECES[piece].chars());
        }
        answers(&text.into_iter().collect::<String>());
    }

    #[test]
    fn no_text_panics(pieces in prop::collection::vec(0..PIECES.len(), 0..60)) {
        answers(&pieces.into_iter().map(|piece| PIECES[piece]).collect::<String>());
    }
}
