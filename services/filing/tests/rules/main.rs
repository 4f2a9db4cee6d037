//! The rules that come with the service: read, found, and as tables of cases, each row with the document it is from.

mod calendar;
mod documents;
mod problems;
mod settled;
mod treatment;

use chrono::NaiveDate;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap_or_else(|_| panic!("{text}"))
}
