//! How practitioners stand.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, text};
use yizhan_runtime::db::table;

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = vec![text("practitioner_code"), big_integer("version"), binary("timeline")];
        manager.create_table(table("qualification", &["practitioner_code"], columns)).await
    }

    /// There is no way back: what follows from the ledger is not thrown away alone.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the qualifications of credit are not thrown away".to_owned()))
    }
}
