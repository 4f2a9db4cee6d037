//! 参保: who is covered, by what, on which day.
//!
//! The way of a request: `api` (proto in, proto out) → one use case per file (`import_persons`, …, `get_eligibility`) →
//! `domain` (pure rules) and `store` (tables). A person's whole register is one [`Timeline`](domain::timeline::Timeline),
//! from which any as-of question is answered.

#![warn(missing_docs)]

pub mod access;
mod api;
pub mod app;
mod clients;
pub mod coverage;
pub mod domain;
pub mod ledger;
pub mod merges;
pub mod migrations;
pub mod person;
pub mod register;
mod rights;
mod rosters;
pub mod rules;
mod service;
pub mod store;
mod transfers;

pub use domain::access_chain::LogKey;
pub use register::Register;
pub use service::{DEFAULT_PORT, EnrollmentConfig, serve};
