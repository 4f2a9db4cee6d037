//! Reads policy documents and reports all their problems at once, with line and column.
//!
//! The way of a document: text → [`yaml`] tree → [`node`] readers → [`document`], [`layer`],
//! [`table`], [`condition`] … → [`Policy`]. Each reader reports what is wrong to the [`sink`]
//! and goes on. `docs/POLICY.md` describes the form, `schema/policy.schema.json` says it to
//! editors.

mod case;
mod condition;
mod decision;
mod document;
pub mod form;
mod layer;
mod names;
mod node;
mod problem;
mod quantity;
mod region;
mod set;
mod sink;
mod steps;
mod suggest;
mod table;
mod treatment;
mod value;
mod values;
mod yaml;

pub use problem::{Kind, Problem, Problems};
pub use set::{NoPolicy, PolicySet, check_set};

use crate::case::Case;
use crate::model::Policy;

/// Largest document, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;
/// Deepest nesting.
pub const MAX_DEPTH: usize = 32;
/// Most rows in one version of a table.
pub const MAX_ROWS: usize = 300;
/// Most layers.
pub const MAX_LAYERS: usize = 64;
/// Most entries of any list or mapping.
pub const MAX_LIST: usize = 1000;
/// Longest text, in characters.
pub const MAX_TEXT: usize = 2000;
/// Problems reported of one document.
pub const MAX_PROBLEMS: usize = 500;
/// Quality marks of sources.
pub const QUALITY_MARKS: &str = "GHNRAOP";

/// Reads a policy document. `file_name` only names it in problems.
///
/// # Errors
/// Everything wrong with it, in order of position.
pub fn load(file_name: &str, text: &str) -> Result<Policy, Problems> {
    let sink = sink::Sink::new(file_name);
    let policy = document::policy(text, &sink);
    sink.finish(policy)
}

/// Reads a case written by hand (`docs/POLICY.md`, "A case").
///
/// # Errors
/// Everything wrong with it, in order of position.
pub fn load_case(file_name: &str, text: &str) -> Result<Case, Problems> {
    let sink = sink::Sink::new(file_name);
    let case = case::case(text, &sink);
    sink.finish(case)
}
