//! Black-box tests through gRPC, each on SQLite and on PostgreSQL. One file per behaviour.

mod access_log;
mod coverage;
mod coverage_input;
mod coverage_rules;
mod eligibility;
mod hammer;
mod idempotency;
mod import;
mod ledger;
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
mod support;
mod transfer;
mod two_times;
mod watch;
mod who_may;
