//! Black-box tests through gRPC, each on SQLite and on PostgreSQL. One file per behaviour.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::string_slice,
    clippy::too_many_lines,
    reason = "a test that lacks what it needs ends; tables of cases are long"
)]

mod access_log;
mod corrections;
mod corrupt_rows;
mod coverage;
mod coverage_input;
mod coverage_rules;
mod departments;
mod eligibility;
mod hammer;
mod households;
mod idempotency;
mod import;
mod ledger;
mod lifecycle;
mod list;
mod logs;
mod merge;
mod operate;
mod personal_data;
mod renamed_tables;
mod rights;
mod roster;
mod roster_large;
mod roster_support;
mod sequences;
mod shares;
mod support;
mod transfer;
mod two_times;
mod unmerge;
mod watch;
mod who_may;
