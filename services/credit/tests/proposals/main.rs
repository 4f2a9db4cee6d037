//! What audit decided of practitioners' lines, and what waits for points because of it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

mod crash;
mod desk;
mod feed;
mod following;
mod left;
