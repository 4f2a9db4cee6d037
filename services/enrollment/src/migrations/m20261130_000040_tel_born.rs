//! Who has a phone and was born on a day: of a phone that was entered for everybody, few.

use sea_orm_migration::prelude::*;

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

const UP: &str = "CREATE INDEX person_tel_born ON person (tel_digest, brdy); DROP INDEX person_tel_digest";
const DOWN: &str = "CREATE INDEX person_tel_digest ON person (tel_digest); DROP INDEX person_tel_born";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(UP).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(DOWN).await.map(drop)
    }
}
