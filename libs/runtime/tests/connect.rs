//! Connecting to a new database, by several at once.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use futures::future::join_all;
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db::connect;
use yizhan_testkit::TestDatabase;

/// Whoever comes while the new file is switched to WAL waits instead of failing.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_new_sqlite_file_is_opened_by_many_at_once() {
    for _ in 0..40 {
        let database = TestDatabase::sqlite();
        let config = DatabaseConfig::at(database.url());
        let tasks = (0..8).map(|_| {
            let config = config.clone();
            tokio::spawn(async move { connect(&config).await })
        });
        for connected in join_all(tasks.collect::<Vec<_>>()).await {
            connected.expect("no panic").expect("connected");
        }
    }
}
