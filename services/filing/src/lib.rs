//! 异地就医备案: the register of remote-care filings and its rules.
//!
//! The way of a request: `api` (proto in, proto out) → one use case per file (`submit`, `advance`, …, `find_filing`) → `domain` (pure
//! rules) and `store` (tables). What of a person's filings matters to a visit is one [`Standings`](domain::standing::Standings), from which
//! settlement's questions are answered.

#![warn(missing_docs)]

mod actors;
mod advance;
mod api;
mod changes;
mod config;
pub mod domain;
mod figures;
mod find_filing;
mod following;
mod get_filing;
mod import_filings;
mod list_queue;
mod record_manual_reimbursement;
mod register;
mod rules_documents;
mod service;
pub mod store;
mod submit;
mod sweep;
mod watch_filings;

pub use config::FilingConfig;
pub use register::Register;
pub use service::{open, serve};
pub use sweep::sweep;
