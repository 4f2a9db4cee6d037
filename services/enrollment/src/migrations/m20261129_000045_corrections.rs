//! What takes back another contribution, whose a membership is, and since when a transfer waits for whom.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{date_null, text};

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            ("contribution", text("reverses").default("").to_owned()),
            ("membership", text("department").default("").to_owned()),
            ("transfer", date_null("waiting_since")),
        ];
        for (table, column) in columns {
            manager.alter_table(Table::alter().table(table).add_column(column).to_owned()).await?;
        }
        Ok(())
    }

    /// There is no way back: what was taken back would count again.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("what was taken back is not forgotten".to_owned()))
    }
}
