//! The worklist of people, and what persons themselves paid of visits.

use prost::Message;
use sea_orm::{ConnectionTrait, Statement};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, boolean, integer, text, timestamp_with_time_zone};
use yizhan_proto::audit::v1::Encounter;
use yizhan_runtime::db::table;

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

const PAID: [&str; 3] = ["psn_part_amt_fen", "own_expense_fen", "preselfpay_amt_fen"];

const INDEXES: [&str; 4] = [
    "CREATE INDEX person_item_area ON person_item (poolarea_no, found_on, item_id)",
    "CREATE INDEX person_item_open ON person_item (poolarea_no, found_on, item_id) WHERE is_open",
    "CREATE INDEX person_item_person ON person_item (psn_no)",
    "CREATE INDEX person_item_other ON person_item (other_psn_no) WHERE other_psn_no <> ''",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut item: Vec<_> =
            ["item_id", "poolarea_no", "psn_no", "other_psn_no", "last", "found_on"].map(text).into();
        item.extend(["version", "kind", "state"].map(integer));
        item.extend(["stands", "is_open"].map(boolean));
        item.extend([big_integer("line_fen"), binary("item")]);
        item.extend(["found_at", "changed_at"].map(timestamp_with_time_zone));
        manager.create_table(table("person_item", &["item_id"], item)).await?;
        let mut step: Vec<_> = ["item_id", "why", "note", "actor", "opter"].map(text).into();
        step.extend(["step_no", "action", "state"].map(integer));
        step.extend([boolean("stands"), timestamp_with_time_zone("recorded_at")]);
        manager.create_table(table("person_step", &["item_id", "step_no"], step)).await?;
        let db = manager.get_connection();
        for column in PAID {
            let add = format!("ALTER TABLE visit ADD COLUMN {column} bigint NOT NULL DEFAULT 0");
            db.execute_unprepared(&add).await?;
        }
        db.execute_unprepared(&INDEXES.join(";")).await?;
        paid(db).await
    }

    /// There is no way back: what was done for people is not forgotten.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the worklist of people is not thrown away".to_owned()))
    }
}

/// Visits from before say what the person paid; what of it was 自费 or 先行自付 they do not say.
async fn paid(db: &SchemaManagerConnection<'_>) -> Result<(), DbErr> {
    let backend = db.get_database_backend();
    let all = Statement::from_string(backend, "SELECT setl_id, encounter FROM visit");
    for row in db.query_all_raw(all).await? {
        let (setl_id, encounter): (String, Vec<u8>) =
            (row.try_get("", "setl_id")?, row.try_get("", "encounter")?);
        let known =
            Encounter::decode(encounter.as_slice()).map_err(|error| DbErr::Type(error.to_string()))?;
        let sql = "UPDATE visit SET psn_part_amt_fen = $1 WHERE setl_id = $2";
        let values = [known.psn_part_amt_fen.into(), setl_id.into()];
        db.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    }
    Ok(())
}
