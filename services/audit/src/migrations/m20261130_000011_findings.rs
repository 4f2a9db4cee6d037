//! Findings, and what became of them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{binary, boolean, integer, text, timestamp_with_time_zone};
use yizhan_runtime::db::table;

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

const INDEXES: [&str; 5] = [
    "CREATE INDEX finding_area ON finding (poolarea_no, enddate, jr_id)",
    // States: 1 OPEN.
    "CREATE INDEX finding_open ON finding (poolarea_no, enddate, jr_id) WHERE state = 1",
    "CREATE INDEX finding_institution ON finding (fixmedins_code, poolarea_no, enddate, jr_id)",
    "CREATE INDEX finding_visit ON finding (fixmedins_code, mdtrt_id)",
    "CREATE INDEX finding_case ON finding (case_id) WHERE case_id <> ''",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(finding()).await?;
        manager.create_table(finding_step()).await?;
        manager.get_connection().execute_unprepared(&INDEXES.join(";")).await?;
        Ok(())
    }

    /// There is no way back: what was found is evidence.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("findings are not thrown away".to_owned()))
    }
}

fn finding() -> TableCreateStatement {
    table(
        "finding",
        &["jr_id"],
        vec![
            text("jr_id"),
            integer("version"),
            integer("state"),
            integer("origin"),
            boolean("shadow"),
            boolean("stands"),
            text("poolarea_no"),
            text("fixmedins_code"),
            text("mdtrt_id"),
            text("setl_id"),
            text("enddate"),
            text("rule_id"),
            binary("violation"),
            text("case_id"),
            timestamp_with_time_zone("found_at"),
            timestamp_with_time_zone("changed_at"),
        ],
    )
}

fn finding_step() -> TableCreateStatement {
    table(
        "finding_step",
        &["jr_id", "step_no"],
        vec![
            text("jr_id"),
            integer("step_no"),
            integer("state"),
            text("actor"),
            text("opter"),
            text("reason"),
            timestamp_with_time_zone("recorded_at"),
        ],
    )
}
