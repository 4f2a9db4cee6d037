//! What audit decided of practitioners' lines, to be decided on in points.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{binary, boolean, integer, text, timestamp_with_time_zone};
use yizhan_runtime::db::table;

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

const INDEXES: [&str; 3] = [
    "CREATE UNIQUE INDEX proposal_decision ON proposal (case_id, decision_no, practitioner_code)",
    "CREATE INDEX proposal_queue ON proposal (poolarea_no, state, proposal_id)",
    "CREATE INDEX proposal_matter ON proposal (matter_id) WHERE matter_id <> ''",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let texts = [
            "proposal_id",
            "practitioner_code",
            "poolarea_no",
            "fixmedins_code",
            "case_id",
            "decided_on",
            "matter_id",
            "reason",
            "opter",
        ];
        let mut columns: Vec<_> = texts.map(text).into();
        columns.extend(["decision_no", "state"].map(integer));
        columns.extend(["stands", "is_closed"].map(boolean));
        columns.extend([binary("acts"), timestamp_with_time_zone("found_at")]);
        manager.create_table(table("proposal", &["proposal_id"], columns)).await?;
        for statement in INDEXES {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP TABLE proposal").await?;
        Ok(())
    }
}
