//! Each step of a practitioner's matter, and each registration, taken over gRPC.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

mod desk;
mod steps;
