//! The platform from outside, one file for each behaviour; each test on SQLite and on PostgreSQL.

mod concurrency;
mod family_account;
mod idempotency;
mod python_client;
mod quotes;
mod refusals;
mod reversal;
mod seven_payers;
mod support;
