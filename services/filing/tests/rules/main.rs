//! The rules that come with the service: read, found, and as tables of cases, each row with the document it is from.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::too_many_lines,
    reason = "a test that lacks what it needs ends; tables of cases are long"
)]

mod calendar;
mod documents;
mod placed;
mod problems;
mod settled;
mod treatment;

use chrono::NaiveDate;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap_or_else(|_| panic!("{text}"))
}
