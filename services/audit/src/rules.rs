//! What visits are checked by: the rules, their knowledge points, and the engine.

mod api;
mod documents;
mod domain;
mod messages;

pub use api::RulesApi;
pub use documents::Documents;
pub use domain::*;
pub use messages::{violation, violation_of};

/// The documents in use.
pub type RulesBook = yizhan_rules::Book<AuditRule>;
