//! 户籍家庭.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{date, date_null, integer, text};

use yizhan_runtime::db::table;

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = vec![
            text("poolarea_no"),
            text("psn_no"),
            text("household_no"),
            date("begndate"),
            text("household_poolarea_no"),
            date_null("enddate"),
            integer("relation"),
        ];
        let key = ["poolarea_no", "psn_no", "household_no", "begndate"];
        manager.create_table(table("household_member", &key, columns)).await?;
        let by_household = Index::create()
            .name("household_member_of_household")
            .table("household_member")
            .col("household_poolarea_no")
            .col("household_no")
            .to_owned();
        manager.create_index(by_household).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("household_member").to_owned()).await
    }
}
