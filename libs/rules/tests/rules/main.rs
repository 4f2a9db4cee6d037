//! Documents are read, decide by area and day, and are published once.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

mod book;
mod find;
mod read;
mod support;
