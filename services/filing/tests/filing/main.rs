//! Black-box tests through gRPC, each on SQLite and on PostgreSQL (with Redis). One file per behaviour.

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
