//! Reads policy documents and reports all their problems at once, with line and column.
//!
//! The form is [`document`], [`layer`], [`condition`] … on the readers of [`yizhan_documents`]. `docs/POLICY.md` describes it,
//! `schema/policy.schema.json` says it to editors.

mod case;
mod case_names;
mod condition;
mod document;
mod example;
mod expect;
mod holes;
mod layer;
mod names;
mod quantity;
mod set;
mod silent;
mod steps;
mod values;

pub use set::{NoPolicy, check_set, find, together};

use yizhan_documents::{Problem, Problems, read, read_with_findings};

use crate::case::Case;
use crate::example::Example;
use crate::model::Policy;

/// Most layers.
pub const MAX_LAYERS: usize = 64;

/// Reads a policy document. `file_name` only names it in problems.
///
/// # Errors
/// Everything wrong with it, in order of position.
pub fn load(file_name: &str, text: &str) -> Result<Policy, Problems> {
    let read = read_with_findings(file_name, text, |root| document::policy(&root, text));
    read.map(|(policy, found)| Policy { file: file_name.to_owned(), found, ..policy })
}

/// What could pay wrong money without a word, and does not keep a policy from being read: warnings, and what must not be published
/// though it was once ([`yizhan_documents::Kind::is_warning`] tells which), in order of position.
pub fn findings(policy: &Policy) -> Vec<Problem> {
    let mut found = policy.found.clone();
    found.extend(holes::of(policy));
    found.sort_by_key(|problem| (problem.line, problem.column));
    found
}

/// Reads a case written by hand (`docs/POLICY.md`, "A case").
///
/// # Errors
/// Everything wrong with it, in order of position.
pub fn load_case(file_name: &str, text: &str) -> Result<Case, Problems> {
    load_case_with_findings(file_name, text).map(|(case, _)| case)
}

/// The same, with what looks wrong in its lines though it can be settled.
///
/// # Errors
/// Everything wrong with it, in order of position.
pub fn load_case_with_findings(file_name: &str, text: &str) -> Result<(Case, Vec<Problem>), Problems> {
    read_with_findings(file_name, text, |root| case::case(&root))
}

/// Names in a case (as [`load_case`] reads it) that the policy does not ask for, most often slips of the finger: warnings, in order of
/// position. Nothing where the case cannot be read.
pub fn unknown_names(file_name: &str, text: &str, policy: &Policy) -> Vec<Problem> {
    example_findings(file_name, text, |_| Some(policy))
}

/// The same in one case or a list of them with what is expected: `policy_of` tells by the number of a case, from 0, which policy settles it. Also a
/// status that nobody of the scheme has.
pub fn example_findings<'p>(
    file_name: &str,
    text: &str,
    policy_of: impl Fn(usize) -> Option<&'p Policy>,
) -> Vec<Problem> {
    let read = read_with_findings(file_name, text, |root| case_names::check(&root, policy_of));
    read.map_or_else(|_| Vec::new(), |(_, found)| found)
}

/// Reads a file of cases with what is expected of them (`docs/POLICY.md`, "Cases with expectations"): one, or a list.
///
/// # Errors
/// Everything wrong with it, in order of position.
pub fn load_examples(file_name: &str, text: &str) -> Result<Vec<Example>, Problems> {
    load_examples_with_findings(file_name, text).map(|(cases, _)| cases)
}

/// The same, with what looks wrong in their lines though they can be settled.
///
/// # Errors
/// Everything wrong with it, in order of position.
pub fn load_examples_with_findings(
    file_name: &str,
    text: &str,
) -> Result<(Vec<Example>, Vec<Problem>), Problems> {
    read_with_findings(file_name, text, |root| example::all(&root, true))
}

/// Reads the one case of a file; it may say what is expected.
///
/// # Errors
/// Everything wrong with it, in order of position.
pub fn load_example(file_name: &str, text: &str) -> Result<Example, Problems> {
    load_example_with_findings(file_name, text).map(|(case, _)| case)
}

/// The same, with what looks wrong in its lines though it can be settled.
///
/// # Errors
/// Everything wrong with it, in order of position.
pub fn load_example_with_findings(file_name: &str, text: &str) -> Result<(Example, Vec<Problem>), Problems> {
    read_with_findings(file_name, text, |root| example::one(&root))
}

/// Reads a file of cases, one or a list, which may say what is expected.
///
/// # Errors
/// Everything wrong with it, in order of position.
pub fn load_cases(file_name: &str, text: &str) -> Result<Vec<Example>, Problems> {
    read(file_name, text, |root| example::all(&root, false))
}
