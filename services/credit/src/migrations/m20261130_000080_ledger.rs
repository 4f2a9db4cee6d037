//! Who is known, and the ledger.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, integer, text};
use yizhan_runtime::chain::append_only;
use yizhan_runtime::db::table;

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

const INDEXES: [&str; 2] = [
    "CREATE UNIQUE INDEX ledger_entry_subject ON ledger_entry (subject_kind, subject_code, entry_id)",
    "CREATE INDEX ledger_entry_matter ON ledger_entry (matter_id, entry_id)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            manager.create_table(table).await?;
        }
        let db = manager.get_connection();
        let triggers = append_only("ledger_entry", db.get_database_backend());
        for statement in INDEXES.map(str::to_owned).into_iter().chain(triggers) {
            db.execute_unprepared(&statement).await?;
        }
        Ok(())
    }

    /// There is no way back: the ledger is not thrown away.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the ledger of credit is not thrown away".to_owned()))
    }
}

fn tables() -> Vec<TableCreateStatement> {
    let mut subject: Vec<_> = ["subject_code", "poolarea_no", "last_entry_id"].map(text).into();
    subject.extend([integer("subject_kind"), big_integer("version")]);
    let mut entry: Vec<_> =
        ["poolarea_no", "entry_id", "subject_code", "matter_id", "prev_hash", "hash"].map(text).into();
    entry.extend([big_integer("seq"), integer("subject_kind"), integer("kind"), binary("entry")]);
    let head = vec![text("poolarea_no"), big_integer("seq"), text("hash")];
    vec![
        table("subject", &["subject_kind", "subject_code"], subject),
        table("ledger_entry", &["poolarea_no", "seq"], entry),
        table("ledger_head", &["poolarea_no"], head),
    ]
}
