//! The tables, one file per migration.

mod m20260101_000001_register;
mod m20261122_000001_two_times;
mod m20261122_000002_coverage;
mod m20261122_000003_roster;
mod m20261122_000004_rights;
mod m20261122_000005_transfer;
mod m20261122_000006_shared;
mod m20261129_000001_look_subject;
mod m20261129_000035_share_consent;
mod m20261129_000045_corrections;
mod m20261129_000066_households;
mod m20261129_000067_unmerge;
mod m20261130_000040_tel_born;

use sea_orm_migration::{MigrationTrait, MigratorTrait, async_trait};
use yizhan_runtime::cache::CreateCacheState;
use yizhan_runtime::feed::CreateChangeLog;
use yizhan_runtime::secret::CreateServiceSecret;

/// All migrations of this service, in order.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(CreateChangeLog),
            Box::new(m20260101_000001_register::Migration),
            Box::new(m20261122_000001_two_times::Migration),
            Box::new(m20261122_000002_coverage::Migration),
            Box::new(CreateCacheState),
            Box::new(m20261122_000003_roster::Migration),
            Box::new(m20261122_000004_rights::Migration),
            Box::new(m20261122_000005_transfer::Migration),
            Box::new(m20261122_000006_shared::Migration),
            Box::new(m20261129_000001_look_subject::Migration),
            Box::new(CreateServiceSecret),
            Box::new(m20261129_000045_corrections::Migration),
            Box::new(m20261129_000035_share_consent::Migration),
            Box::new(m20261129_000066_households::Migration),
            Box::new(m20261129_000067_unmerge::Migration),
            Box::new(m20261130_000040_tel_born::Migration),
        ]
    }
}
