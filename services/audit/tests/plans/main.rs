//! Plans, selections, checks and samples over gRPC, on both databases.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod checks;
mod plans;
mod samples;
mod selections;
mod support;
