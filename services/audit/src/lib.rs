//! 智能审核与稽核: visits checked by rules before, during and behind settlement, findings, and the cases made of them.
//!
//! A room for each feature: [`check`], the first and the second line of defence; [`plans`], checks of institutions and samples; below them
//! [`visits`], as audit knows them, and [`rules`], what visits are checked by. Inside a room a request goes from `api` (proto in, proto out, nothing decided) to a use case, one file each, and from there to `messages`
//! (converters), `domain` (pure rules) and `store` (tables).

mod app;
pub mod check;
mod config;
mod migrations;
mod plan_rules;
pub mod plans;
pub mod rules;
pub mod visits;

use yizhan_proto::audit::v1::check_service_server::CheckServiceServer;
use yizhan_proto::audit::v1::plan_service_server::PlanServiceServer;
use yizhan_proto::audit::v1::rules_service_server::RulesServiceServer;
use yizhan_runtime::feed::{self, Feed};
use yizhan_runtime::page::Pages;
use yizhan_runtime::secret::Secret;
use yizhan_runtime::server::{RunningServer, Server, Services};
use yizhan_runtime::{db, services};

pub use app::Audit;
pub use config::AuditConfig;

use check::CheckApi;
use migrations::{Migrator, PLAN_RULES};
use plan_rules::PlanRules;
use plans::PlanApi;
use rules::{Documents, RulesApi, RulesBook};

/// Connects, migrates, and gives what use cases work with.
pub async fn open(config: &AuditConfig) -> anyhow::Result<Audit> {
    let connection = db::connect(&config.database).await?;
    db::migrate::<Migrator>(&connection).await?;
    feed::check(&connection).await?;
    let secret = Secret::open(&connection).await?;
    Ok(Audit {
        feed: Feed::new("audit.decisions", connection.clone(), &secret),
        pages: Pages::new(&secret),
        plan_rules: PlanRules::open_in(connection.clone(), PLAN_RULES).await?,
        rules: RulesBook::open(connection.clone()).await?,
        db: connection,
        clock: config.clock.clone(),
    })
}

fn services(audit: &Audit) -> Services {
    let Audit { db, rules, clock, pages, .. } = audit.clone();
    let documents = Documents { db, book: rules, clock, pages };
    services![
        CheckServiceServer::new(CheckApi::new(audit.clone())),
        PlanServiceServer::new(PlanApi::new(audit.clone())),
        RulesServiceServer::new(RulesApi::new(documents)),
    ]
    .needing(audit.db.clone())
}

/// Binds, opens, sets to work what goes on in the background until the server stops, and serves.
pub async fn serve(config: AuditConfig) -> anyhow::Result<RunningServer> {
    let server = Server::bind(config.server.clone())?;
    let stopping = server.stopping();
    let audit = open(&config).await?;
    audit.plan_rules.keep_fresh(&stopping);
    audit.rules.keep_fresh(&stopping);
    server.serve(services(&audit)).await
}
