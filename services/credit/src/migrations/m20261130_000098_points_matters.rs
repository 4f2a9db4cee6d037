//! Points matters, for the worklist.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{integer, text};
use sea_orm_migration::sea_orm::{ConnectionTrait, Statement};
use yizhan_runtime::db::table;

use crate::practitioners::list_all;

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

const INDEXES: [&str; 3] = [
    "CREATE INDEX points_matter_queue ON points_matter (poolarea_no, state, matter_id)",
    "CREATE INDEX points_matter_place ON points_matter (fixmedins_code, matter_id)",
    "CREATE INDEX points_matter_person ON points_matter (practitioner_code, matter_id)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let texts = ["matter_id", "practitioner_code", "poolarea_no", "fixmedins_code", "since"];
        let mut columns: Vec<_> = texts.map(text).into();
        columns.push(integer("state"));
        manager.create_table(table("points_matter", &["matter_id"], columns)).await?;
        for statement in INDEXES {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        // What was decided before. A new database has nothing, and tables that later migrations may change are not read.
        let db = manager.get_connection();
        let decided =
            Statement::from_string(db.get_database_backend(), "SELECT 1 FROM qualification LIMIT 1");
        match db.query_one_raw(decided).await? {
            Some(_) => list_all(db).await,
            None => Ok(()),
        }
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP TABLE points_matter").await?;
        Ok(())
    }
}
