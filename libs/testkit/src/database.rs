//! A fresh database for one test.

use tempfile::TempDir;

use crate::postgres::{Durability, PostgresServer};
use crate::scratch;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file.
    Sqlite,
    /// A server of ours.
    Postgres,
}

/// A fresh, empty database. A SQLite file is removed when this is dropped; a PostgreSQL database goes with its server.
#[derive(Debug)]
pub struct TestDatabase {
    backend: Backend,
    url: String,
    _folder: Option<TempDir>,
}

impl TestDatabase {
    /// Of either kind, without durability on PostgreSQL.
    pub fn of(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => TestDatabase::sqlite(),
            Backend::Postgres => TestDatabase::postgres(),
        }
    }

    /// A SQLite file in a folder of its own, in memory if there is room.
    pub fn sqlite() -> Self {
        let folder = scratch::folder("yizhan-sqlite-");
        let url = format!("sqlite://{}/test.db", folder.path().display());
        TestDatabase { backend: Backend::Sqlite, url, _folder: Some(folder) }
    }

    /// On a PostgreSQL server that does not wait for the disk: for tests of behaviour.
    pub fn postgres() -> Self {
        TestDatabase::on(PostgresServer::shared(Durability::Off))
    }

    /// On a PostgreSQL server with its durability as shipped: for tests that kill things, and for benchmarks.
    pub fn postgres_durable() -> Self {
        TestDatabase::on(PostgresServer::shared(Durability::On))
    }

    /// On this server, which has to outlive it.
    pub fn on(server: &PostgresServer) -> Self {
        TestDatabase { backend: Backend::Postgres, url: server.create_database(), _folder: None }
    }

    /// Where it is: `sqlite://…` or `postgres://…`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Which kind it is.
    pub fn backend(&self) -> Backend {
        self.backend
    }
}
