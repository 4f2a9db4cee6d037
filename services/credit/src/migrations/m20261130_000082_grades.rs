//! How institutions stand in areas.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{binary, text};
use yizhan_runtime::db::table;

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = vec![text("poolarea_no"), text("fixmedins_code"), binary("standing")];
        manager.create_table(table("institution_grade", &["poolarea_no", "fixmedins_code"], columns)).await
    }

    /// There is no way back: what follows from the ledger is not thrown away alone.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the grades of credit are not thrown away".to_owned()))
    }
}
