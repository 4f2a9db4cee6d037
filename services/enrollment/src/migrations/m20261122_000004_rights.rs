//! Personal data sealed at rest, the directory of certificates, access grants and the access log.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text, timestamp_with_time_zone, timestamp_with_time_zone_null};

use sea_orm_migration::sea_orm::ConnectionTrait;

use yizhan_runtime::chain::append_only;
use yizhan_runtime::db::table;

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

/// Columns of `person` that come with it; empty in the rows of the earlier version.
const PERSON_COLUMNS: [&str; 5] = ["data_key", "certno_cipher", "tel_cipher", "tel_digest", "resd_code"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in PERSON_COLUMNS {
            let mut added = text(column);
            let add = Table::alter().table("person").add_column(added.default("")).to_owned();
            manager.alter_table(add).await?;
        }
        for table in tables() {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        let db = manager.get_connection();
        // Of several persons that the earlier version registered with one certificate, the first is found by it.
        let fill = "INSERT INTO certificate (certno_digest, psn_no) \
                    SELECT certno_digest, MIN(psn_no) FROM person GROUP BY certno_digest";
        db.execute_unprepared(fill).await?;
        for statement in append_only("access_log", db.get_database_backend()) {
            db.execute_unprepared(&statement).await?;
        }
        Ok(())
    }

    /// There is no way back: the access log is not thrown away.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the access log is not thrown away".to_owned()))
    }
}

fn tables() -> Vec<TableCreateStatement> {
    vec![
        table("certificate", &["certno_digest"], vec![text("certno_digest"), text("psn_no")]),
        table(
            "access_grant",
            &["grant_id"],
            vec![
                text("grant_id"),
                text("poolarea_no"),
                text("psn_no"),
                text("grantee"),
                text("purpose"),
                text("scopes"),
                timestamp_with_time_zone("begins_at"),
                timestamp_with_time_zone("ends_at"),
                text("granted_by"),
                text("consent_reference"),
                timestamp_with_time_zone("granted_at"),
                timestamp_with_time_zone_null("withdrawn_at"),
                text("withdrawn_by"),
            ],
        ),
        table(
            "access_log",
            &["poolarea_no", "seq"],
            vec![
                text("poolarea_no"),
                big_integer("seq"),
                timestamp_with_time_zone("at"),
                text("actor"),
                text("psn_no"),
                text("action"),
                text("purpose"),
                text("grant_id"),
                text("outcome"),
                text("prev_hash"),
                text("hash"),
            ],
        ),
        table(
            "access_log_head",
            &["poolarea_no"],
            vec![text("poolarea_no"), big_integer("seq"), text("hash")],
        ),
    ]
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("person_data_key", "person", &["data_key"]),
        index("person_tel_digest", "person", &["tel_digest"]),
        index("person_resd_code", "person", &["poolarea_no", "resd_code"]),
        index("access_grant_psn_no", "access_grant", &["psn_no", "grant_id"]),
        index("access_log_psn_no", "access_log", &["psn_no", "at"]),
    ]
}

fn index(name: &'static str, table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(table);
    for column in columns {
        index.col(*column);
    }
    index
}
