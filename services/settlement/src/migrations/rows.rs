//! How PostgreSQL lays out the rows that every settlement writes.

use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

/// The migration. It takes no lock that readers or writers wait for, and rows of before stay as they are.
pub struct LayOutRows;

/// - A settlement's row is kept whole, two in a page: cut up, it is three rows and three entries of indexes. New partitions have it of
///   their own, see [`MONTHLY`](crate::books::store::partitions::MONTHLY).
/// - Years are counted up in their page, without new entries in indexes, as long as it has room for both.
const LAY_OUT: &str = "DO $$ DECLARE part regclass; BEGIN \
    FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'settlements'::regclass LOOP \
        EXECUTE format('ALTER TABLE %s SET (toast_tuple_target = 4080)', part); \
    END LOOP; \
    ALTER TABLE accumulated SET (fillfactor = 80); \
    END $$";

impl MigrationName for LayOutRows {
    fn name(&self) -> &str {
        "m20261201_000088_rows"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for LayOutRows {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            manager.get_connection().execute_unprepared(LAY_OUT).await?;
        }
        Ok(())
    }
}
