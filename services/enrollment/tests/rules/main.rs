//! The national rules on entitlement as tables of cases: one file per family, each row with the document it is from.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::too_many_lines,
    reason = "a test that lacks what it needs ends; tables of cases are long"
)]

mod build;
mod employee;
mod newborn;
mod resident;
mod reward;
mod switch;
