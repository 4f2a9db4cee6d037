//! What institutions billed in months, and the months that are to be added up: all that were heard of so far are.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, text};
use yizhan_runtime::db::table;

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

const STATEMENTS: [&str; 2] = [
    // An institution's visits of a month, in one read.
    "CREATE INDEX visit_institution ON visit (fixmedins_code, poolarea_no, enddate, setl_id)",
    "INSERT INTO statistic_due (poolarea_no, month, fixmedins_code, noted)
     SELECT DISTINCT poolarea_no, substr(enddate, 1, 7), fixmedins_code, 1 FROM visit WHERE stands AND fixmedins_code <> ''",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let key = ["poolarea_no", "month", "fixmedins_code"];
        let columns = key.map(text).into_iter().chain([integer("noted")]).collect();
        manager.create_table(table("statistic_due", &key, columns)).await?;
        let key = ["poolarea_no", "month", "fixmedins_code", "statistic"];
        let sums = [text("level"), big_integer("part_fen"), big_integer("total_fen")];
        let columns = key.map(text).into_iter().chain(sums).collect();
        manager.create_table(table("statistic_figure", &key, columns)).await?;
        manager.get_connection().execute_unprepared(&STATEMENTS.join(";")).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = "DROP INDEX visit_institution; DROP TABLE statistic_due; DROP TABLE statistic_figure";
        manager.get_connection().execute_unprepared(sql).await.map(drop)
    }
}
