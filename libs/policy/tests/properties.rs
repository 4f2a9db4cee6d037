//! Properties of the engine on random policies and bills (design: "Settlement, the heart").
//!
//! - `agreement`: the engine answers to the fen what a plain reference calculator answers, from
//!   the policy's structs and from the document they are written as; the identities hold; the
//!   order of lines does not matter; the same case gives the same outcome.
//! - `years`: what a year may cost at most, whatever the visits; what is reversed is restored.
//! - `splitting`: a bill split into two visits; a larger bill.
//! - `parts`: a stay settled in parts.
//! - `remote`: care away from home never pays more than care at home.
//! - `beside`: a product in a document of its own pays what the same layers in the one document pay.
//! - `coverage`: the random policies and cases really reach what the properties speak of.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::too_many_lines,
    reason = "a test that lacks what it needs ends; tables of cases are long"
)]

mod generate;
mod reference;

#[path = "properties/agreement.rs"]
mod agreement;
#[path = "properties/beside.rs"]
mod beside;
#[path = "properties/coverage.rs"]
mod coverage;
#[path = "properties/parts.rs"]
mod parts;
#[path = "properties/remote.rs"]
mod remote;
#[path = "properties/splitting.rs"]
mod splitting;
#[path = "properties/support.rs"]
mod support;
#[path = "properties/years.rs"]
mod years;
