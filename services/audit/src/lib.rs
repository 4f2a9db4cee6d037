//! 智能审核与稽核: visits checked by rules before, during and behind settlement, findings, and the cases made of them.
//!
//! A room for each feature: [`check`], the first and the second line of defence; below it [`visits`], as audit knows them, and [`rules`], what visits
//! are checked by. Inside a
//! room a request goes from `api` (proto in, proto out, nothing decided) to a use case, one file each, and from there to `messages`
//! (converters), `domain` (pure rules) and `store` (tables).

mod app;
pub mod check;
mod config;
mod migrations;
pub mod rules;
pub mod visits;

use yizhan_proto::audit::v1::check_service_server::CheckServiceServer;
use yizhan_proto::audit::v1::rules_service_server::RulesServiceServer;
use yizhan_runtime::feed::{self, Feed};
use yizhan_runtime::page::Pages;
use yizhan_runtime::secret::Secret;
use yizhan_runtime::server::{RunningServer, Server, Services};
use yizhan_runtime::{db, services};

pub use app::Audit;
pub use config::AuditConfig;

use check::CheckApi;
use migrations::Migrator;
use rules::{RulesApi, RulesBook};

/// Connects, migrates, and gives what use cases work with.
pub async fn open(config: &AuditConfig) -> anyhow::Result<Audit> {
    let connection = db::connect(&config.database).await?;
    db::migrate::<Migrator>(&connection).await?;
    feed::check(&connection).await?;
    let secret = Secret::open(&connection).await?;
    Ok(Audit {
        feed: Feed::new("audit.decisions", connection.clone(), &secret),
        pages: Pages::new(&secret),
        rules: RulesBook::open(connection.clone()).await?,
        db: connection,
        clock: config.clock.clone(),
    })
}

fn services(audit: &Audit) -> Services {
    services![
        CheckServiceServer::new(CheckApi::new(audit.clone())),
        RulesServiceServer::new(RulesApi::new(audit.clone())),
    ]
    .needing(audit.db.clone())
}

/// Binds, opens, sets to work what goes on in the background until the server stops, and serves.
pub async fn serve(config: AuditConfig) -> anyhow::Result<RunningServer> {
    let server = Server::bind(config.server.clone())?;
    let audit = open(&config).await?;
    audit.rules.keep_fresh(&server.stopping());
    server.serve(services(&audit)).await
}
