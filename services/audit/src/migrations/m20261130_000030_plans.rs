//! Plans, selections, checks and samples, each as one document with its steps; and the rules of plans.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{integer, text, timestamp_with_time_zone};
use yizhan_runtime::db::table;

/// Where documents of plan rules are kept.
pub const RULES: &str = "published_plan_rules";

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

const INDEXES: [&str; 3] = [
    "CREATE INDEX plan_record_area ON plan_record (kind, area, id)",
    // The checks of a plan, the items of a selection.
    "CREATE INDEX plan_record_parent ON plan_record (kind, parent, id)",
    // What waits.
    "CREATE INDEX plan_record_queue ON plan_record (kind, area, clock_from, id) WHERE clock_from <> ''",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut record: Vec<_> =
            ["id", "area", "parent", "subject", "day", "clock_from", "record"].map(text).into();
        record.extend(["kind", "state", "working_days", "version"].map(integer));
        manager.create_table(table("plan_record", &["kind", "id"], record)).await?;
        let mut step: Vec<_> =
            ["id", "action", "state", "caller", "opter", "reason", "file_id", "record"].map(text).into();
        step.extend(["kind", "step_no"].map(integer));
        step.push(timestamp_with_time_zone("recorded_at"));
        manager.create_table(table("plan_step", &["kind", "id", "step_no"], step)).await?;
        manager.get_connection().execute_unprepared(&INDEXES.join(";")).await?;
        yizhan_rules::create_table(manager, RULES).await
    }

    /// There is no way back: what was checked is not forgotten.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("plans are not thrown away".to_owned()))
    }
}
