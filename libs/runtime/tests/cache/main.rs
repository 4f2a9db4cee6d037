//! An answer from the cache reflects at least everything that was committed `max_staleness` before the question, whatever
//! happens to Redis; and after quiet every cached value is the database's.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that lacks what it needs ends"
)]

mod groups;
mod hammer;
mod keeping;
mod ledger;
mod reading;
mod redis_failures;
mod support;
