//! Rules over visits. Pure: no database, no messages, no clock.
//!
//! [`AuditRule`] is a document with the knowledge points of a rule ([`kinds`] says what a rule can be, [`condition`] what it asks);
//! [`rulebook()`] makes of an area's documents what visits are checked by; [`Found`] is what is against a rule.

mod catalogue;
pub mod condition;
mod document;
mod dose;
mod found;
mod items;
pub mod kinds;
mod load;
mod reach;
mod rulebook;
mod statistics;
mod visit;
mod window;

pub use catalogue::{Entry, catalogue, entry_of};
pub use document::{AuditRule, Consequence, Life, Point, Severity, Subject};
pub use found::{Found, FoundLine};
pub use rulebook::{Rulebook, rulebook};
pub use statistics::Statistic;
pub use visit::{Diagnosis, Line, Operation, Sex, Stage, Visit};
pub use window::Window;
