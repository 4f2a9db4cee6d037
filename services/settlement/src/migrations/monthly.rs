//! Settlements and the journal by month, on PostgreSQL.

use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};
use yizhan_runtime::db::monthly::{divide, grant_alike};
use yizhan_runtime::ids;

use super::journal::VIEW;
use crate::books::store::partitions::MONTHLY;

/// The migration. The tables of before become the first partitions. Older processes work on them as before.
pub struct DivideByMonth;

impl MigrationName for DivideByMonth {
    fn name(&self) -> &str {
        "m20261130_000087_monthly"
    }
}

/// No index over several partitions is unique but by the id they are kept by: that a settlement is reversed once is the key of a table of
/// its own. It is written by whoever writes a reversal, older processes too.
const REVERSED_ONCE: [&str; 4] = [
    "CREATE TABLE settlement_reversals (poolarea_no varchar NOT NULL, reverses_setl_id varchar NOT NULL, setl_id varchar NOT NULL, \
     PRIMARY KEY (poolarea_no, reverses_setl_id))",
    "INSERT INTO settlement_reversals SELECT poolarea_no, reverses_setl_id, setl_id FROM settlements WHERE reverses_setl_id <> ''",
    "CREATE FUNCTION settlement_is_reversed_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
     INSERT INTO settlement_reversals VALUES (NEW.poolarea_no, NEW.reverses_setl_id, NEW.setl_id); RETURN NULL; END $$",
    "CREATE TRIGGER settlements_reversed_once AFTER INSERT ON settlements FOR EACH ROW \
     WHEN (NEW.reverses_setl_id <> '') EXECUTE FUNCTION settlement_is_reversed_once()",
];

#[async_trait::async_trait]
impl MigrationTrait for DivideByMonth {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() != DbBackend::Postgres {
            return Ok(());
        }
        let db = manager.get_connection();
        divide(db, &MONTHLY, ids::now()).await?;
        // Whoever may write the one may write the other.
        let alike = grant_alike("settlements", "settlement_reversals");
        for statement in REVERSED_ONCE.into_iter().chain([VIEW, &alike]) {
            db.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
