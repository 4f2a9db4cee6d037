//! What audit decided to recover.

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::create;
use crate::books::store::recoveries::{recovered_line, recovery};

/// Recoveries, and the lines they hold.
pub struct CreateRecoveries;

const INDEXES: [&str; 5] = [
    "CREATE INDEX recoveries_settlement ON recoveries (setl_id)",
    "CREATE INDEX recoveries_institution ON recoveries (fixmedins_code, recovery_id)",
    "CREATE UNIQUE INDEX recoveries_decision_once ON recoveries (case_id, decision_no, setl_id) WHERE undoes_recovery_id = ''",
    "CREATE UNIQUE INDEX recoveries_undone_once ON recoveries (undoes_recovery_id) WHERE undoes_recovery_id <> ''",
    "CREATE INDEX recovered_lines_recovery ON recovered_lines (recovery_id)",
];

impl MigrationName for CreateRecoveries {
    fn name(&self) -> &str {
        "m20261130_000065_recoveries"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateRecoveries {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, recovery::Entity).await?;
        create(manager, recovered_line::Entity).await?;
        for statement in INDEXES {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
