//! Benefit policies (待遇政策) as dated documents, and the engine that applies them.
//!
//! Pure: no I/O, no async, no clock. [`load()`] reads a document and reports all its problems
//! at once; [`settle`] applies it to a [`Case`] and answers an [`Outcome`] whose trace names
//! the table row and the published document behind every fen.

pub mod case;
mod embedded;
mod engine;
pub mod example;
mod explain;
pub mod identities;
mod keys;
pub mod load;
pub mod model;
pub mod outcome;
mod parts;
pub mod trial;

pub use case::Case;
pub use embedded::embedded;
pub use engine::{Refusal, Stopped, replay, settle, settle_as_far, visit_rules};
pub use explain::{
    Changes, Explained, ExplainedPart, ExplainedSource, PolicyChange, Statement, changes, explain,
    explain_outcome, explain_stopped, explained,
};
pub use keys::Key;
pub use load::{find, find_named, findings, load, together};
pub use model::Policy;
pub use outcome::Outcome;
