//! Real databases for tests, free ports, process fixtures. Panics instead of returning errors: a test cannot go on.
//!
//! - [`both_databases!`] writes a test once and runs it on SQLite and on PostgreSQL.
//! - [`TestDatabase`] is a fresh database; the throw-away PostgreSQL server behind it is started on first use in a test
//!   process and goes away with the process, however it ends.
//! - [`Prepared`] are databases with the tables of services, for tests that need not see the migrations.
//! - [`RedisServer`], [`RedisSentinel`] and [`RedisCluster`] are throw-away Redis servers, to be killed, paused and poisoned.
//! - [`PostgresServer`] is a server of a test's own, to be stopped and killed.
//! - [`ServiceProcess`] runs a built binary, to be asked over gRPC, killed, stopped and restarted, with few descriptors, or with a
//!   [`ProcessClock`] of its own.
//! - [`Authority`] issues certificates, [`TokenMaker`] tokens.
//! - [`OtlpSink`] is a collector that keeps what services export.
//! - [`Proxy`] is a network that drops or cuts, [`SmallDisk`] a disk that is full.

#![allow(clippy::panic, reason = "a test that lacks what it needs ends")]

mod authority;
mod clock;
mod database;
mod otlp_sink;
mod ports;
mod postgres;
mod prepared;
mod process;
mod proxy;
mod redis_groups;
mod redis_server;
mod scratch;
mod small_disk;
mod tokens;

pub use authority::{Authority, TlsFiles};
pub use clock::ProcessClock;
pub use database::{Backend, TestDatabase};
pub use otlp_sink::{OtlpSink, Received};
pub use ports::free_port;
pub use postgres::PostgresServer;
pub use prepared::{MakeTables, Prepared};
pub use process::ServiceProcess;
pub use proxy::Proxy;
pub use redis_groups::{RedisCluster, RedisSentinel};
pub use redis_server::RedisServer;
pub use small_disk::SmallDisk;
pub use tokens::TokenMaker;

/// A moment as messages tell it, from RFC 3339.
pub fn moment(text: &str) -> Option<prost_types::Timestamp> {
    Some(text.parse().expect("a moment"))
}

/// Writes each test once and makes two of it, `<name>::sqlite` and `<name>::postgres`:
///
/// ```ignore
/// yizhan_testkit::both_databases! {
///     /// Goal of the test.
///     async fn a_person_is_imported_once(db: TestDatabase) {
///         let service = start(&db).await;
///         …
///     }
/// }
/// ```
#[macro_export]
macro_rules! both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($db:ident : TestDatabase) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports, reason = "a body may need nothing of it")]
            use super::*;

            async fn body($db: $crate::TestDatabase) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                body($crate::TestDatabase::sqlite()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                body($crate::TestDatabase::postgres()).await;
            }
        }
    )+};
}
