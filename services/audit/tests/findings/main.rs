//! The third line of defence behind a feed: what is found, withdrawn, found again, and that it is the same however it was told.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

mod chaos;
mod crash;
mod desk;
mod feed;
mod following;
mod people;
mod statistics;
