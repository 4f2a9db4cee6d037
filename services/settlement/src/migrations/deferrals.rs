//! 信用支付

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::create;
use crate::books::store::deferrals;
use crate::deferrals::store;

/// Debts, and what persons agreed to.
pub struct CreateDeferrals;

const INDEXES: [&str; 4] = [
    // Open or repaid: the cash of a settlement is deferred once while that stands.
    "CREATE UNIQUE INDEX deferrals_settlement_once ON deferrals (setl_id) WHERE state IN (1, 2)",
    "CREATE INDEX deferrals_person ON deferrals (psn_no, deferral_id)",
    "CREATE INDEX deferrals_institution ON deferrals (fixmedins_code, deferral_id)",
    "CREATE INDEX deferrals_owed ON deferrals (poolarea_no, grace_until) WHERE state = 1",
];

impl MigrationName for CreateDeferrals {
    fn name(&self) -> &str {
        "m20261130_000080_deferrals"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateDeferrals {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, deferrals::Entity).await?;
        create(manager, store::Entity).await?;
        for statement in INDEXES {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
