//! The tables, one file per migration.

mod m20261130_000005_answers;
mod m20261130_000010_visits;
mod m20261130_000011_findings;
mod m20261130_000020_cases;
mod m20261130_000030_plans;
mod m20261130_000040_people;
mod m20261130_000045_statistics;

use sea_orm_migration::{MigrationTrait, MigratorTrait, async_trait};
use yizhan_rules::CreatePublishedRules;
use yizhan_runtime::feed::CreateChangeLog;
use yizhan_runtime::follow::CreateFollowedFeeds;
use yizhan_runtime::once::CreateHandledRequests;
use yizhan_runtime::secret::CreateServiceSecret;

pub use m20261130_000030_plans::RULES as PLAN_RULES;

/// All migrations of this service, in order.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(CreateChangeLog),
            Box::new(CreateFollowedFeeds),
            Box::new(CreateHandledRequests),
            Box::new(CreatePublishedRules),
            Box::new(CreateServiceSecret),
            Box::new(m20261130_000005_answers::Migration),
            Box::new(m20261130_000010_visits::Migration),
            Box::new(m20261130_000011_findings::Migration),
            Box::new(m20261130_000020_cases::Migration),
            Box::new(m20261130_000030_plans::Migration),
            Box::new(m20261130_000040_people::Migration),
            Box::new(m20261130_000045_statistics::Migration),
        ]
    }
}
