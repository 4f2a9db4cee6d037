//! 零星报销

use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::create;
use crate::reimbursements::store;
use crate::reimbursements::store::pay;

/// Applications, the bills they hold, runs and payments.
pub struct CreateReimbursements;

const INDEXES: [&str; 7] = [
    "CREATE INDEX reimbursements_state ON reimbursements (poolarea_no, state, reimbursement_id)",
    "CREATE INDEX reimbursements_due ON reimbursements (poolarea_no, due) WHERE due <> ''",
    "CREATE INDEX reimbursements_person ON reimbursements (psn_no, reimbursement_id)",
    "CREATE INDEX reimbursement_bills_of ON reimbursement_bills (reimbursement_id)",
    "CREATE UNIQUE INDEX payment_runs_day_once ON payment_runs (poolarea_no, run_date)",
    "CREATE INDEX reimbursement_payments_run ON reimbursement_payments (run_id, payment_id)",
    // Listed or paid: nothing is paid twice.
    "CREATE UNIQUE INDEX reimbursement_payments_once ON reimbursement_payments (reimbursement_id) WHERE state IN (1, 2)",
];

impl MigrationName for CreateReimbursements {
    fn name(&self) -> &str {
        "m20261130_000070_reimbursements"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateReimbursements {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(manager, store::Entity).await?;
        create(manager, store::bill::Entity).await?;
        create(manager, pay::run::Entity).await?;
        create(manager, pay::payment::Entity).await?;
        for statement in INDEXES {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
