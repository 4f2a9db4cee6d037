//! What audit knows of settled visits: the settlements, the trace codes on their lines, and numbers of one person.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, boolean, integer, text};
use yizhan_runtime::db::table;

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

const INDEXES: [&str; 6] = [
    // A person's visits of a span of days, in one read.
    "CREATE INDEX visit_person ON visit (psn_no, enddate)",
    "CREATE INDEX visit_as_settled ON visit (own_psn_no)",
    "CREATE INDEX visit_number ON visit (fixmedins_code, mdtrt_id)",
    "CREATE INDEX visit_area ON visit (poolarea_no, enddate, setl_id)",
    "CREATE INDEX code_use_visit ON code_use (fixmedins_code, mdtrt_id)",
    "CREATE INDEX merged_person_stays ON merged_person (stays_psn_no)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(visit()).await?;
        let columns =
            ["drug_trac_codg", "fixmedins_code", "mdtrt_id", "feedetl_sn", "setl_id", "psn_no"].map(text);
        let columns = columns.into_iter().chain([boolean("trdn_flag")]).collect();
        let key = ["drug_trac_codg", "fixmedins_code", "mdtrt_id", "feedetl_sn"];
        manager.create_table(table("code_use", &key, columns)).await?;
        let columns = ["psn_no", "into_psn_no", "stays_psn_no"].map(text).into();
        manager.create_table(table("merged_person", &["psn_no"], columns)).await?;
        manager.get_connection().execute_unprepared(&INDEXES.join(";")).await?;
        Ok(())
    }

    /// There is no way back: what was screened is evidence.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("visits are not thrown away".to_owned()))
    }
}

fn visit() -> TableCreateStatement {
    table(
        "visit",
        &["setl_id"],
        vec![
            text("setl_id"),
            text("psn_no"),
            text("own_psn_no"),
            text("poolarea_no"),
            text("fixmedins_code"),
            text("mdtrt_id"),
            text("begndate"),
            text("enddate"),
            integer("setl_part"),
            boolean("unchecked"),
            boolean("by_hand"),
            big_integer("medfee_sumamt_fen"),
            boolean("stands"),
            binary("encounter"),
        ],
    )
}
