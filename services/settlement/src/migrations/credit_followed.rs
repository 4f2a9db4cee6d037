//! Settlement follows credit's feed.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::create;
use crate::books::store::practitioner_days;

/// Whose services stand on which day, what was given back, and items of its own.
pub struct FollowCredit;

const INDEXES: [&str; 3] = [
    // What credit is still to be asked about: few, and none for long.
    "CREATE INDEX practitioner_days_unasked ON practitioner_days (setl_id) WHERE status = 0",
    "DROP INDEX work_item_open",
    // By another name: a connection of SQLite may not know yet that another one has dropped the first.
    "CREATE UNIQUE INDEX work_item_open_by_whom ON work_item (setl_id, found_by) WHERE state = 'OPEN'",
];

impl MigrationName for FollowCredit {
    fn name(&self) -> &str {
        "m20261130_000086_credit_followed"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for FollowCredit {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, practitioner_days::Entity).await?;
        // The tables are made from their entities: new ones have them.
        for (table, column, of) in [
            ("recoveries", "given_back_fen", "bigint NOT NULL DEFAULT 0"),
            ("work_item", "found_by", "varchar NOT NULL DEFAULT ''"),
        ] {
            if !manager.has_column(table, column).await? {
                let add = format!("ALTER TABLE {table} ADD COLUMN {column} {of}");
                manager.get_connection().execute_unprepared(&add).await?;
            }
        }
        for statement in INDEXES {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
