//! Cases, and their log.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, integer, text, timestamp_with_time_zone};
use yizhan_runtime::chain::append_only;
use yizhan_runtime::db::table;

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

const INDEXES: [&str; 3] = [
    "CREATE INDEX audit_case_queue ON audit_case (poolarea_no, state, clock_from, case_id)",
    "CREATE INDEX audit_case_institution ON audit_case (fixmedins_code, case_id)",
    "CREATE INDEX case_log_case ON case_log (case_id, step_no)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            manager.create_table(table).await?;
        }
        let db = manager.get_connection();
        let triggers = append_only("case_log", db.get_database_backend());
        for statement in INDEXES.map(str::to_owned).into_iter().chain(triggers) {
            db.execute_unprepared(&statement).await?;
        }
        Ok(())
    }

    /// There is no way back: the log of cases is not thrown away.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the log of cases is not thrown away".to_owned()))
    }
}

fn tables() -> Vec<TableCreateStatement> {
    vec![
        table(
            "audit_case",
            &["case_id"],
            vec![
                text("case_id"),
                text("poolarea_no"),
                text("fixmedins_code"),
                integer("state"),
                integer("is_told"),
                text("clock_from"),
                integer("working_days"),
                integer("version"),
                binary("told"),
                text("inside"),
            ],
        ),
        table(
            "case_log",
            &["poolarea_no", "seq"],
            vec![
                text("poolarea_no"),
                big_integer("seq"),
                timestamp_with_time_zone("at"),
                text("case_id"),
                integer("step_no"),
                binary("step"),
                text("digest"),
                text("prev_hash"),
                text("hash"),
            ],
        ),
        table("case_log_head", &["poolarea_no"], vec![text("poolarea_no"), big_integer("seq"), text("hash")]),
    ]
}
