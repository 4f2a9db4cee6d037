//! Bringing the tables up to date at start, by however many processes start at once.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::{ColumnDef, Index, Table, TableCreateStatement};

use super::{DatabaseConnection, DatabaseTransaction, connect};
use crate::config::DatabaseConfig;
use crate::feed;

/// "yizhan" in ASCII: the advisory lock all processes of ours take around migrations.
const MIGRATION_LOCK: i64 = 0x7969_7a68_616e;
/// How long a statement of it may take, also one that waits for another process's migration: longer than a request may.
pub(super) const MIGRATION_TIMEOUT: Duration = Duration::from_secs(600);

/// Applies the pending migrations in one transaction: all or none, and one process at a time (an advisory lock on
/// PostgreSQL, the write lock on SQLite); the others wait and find nothing left to do.
pub async fn migrate<M: MigratorTrait>(db: &DatabaseConnection) -> Result<(), DbErr> {
    let tx = db.answering_within(MIGRATION_TIMEOUT).begin().await?;
    if tx.get_database_backend() == DbBackend::Postgres {
        let limit = MIGRATION_TIMEOUT.as_secs();
        tx.execute_unprepared(&format!(
            "SET LOCAL lock_timeout = '{limit}s'; SET LOCAL statement_timeout = '{limit}s'"
        ))
        .await?;
        lock_migrations(&tx).await?;
    }
    M::up(&tx, None).await?;
    tx.commit().await
}

/// Keeps other processes from changing tables until the transaction ends.
pub(super) async fn lock_migrations(tx: &DatabaseTransaction) -> Result<(), DbErr> {
    tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")).await.map(drop)
}

/// Connects to the database of a service, brings its tables up to date, and sees that its feed fits: how a service begins, and all that
/// `--migrate` does.
pub async fn open<M: MigratorTrait>(config: &DatabaseConfig) -> anyhow::Result<DatabaseConnection> {
    let db = connect(config).await?;
    migrate::<M>(&db).await?;
    feed::check(&db).await?;
    Ok(db)
}

/// For migrations: a table with these columns, some of which are its key.
pub fn table(name: &'static str, key: &[&'static str], columns: Vec<ColumnDef>) -> TableCreateStatement {
    let mut primary_key = Index::create();
    for column in key {
        primary_key.col(*column);
    }
    let mut table = Table::create();
    table.table(name).primary_key(&mut primary_key);
    for column in columns {
        table.col(column);
    }
    table
}
