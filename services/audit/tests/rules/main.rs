//! What rules find and what they do not, kind by kind, and what is wrong with documents.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test cannot go on without what it needs")]

mod documents;
mod kinds;
mod knowledge;
mod lawful;
mod properties;
mod reach;
mod support;
mod year;
