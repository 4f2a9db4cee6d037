//! Black-box tests through gRPC, each on SQLite and on PostgreSQL. One file per behaviour.

mod eligibility;
mod hammer;
mod idempotency;
mod import;
mod list;
mod operate;
mod support;
mod two_times;
