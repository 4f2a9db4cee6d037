//! 参保: who is covered, by what, on which day.
//!
//! The way of a request: `api` (proto in, proto out) → one use case per file (`import_persons`, …, `get_eligibility`) →
//! `domain` (pure rules) and `store` (tables). A person's whole register is one [`Timeline`](domain::timeline::Timeline),
//! from which any as-of question is answered.

#![warn(missing_docs)]

mod access_log;
mod api;
mod certificates;
mod change_coverage;
mod changes;
mod clients;
mod config;
mod contribution_check;
pub mod domain;
mod enrolment;
mod entitlement_rules;
mod find_person;
mod get_cache_status;
mod get_eligibility;
mod get_ledger;
mod get_person;
mod import;
mod import_account_shares;
mod import_coverages;
mod import_disease_entitlements;
mod import_identities;
mod import_memberships;
mod import_persons;
mod list_contributions;
mod list_persons;
mod list_unenrolled;
mod merge_persons;
mod once;
mod record_contributions;
mod record_death;
mod register;
mod register_newborn;
mod repair_waiting;
mod reverify_disease_entitlement;
mod rights;
mod rosters;
mod rotate_keys;
mod service;
pub mod store;
mod transfers;
mod watch_register;

pub use config::EnrollmentConfig;
pub use domain::access_chain::LogKey;
pub use register::Register;
pub use service::serve;
