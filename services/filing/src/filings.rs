//! The register of filings: submitted, taken step by step through their life, imported, listed, followed.

mod actors;
mod advance;
mod api;
mod changes;
pub mod domain;
mod follow_register;
mod get_filing;
mod import_filings;
mod list_queue;
mod messages;
pub mod store;
pub mod submission;
mod submit;
mod sweep;
mod watch_filings;

pub use api::FilingApi;
pub use follow_register::FollowRegister;
pub use sweep::{keep_sweeping, sweep};
