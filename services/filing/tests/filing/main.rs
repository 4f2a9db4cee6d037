//! Black-box tests through gRPC, each on SQLite and on PostgreSQL (with Redis). One file per behaviour.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::too_many_lines,
    reason = "a test that lacks what it needs ends; tables of cases are long"
)]

mod at_home;
mod bad_input;
mod change;
mod fake_settlement;
mod figures;
mod follow;
mod import;
mod life;
mod midnight;
mod office;
mod queue;
mod races;
mod seen;
mod sequences;
mod strangers;
mod submit;
mod support;
mod time;
mod unfit_ids;
mod watch;
mod who_may;
