//! Documents of plan rules.

use sea_orm_migration::prelude::*;

/// Where they are kept.
pub const RULES: &str = "published_plan_rules";

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        yizhan_rules::create_table(manager, RULES).await
    }

    /// There is no way back: what was checked was checked by them.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("rules are not thrown away".to_owned()))
    }
}
