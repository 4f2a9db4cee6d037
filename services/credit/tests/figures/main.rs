//! What the feeds of settlement and audit come to, however they are told.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

mod crash;
mod desk;
mod feed;
mod told;
