//! Looking into a service's database behind its back.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db::{DatabaseConnection, connect};

/// Opens the database at an address that a service uses too.
pub async fn open(url: &str) -> DatabaseConnection {
    connect(&DatabaseConfig::at(url)).await.expect("the database is there")
}

/// Rows of every table.
pub async fn row_counts(db: &DatabaseConnection) -> BTreeMap<String, i64> {
    let tables = match db.get_database_backend() {
        DbBackend::Postgres => {
            "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        }
        _ => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    };
    let mut counts = BTreeMap::new();
    for table in query(db, tables).await {
        let table: String = table.try_get("", "name").expect("a name");
        let count = number(db, &format!("SELECT COUNT(*) AS value FROM {table}")).await;
        counts.insert(table, count);
    }
    counts
}

/// The `value` of the one row a query gives.
pub async fn number(db: &DatabaseConnection, sql: &str) -> i64 {
    let rows = query(db, sql).await;
    assert_eq!(rows.len(), 1, "{sql}");
    rows[0].try_get("", "value").expect("a number")
}

/// Changes something; exactly one row, or the test is wrong.
pub async fn tamper(db: &DatabaseConnection, sql: &str) {
    let done = db.execute_unprepared(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    assert_eq!(done.rows_affected(), 1, "{sql}");
}

/// The rows a query gives.
pub async fn query(db: &DatabaseConnection, sql: &str) -> Vec<sea_orm::QueryResult> {
    let statement = Statement::from_string(db.get_database_backend(), sql);
    db.query_all_raw(statement).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}
