//! Both times of everything (when it holds, when it was recorded), entitlements to outpatient care of a disease, the department
//! an identity comes from, and how a waiting period was decided.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, date, date_null, integer, text, timestamp_with_time_zone};
use sea_orm_migration::sea_orm::DbBackend;

use yizhan_runtime::db::table;

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(disease_entitlement()).await?;
        manager.create_table(timeline_history()).await?;
        manager.create_table(identity()).await?;
        let now = match manager.get_database_backend() {
            DbBackend::Postgres => "now()",
            _ => "strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now')",
        };
        let statements = format!(
            "INSERT INTO timeline_history (psn_no, version, poolarea_no, recorded_at, cause, timeline)
                 SELECT psn_no, version, poolarea_no, {now}, 'history begins', timeline FROM entitlement_timeline;
             INSERT INTO identity_new (poolarea_no, psn_no, psn_idet_type, name, begndate, department, enddate)
                 SELECT poolarea_no, psn_no, psn_idet_type, name, begndate, '', enddate FROM identity;
             DROP TABLE identity;
             ALTER TABLE identity_new RENAME TO identity;
             ALTER TABLE coverage ADD COLUMN psn_chg_type text NOT NULL DEFAULT '';
             ALTER TABLE coverage ADD COLUMN waiting text NOT NULL DEFAULT '';"
        );
        manager.get_connection().execute_unprepared(&statements).await?;
        Ok(())
    }

    /// There is no way back: history is not thrown away.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the register's history is not thrown away".to_owned()))
    }
}

fn disease_entitlement() -> TableCreateStatement {
    table(
        "disease_entitlement",
        &["poolarea_no", "psn_no", "kind", "dise_codg", "begndate"],
        vec![
            text("poolarea_no"),
            text("psn_no"),
            integer("kind"),
            text("dise_codg"),
            date("begndate"),
            date_null("enddate"),
            text("dise_name"),
            date_null("reverify_by"),
        ],
    )
}

fn timeline_history() -> TableCreateStatement {
    table(
        "timeline_history",
        &["psn_no", "version"],
        vec![
            text("psn_no"),
            big_integer("version"),
            text("poolarea_no"),
            timestamp_with_time_zone("recorded_at"),
            text("cause"),
            text("timeline"),
        ],
    )
}

/// With the department in the key, which neither database can add in place alike.
fn identity() -> TableCreateStatement {
    table(
        "identity_new",
        &["poolarea_no", "psn_no", "psn_idet_type", "name", "begndate", "department"],
        vec![
            text("poolarea_no"),
            text("psn_no"),
            text("psn_idet_type"),
            text("name"),
            date("begndate"),
            text("department"),
            date_null("enddate"),
        ],
    )
}
