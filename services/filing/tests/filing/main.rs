//! Black-box tests through gRPC, each on SQLite and on PostgreSQL (with Redis). One file per behaviour.

mod import;
mod submit;
mod support;
mod watch;
