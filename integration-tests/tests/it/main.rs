//! The platform from outside, one file for each behaviour; each test on SQLite and on PostgreSQL.
//!
//! `crash` starts the services as processes: `cargo build --workspace --all-targets` first, as `integration-tests/run` does.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that lacks what it needs ends"
)]

mod account_of_another_city;
mod accounts;
mod audit_rules;
mod audited;
mod away;
mod backup;
mod beside;
mod books;
mod callee_away;
mod cases;
mod certificates;
mod checked;
mod clocks;
mod companies;
mod concurrency;
mod contracts;
mod crash;
mod credited;
mod database_away;
mod deferrals;
mod drugs;
mod every_field;
mod family_account;
#[allow(clippy::print_stdout, reason = "what many rounds come to is told by hand")]
mod faults;
mod feed;
mod fees;
mod figures;
mod findings;
mod golden;
mod graded;
mod grades;
mod idempotency;
mod looks;
mod manual_payments;
mod merged_records;
mod mid_stay;
mod migrating;
mod months;
mod moves;
mod old_faults;
mod openings;
#[allow(clippy::print_stdout, reason = "what was seen is told")]
mod outages;
mod paid_elsewhere;
mod paid_once;
mod people;
mod people_credit;
mod points;
mod policies;
mod proposed;
mod python_client;
mod quotes;
mod rankings;
#[allow(clippy::print_stdout, reason = "the table of rates is printed")]
mod rates;
mod recognised;
mod reconciliation;
mod reference;
mod refusals;
mod register_followed;
mod register_unmerged;
mod reimbursements;
mod replay;
mod resettled;
mod resettlement;
mod reversal;
mod right_days;
#[allow(clippy::print_stdout, reason = "what was measured is told")]
mod rolling;
mod seven_payers;
#[allow(clippy::print_stdout, reason = "what was seen is told")]
mod slow;
mod snapshots;
#[allow(clippy::print_stdout, reason = "what was measured is told")]
mod soak;
mod suite;
mod support;
mod transfer;
mod trials;
mod two_dates;
mod who_follows;
mod who_may;
