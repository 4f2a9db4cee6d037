//! Persons, what entitles them, and the imports that said so.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, binary, date, date_null, integer, integer_null, text, timestamp_with_time_zone,
};

use yizhan_runtime::db::table;

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            manager.create_table(table).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

const TABLES: [&str; 7] = [
    "person",
    "coverage",
    "identity",
    "membership",
    "account_share",
    "entitlement_timeline",
    "import_request",
];

#[expect(clippy::too_many_lines, reason = "tables one after another, never edited again")]
fn tables() -> Vec<TableCreateStatement> {
    vec![
        table(
            "person",
            &["poolarea_no", "psn_no"],
            vec![
                text("poolarea_no"),
                text("psn_no"),
                text("psn_cert_type"),
                text("certno_digest"),
                text("certno_masked"),
                text("psn_name"),
                text("gend"),
                date("brdy"),
                date_null("die_date"),
            ],
        ),
        table(
            "coverage",
            &["poolarea_no", "psn_no", "insutype", "begndate"],
            vec![
                text("poolarea_no"),
                text("psn_no"),
                text("insutype"),
                date("begndate"),
                date_null("enddate"),
                text("paying_poolarea_no"),
                text("psn_type"),
                text("psn_insu_stas"),
                date_null("entitled_begndate"),
                text("hi_type"),
            ],
        ),
        table(
            "identity",
            &["poolarea_no", "psn_no", "psn_idet_type", "name", "begndate"],
            vec![
                text("poolarea_no"),
                text("psn_no"),
                text("psn_idet_type"),
                text("name"),
                date("begndate"),
                date_null("enddate"),
            ],
        ),
        table(
            "membership",
            &["poolarea_no", "psn_no", "kind", "category", "begndate"],
            vec![
                text("poolarea_no"),
                text("psn_no"),
                integer("kind"),
                text("category"),
                date("begndate"),
                date_null("enddate"),
                text("series"),
                integer_null("since_year"),
            ],
        ),
        table(
            "account_share",
            &["poolarea_no", "psn_no", "sharer_psn_no", "begndate"],
            vec![
                text("poolarea_no"),
                text("psn_no"),
                text("sharer_psn_no"),
                date("begndate"),
                date_null("enddate"),
            ],
        ),
        table(
            "entitlement_timeline",
            &["psn_no"],
            vec![text("psn_no"), text("poolarea_no"), big_integer("version"), text("timeline")],
        ),
        table(
            "import_request",
            &["caller", "request_id"],
            vec![
                text("caller"),
                text("request_id"),
                text("digest"),
                binary("outcome"),
                timestamp_with_time_zone("recorded_at"),
            ],
        ),
    ]
}
