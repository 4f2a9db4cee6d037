//! Contributions, and published documents of entitlement rules. Both only grow.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, date_null, text, timestamp_with_time_zone};

use yizhan_runtime::db::table;

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(contribution()).await?;
        manager.create_table(entitlement_rules()).await
    }

    /// There is no way back: what was paid is not thrown away.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("what was paid is not thrown away".to_owned()))
    }
}

fn contribution() -> TableCreateStatement {
    table(
        "contribution",
        &["poolarea_no", "psn_no", "contribution_id"],
        vec![
            text("poolarea_no"),
            text("psn_no"),
            text("contribution_id"),
            text("insutype"),
            text("accrym"),
            big_integer("amount_fen"),
            text("clct_type"),
            text("clct_flag"),
            date_null("paid_date"),
            text("clct_way"),
            text("caller"),
            text("request_id"),
            timestamp_with_time_zone("recorded_at"),
        ],
    )
}

fn entitlement_rules() -> TableCreateStatement {
    table(
        "entitlement_rules",
        &["rules_id", "version"],
        vec![
            text("rules_id"),
            text("version"),
            text("ordinal"),
            text("area"),
            text("digest"),
            text("document"),
            text("caller"),
            timestamp_with_time_zone("recorded_at"),
        ],
    )
}
