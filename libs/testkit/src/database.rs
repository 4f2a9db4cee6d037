//! A fresh database for one test.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use tempfile::TempDir;

use crate::postgres::{Durability, PostgresServer};
use crate::prepared::{Prepared, file_of};
use crate::scratch;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file.
    Sqlite,
    /// A server of ours.
    Postgres,
}

/// A fresh, empty database; clones are the same one. A SQLite file is removed with the last of them; a PostgreSQL database goes with its
/// server.
#[derive(Clone, Debug)]
pub struct TestDatabase {
    backend: Backend,
    /// Not there yet: a PostgreSQL database that nobody has used, and that may still be one with tables.
    url: Arc<OnceLock<String>>,
    folder: Option<Arc<TempDir>>,
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
        let url = format!("sqlite://{}", file(&folder).display());
        TestDatabase { folder: Some(Arc::new(folder)), ..TestDatabase::at(Backend::Sqlite, url) }
    }

    /// On a PostgreSQL server that does not wait for the disk: for tests of behaviour.
    pub fn postgres() -> Self {
        TestDatabase { backend: Backend::Postgres, url: Arc::default(), folder: None }
    }

    /// On a PostgreSQL server with its durability as shipped: for tests that kill things, and for benchmarks.
    pub fn postgres_durable() -> Self {
        TestDatabase::on(PostgresServer::shared(Durability::On))
    }

    /// On this server, which has to outlive it.
    pub fn on(server: &PostgresServer) -> Self {
        TestDatabase::at(Backend::Postgres, server.create_database())
    }

    fn at(backend: Backend, url: String) -> Self {
        TestDatabase { backend, url: Arc::new(OnceLock::from(url)), folder: None }
    }

    /// Puts the tables of a service into it, unless somebody has used it before. On PostgreSQL that is done for the first database of a
    /// service in a process; further ones stay empty, which costs them the time of the migrations.
    pub async fn prepare(&self, prepared: &Prepared, service: &str) {
        if let Some(folder) = &self.folder {
            if !file(folder).exists() {
                let from = file_of(prepared.folder().await, service);
                std::fs::copy(from, file(folder)).expect("a copy");
            }
        } else if self.url.get().is_none() {
            let server = PostgresServer::shared_with(prepared).await;
            if let Some(url) = server.take_prepared(service) {
                // Whoever used it meanwhile keeps the empty one.
                let _ = self.url.set(url);
            }
        }
    }

    /// Where it is: `sqlite://…` or `postgres://…`.
    pub fn url(&self) -> &str {
        self.url.get_or_init(|| PostgresServer::shared(Durability::Off).create_database())
    }

    /// Which kind it is.
    pub fn backend(&self) -> Backend {
        self.backend
    }
}

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("test.db")
}
