//! The access log says which settlement was looked at.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::text;

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut subject = text("subject");
        let add = Table::alter().table("access_log").add_column(subject.default("")).to_owned();
        manager.alter_table(add).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("access_log").drop_column("subject").to_owned()).await
    }
}
