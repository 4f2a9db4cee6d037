//! What the black-box tests in `tests/it` are written with: a platform of real servers, persons, visits, and a client.
//!
//! ```ignore
//! let platform = TestPlatform::on(&db).with_person(Person::employee("P1").retired()).start().await;
//! let settled = platform.settle("R1", visit("P1").inpatient("2024-03-01", "2024-03-10").line(CARE, "1", "8000")).await.unwrap();
//! assert_adds_up(&settled);
//! ```
//!
//! Everything is asked over gRPC. The database is looked at directly only to prove that nothing was written, and to
//! tamper with it.

#![allow(clippy::panic, reason = "a test that lacks what it needs ends")]

pub mod checks;
mod client;
pub mod database;
mod filings;
mod person;
mod places;
mod platform;
mod visit;

pub use client::{Answer, Client, NOBODY, refused, reversal_of, settle_request};
pub use person::{Person, relative_share};
pub use places::*;
pub use platform::{Setup, TestPlatform};
pub use visit::{VisitBuilder, visit};
