//! Two tables take the names they have in every service: requests that were handled, and published rules. Their rows stay.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// The migration.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        db.execute_unprepared(
            "ALTER TABLE import_request RENAME TO handled_request;
             ALTER TABLE handled_request RENAME COLUMN outcome TO answer;
             ALTER TABLE entitlement_rules RENAME TO published_rules;",
        )
        .await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            // Where a constraint is named in an error, it is the table's own name.
            db.execute_unprepared(
                "ALTER INDEX import_request_pkey RENAME TO handled_request_pkey;
                 ALTER INDEX entitlement_rules_pkey RENAME TO published_rules_pkey;",
            )
            .await?;
        }
        Ok(())
    }

    /// There is no way back: tables of the earlier migrations cannot be thrown away either.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("the register's history is not thrown away".to_owned()))
    }
}
