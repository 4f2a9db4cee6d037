//! Accounts move with their owners.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

/// The migration.
pub struct MoveAccounts;

impl MigrationName for MoveAccounts {
    fn name(&self) -> &str {
        "m20261129_000061_account_moves"
    }
}

/// A transfer moves a balance once: out of one area's books, and into another's.
const ONCE: &str = "CREATE UNIQUE INDEX account_bookings_transfer_once ON account_bookings (transfer_id, poolarea_no) \
                    WHERE transfer_id <> ''";

#[async_trait::async_trait]
impl MigrationTrait for MoveAccounts {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The tables are made from their entities: new ones have the columns.
        for (table, column) in [("accounts", "moved_to"), ("account_bookings", "transfer_id")] {
            if !manager.has_column(table, column).await? {
                let add = format!("ALTER TABLE {table} ADD COLUMN {column} varchar NOT NULL DEFAULT ''");
                manager.get_connection().execute_unprepared(&add).await?;
            }
        }
        manager.get_connection().execute_unprepared(ONCE).await.map(drop)
    }
}
