//! The tables, one file per migration.

mod m20261130_000080_ledger;
mod m20261130_000081_qualification;
mod m20261130_000082_grades;
mod m20261130_000083_ranking_companies;
mod m20261130_000085_proposals;
mod m20261130_000087_figures;
mod m20261130_000098_points_matters;

use sea_orm_migration::{MigrationTrait, MigratorTrait, async_trait};
use yizhan_rules::CreatePublishedRules;
use yizhan_runtime::feed::CreateChangeLog;
use yizhan_runtime::follow::CreateFollowedFeeds;
use yizhan_runtime::once::CreateHandledRequests;
use yizhan_runtime::secret::CreateServiceSecret;

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
            Box::new(m20261130_000080_ledger::Migration),
            Box::new(m20261130_000081_qualification::Migration),
            Box::new(m20261130_000082_grades::Migration),
            Box::new(m20261130_000083_ranking_companies::Migration),
            Box::new(m20261130_000085_proposals::Migration),
            Box::new(m20261130_000087_figures::Migration),
            Box::new(m20261130_000098_points_matters::Migration),
        ]
    }
}
