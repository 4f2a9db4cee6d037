//! The good document with something made wrong.

use yizhan_documents::{Kind, Problem, Problems, chinese};
use yizhan_policy::load;
use yizhan_policy::model::Policy;

/// A document without problems that uses most of the form.
pub const GOOD: &str = include_str!("../fixtures/good.yaml");

/// Stands in a replacement where a problem must be reported.
const MARK: char = '▸';

/// A text that stands in the good document exactly once, and what replaces it.
pub type Edit<'t> = (&'t str, &'t str);

/// The edited document has exactly these problems, at the marks and in their order.
#[track_caller]
pub fn problems(edits: &[Edit], kinds: &[Kind]) {
    let marked = edited(edits);
    let marks = positions(&marked);
    assert_eq!(marks.len(), kinds.len(), "as many marks as kinds");
    let expected: Vec<_> = marks.into_iter().zip(kinds.iter().copied()).collect();
    let found = load_edited(&marked).expect_err("the document is wrong");
    found.0.iter().for_each(has_chinese);
    let reported: Vec<_> = found.0.iter().map(|one| ((one.line, one.column), one.kind)).collect();
    assert_eq!(reported, expected, "\n{found}");
}

/// Every message can be read in Chinese.
#[track_caller]
pub fn has_chinese(problem: &Problem) {
    assert!(
        chinese(&problem.message).is_some(),
        "no Chinese sentence in libs/documents/src/chinese.rs for: {}",
        problem.message
    );
}

/// [`problems`] with one edit and one problem.
#[track_caller]
pub fn problem(find: &str, replace: &str, kind: Kind) {
    problems(&[(find, replace)], &[kind]);
}

/// The edited document has no problem.
#[track_caller]
pub fn fine(edits: &[Edit]) -> Policy {
    load_edited(&edited(edits)).unwrap_or_else(|problems| panic!("\n{problems}"))
}

#[track_caller]
fn edited(edits: &[Edit]) -> String {
    edits.iter().fold(GOOD.to_owned(), |text, (find, replace)| {
        assert_eq!(text.matches(find).count(), 1, "`{find}` must stand in the document once");
        text.replace(find, replace)
    })
}

fn load_edited(marked: &str) -> Result<Policy, Problems> {
    load("bad.yaml", &marked.replace(MARK, ""))
}

/// Line and column of each mark, as they are once the marks are gone.
pub fn positions(marked: &str) -> Vec<(usize, usize)> {
    let of_line = |(index, line): (usize, &str)| {
        let marks = line.chars().enumerate().filter(|(_, c)| *c == MARK);
        marks.enumerate().map(|(earlier, (column, _))| (index + 1, column + 1 - earlier)).collect::<Vec<_>>()
    };
    marked.split('\n').enumerate().flat_map(of_line).collect()
}
