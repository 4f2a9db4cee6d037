//! Account shares say kinship, the owner's consent, and its withdrawal.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{date_null, integer, text};

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (mut kinship, mut granted_by) = (integer("kinship"), text("granted_by"));
        let columns = [
            kinship.default(0).to_owned(),
            granted_by.default("").to_owned(),
            date_null("consent_date"),
            date_null("withdrawn_date"),
        ];
        for column in columns {
            let add = Table::alter().table("account_share").add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["kinship", "granted_by", "consent_date", "withdrawn_date"] {
            manager.alter_table(Table::alter().table("account_share").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
