//! Reasons that institutions gave for violations.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{integer, text, timestamp_with_time_zone};
use yizhan_runtime::db::table;

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            "jr_id",
            "poolarea_no",
            "fixmedins_code",
            "mdtrt_id",
            "psn_no",
            "rule_id",
            "reason",
            "opter",
            "file_ids",
            "answered_by",
        ];
        let columns = columns.map(text).into_iter();
        let columns =
            columns.chain([integer("answer_no"), timestamp_with_time_zone("answered_at")]).collect();
        manager.create_table(table("violation_answer", &["jr_id", "answer_no"], columns)).await
    }

    /// There is no way back: what was answered is evidence.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("answers are not thrown away".to_owned()))
    }
}
