//! One process at a time.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::DatabaseTransaction;

/// Keeps other processes that ask for the same name out until the transaction ends. On SQLite a write transaction does that
/// by itself.
pub async fn lock(tx: &DatabaseTransaction, name: &str) -> Result<(), DbErr> {
    if tx.get_database_backend() == DbBackend::Postgres {
        let sql = "SELECT pg_advisory_xact_lock(hashtext($1))";
        tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [name.into()])).await?;
    }
    Ok(())
}
