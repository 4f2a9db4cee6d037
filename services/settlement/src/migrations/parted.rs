//! Merges that were taken back.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::create;
use crate::books::store::parted;

/// The migration.
pub struct CreateParted;

impl MigrationName for CreateParted {
    fn name(&self) -> &str {
        "m20261129_000068_parted"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateParted {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, parted::Entity).await?;
        let by_kept = "CREATE INDEX parted_person_kept ON parted_person (kept_psn_no)";
        manager.get_connection().execute_unprepared(by_kept).await.map(drop)
    }
}
