//! 参保: who is covered, by what, on which day.
//!
//! The way of a request: `api` (proto in, proto out) → one use case per file (`import_persons`, …, `get_eligibility`) →
//! `domain` (pure rules) and `store` (tables). A person's whole register is one [`Timeline`](domain::timeline::Timeline),
//! from which any as-of question is answered.

#![warn(missing_docs)]

pub mod access;
mod api;
pub mod app;
mod change_coverage;
mod clients;
mod contribution_check;
pub mod domain;
mod enrolment;
mod entitlement_rules;
mod get_ledger;
mod import_disease_entitlements;
mod list_contributions;
mod list_unenrolled;
mod merge_persons;
pub mod migrations;
pub mod person;
mod record_contributions;
mod record_death;
pub mod register;
mod register_newborn;
mod repair_waiting;
mod reverify_disease_entitlement;
mod rights;
mod rosters;
pub mod rules;
mod service;
pub mod store;
mod transfers;

pub use domain::access_chain::LogKey;
pub use register::Register;
pub use service::{DEFAULT_PORT, EnrollmentConfig, serve};
