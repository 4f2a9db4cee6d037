//! The documents are true as far as a program can tell: links lead somewhere, files and reasons that are named exist, numbers
//! are those of the code, and the README stays short.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that lacks what it needs ends"
)]

mod contract;
mod faults;
mod followers;
mod limits;
mod links;
mod names;
mod rooms;
mod settings;
mod sources;
mod transactions;
