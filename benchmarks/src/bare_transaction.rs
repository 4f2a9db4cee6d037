//! The ceiling: what the same PostgreSQL does, through the same client library, when a request is nothing but a durable
//! transaction of two updates and an insert by key.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db;
use yizhan_runtime::db::{DatabaseConnection, begin_write};

use crate::load::{Rate, Until, closed_loop};

/// Rows of each of the two updated tables.
const ROWS: i64 = 100_000;

const TABLES: &str = "
    CREATE TABLE bare_account (id bigint PRIMARY KEY, version bigint NOT NULL, balance_fen bigint NOT NULL);
    CREATE TABLE bare_total (id bigint PRIMARY KEY, version bigint NOT NULL, total_fen bigint NOT NULL);
    CREATE TABLE bare_entry (id bigint PRIMARY KEY, account bigint NOT NULL, amount_fen bigint NOT NULL);
    INSERT INTO bare_account SELECT n, 0, 0 FROM generate_series(1, 100000) n;
    INSERT INTO bare_total SELECT n, 0, 0 FROM generate_series(1, 100000) n;
    VACUUM ANALYZE bare_account;
    VACUUM ANALYZE bare_total";
const UPDATE_ACCOUNT: &str =
    "UPDATE bare_account SET version = version + 1, balance_fen = balance_fen + $2 WHERE id = $1";
const UPDATE_TOTAL: &str =
    "UPDATE bare_total SET version = version + 1, total_fen = total_fen + $2 WHERE id = $1";
const INSERT_ENTRY: &str = "INSERT INTO bare_entry VALUES ($1, $2, $3)";

/// The tables and a pool.
pub struct BareTransaction {
    db: DatabaseConnection,
    next: Arc<AtomicU64>,
    random: RandomState,
}

impl BareTransaction {
    /// Makes the tables in an empty database.
    pub async fn prepare(url: &str, max_connections: u32) -> anyhow::Result<BareTransaction> {
        let db = db::connect(&DatabaseConfig { max_connections, ..DatabaseConfig::at(url) }).await?;
        for statement in TABLES.split(';') {
            db.execute_unprepared(statement).await?;
        }
        Ok(BareTransaction { db, next: Arc::default(), random: RandomState::new() })
    }

    /// Keeps so many transactions going.
    pub async fn rate(&self, in_flight: usize, until: Until) -> anyhow::Result<Rate> {
        let (db, next, random) = (self.db.clone(), self.next.clone(), self.random.clone());
        let job = move || {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let row = |salt: u64| (random.hash_one((number, salt)) % ROWS as u64) as i64 + 1;
            transaction(db.clone(), number as i64, row(1), row(2))
        };
        closed_loop(in_flight, until, job).await
    }
}

async fn transaction(db: DatabaseConnection, number: i64, account: i64, total: i64) -> anyhow::Result<()> {
    let amount_fen = 100;
    let tx = begin_write(&db).await?;
    tx.execute_raw(statement(UPDATE_ACCOUNT, [account.into(), amount_fen.into()])).await?;
    tx.execute_raw(statement(UPDATE_TOTAL, [total.into(), amount_fen.into()])).await?;
    tx.execute_raw(statement(INSERT_ENTRY, [number.into(), account.into(), amount_fen.into()])).await?;
    Ok(tx.commit().await?)
}

fn statement<const N: usize>(sql: &str, values: [Value; N]) -> Statement {
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}
