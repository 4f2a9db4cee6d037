//! What is kept with every step (cases, plans, selections), and the log of the steps.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, boolean, integer, text, timestamp_with_time_zone};
use yizhan_runtime::chain::append_only;
use yizhan_runtime::db::table;

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

const INDEXES: [&str; 5] = [
    "CREATE INDEX audit_record_area ON audit_record (kind, area, id)",
    // What waits.
    "CREATE INDEX audit_record_queue ON audit_record (area, state, clock_from, id) WHERE clock_from <> ''",
    // The checks of a plan, the samples of a selection.
    "CREATE INDEX audit_record_parent ON audit_record (parent, id) WHERE parent <> ''",
    "CREATE INDEX audit_record_subject ON audit_record (subject, id)",
    "CREATE INDEX audit_log_record ON audit_log (id, step_no)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            manager.create_table(table).await?;
        }
        let db = manager.get_connection();
        let triggers = append_only("audit_log", db.get_database_backend());
        for statement in INDEXES.map(str::to_owned).into_iter().chain(triggers) {
            db.execute_unprepared(&statement).await?;
        }
        Ok(())
    }

    /// There is no way back: the log is not thrown away.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the log of audit is not thrown away".to_owned()))
    }
}

fn tables() -> Vec<TableCreateStatement> {
    let mut record: Vec<_> = ["id", "area", "parent", "subject", "day", "clock_from"].map(text).into();
    record.extend(["kind", "state", "working_days", "version"].map(integer));
    record.extend([boolean("is_told"), binary("record")]);
    let mut entry: Vec<_> = ["poolarea_no", "id", "prev_hash", "hash"].map(text).into();
    entry.extend([big_integer("seq"), integer("step_no"), timestamp_with_time_zone("at")]);
    entry.extend(["step", "record"].map(binary));
    let head = vec![text("poolarea_no"), big_integer("seq"), text("hash")];
    vec![
        table("audit_record", &["id"], record),
        table("audit_log", &["poolarea_no", "seq"], entry),
        table("audit_log_head", &["poolarea_no"], head),
    ]
}
