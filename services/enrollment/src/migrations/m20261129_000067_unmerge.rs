//! What a merge moved, and merges that were taken back.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text};

use yizhan_runtime::db::table;

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let moved = text("moved").default("").to_owned();
        manager.alter_table(Table::alter().table("person_merge").add_column(moved).to_owned()).await?;
        let columns = vec![
            text("psn_no"),
            big_integer("version"),
            text("kept_psn_no"),
            text("merge_reason"),
            text("reason"),
        ];
        manager.create_table(table("person_unmerge", &["psn_no", "version"], columns)).await
    }

    /// There is no way back: which merges were taken back would be forgotten.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("merges that were taken back are not forgotten".to_owned()))
    }
}
