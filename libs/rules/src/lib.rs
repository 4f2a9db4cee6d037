//! Dated documents ([`yizhan_documents::Document`]) while a service runs: published, listed, kept in memory.
//!
//! Documents come with a service, and are published to it while it runs. A published version never changes.
//!
//! [`Book`] keeps them in memory and notices what other processes publish. The service lists [`CreatePublishedRules`] in its
//! migrations, and answers its calls with [`documents!`], from a [`Desk`] or itself. A use case that writes takes its rules with [`Book::load`] from within
//! its transaction, so that it sees what is published at that moment.

mod book;
mod desk;
mod messages;
pub mod months;
mod publication;
mod queries;
mod store;

pub use book::{Book, RulesBook};
pub use desk::Desk;
pub use messages::problem;
pub use publication::{Publication, Published, publish, refuse_warnings, take_over};
pub use queries::{Page, Summary};
pub use store::{CreatePublishedRules, create_table};

/// Longest name or version of a document, in bytes.
pub(crate) const MAX_NAME: usize = 64;
