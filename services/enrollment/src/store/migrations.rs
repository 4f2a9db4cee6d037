//! The tables, one file per migration.

mod m20260101_000001_register;

use sea_orm_migration::{MigrationTrait, MigratorTrait, async_trait};
use yizhan_runtime::feed::CreateChangeLog;

/// All migrations of this service, in order.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(CreateChangeLog), Box::new(m20260101_000001_register::Migration)]
    }
}
