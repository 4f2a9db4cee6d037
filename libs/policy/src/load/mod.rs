//! Reads policy documents and reports all their problems at once, with line and column.
//!
//! The form is [`document`], [`layer`], [`condition`] … on the readers of [`yizhan_documents`]. `docs/POLICY.md` describes it,
//! `schema/policy.schema.json` says it to editors.

mod case;
mod condition;
mod document;
mod example;
mod expect;
mod layer;
mod names;
mod quantity;
mod set;
mod steps;
mod values;

pub use set::{NoPolicy, check_set, find, together};

use yizhan_documents::{Problems, read};

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
    read(file_name, text, |root| document::policy(&root, text))
}

/// Reads a case written by hand (`docs/POLICY.md`, "A case").
///
/// # Errors
/// Everything wrong with it, in order of position.
pub fn load_case(file_name: &str, text: &str) -> Result<Case, Problems> {
    read(file_name, text, |root| case::case(&root))
}

/// Reads a file of cases with what is expected of them (`docs/POLICY.md`, "Cases with expectations"): one, or a list.
///
/// # Errors
/// Everything wrong with it, in order of position.
pub fn load_examples(file_name: &str, text: &str) -> Result<Vec<Example>, Problems> {
    read(file_name, text, |root| example::all(&root, true))
}

/// Reads the one case of a file; it may say what is expected.
///
/// # Errors
/// Everything wrong with it, in order of position.
pub fn load_example(file_name: &str, text: &str) -> Result<Example, Problems> {
    read(file_name, text, |root| example::one(&root))
}

/// Reads a file of cases, one or a list, which may say what is expected.
///
/// # Errors
/// Everything wrong with it, in order of position.
pub fn load_cases(file_name: &str, text: &str) -> Result<Vec<Example>, Problems> {
    read(file_name, text, |root| example::all(&root, false))
}
