//! 异地就医备案: the register of remote-care filings and its rules.
//!
//! A room for each feature: [`filings`], the register; [`answers`], how a visit counts; [`figures`]; below them [`standings`], what of a
//! person's filings matters to a visit, and [`rules`]. Inside a room a request goes from `api` (proto in, proto out, nothing decided) to a
//! use case, one file each, and from there to `messages` (converters), `domain` (pure rules) and `store` (tables).

pub mod answers;
mod app;
mod config;
pub mod figures;
pub mod filings;
mod migrations;
pub mod rules;
pub mod standings;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use yizhan_clients::EnrollmentPeer;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::filing::v1::filing_figures_service_server::FilingFiguresServiceServer;
use yizhan_proto::filing::v1::filing_rules_service_server::FilingRulesServiceServer;
use yizhan_proto::filing::v1::filing_service_server::FilingServiceServer;
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_rules::RulesBook;
use yizhan_runtime::cache::VersionedCache;
use yizhan_runtime::client::{channel, feed_channel};
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::feed::Feed;
use yizhan_runtime::follow::keep_following;
use yizhan_runtime::page::Pages;
use yizhan_runtime::secret::Secret;
use yizhan_runtime::server::{MAX_MESSAGE_BYTES, RunningServer, Server, Services};
use yizhan_runtime::{Caller, db, services};

pub use app::Register;
pub use config::FilingConfig;
pub use filings::sweep;

use figures::{FiguresApi, FollowSettlements};
use filings::{FilingApi, FollowRegister};
use migrations::Migrator;
use rules::{Documents, RulesApi};
use standings::store::cached::StandingsSource;

/// Connects to the service's database and brings its tables up to date: what `--migrate` does, and every start. Repeatable, and safe while
/// older processes run.
pub async fn migrate(database: &DatabaseConfig) -> anyhow::Result<DatabaseConnection> {
    db::open::<Migrator>(database).await
}

/// Connects, migrates, and gives the register.
pub async fn open(config: &FilingConfig) -> anyhow::Result<Register> {
    let connection = migrate(&config.database).await?;
    let secret = Secret::open(&connection).await?;
    let source = StandingsSource(connection.clone());
    Ok(Register {
        cache: VersionedCache::start("filing", &config.cache, connection.clone(), source)?,
        rules: RulesBook::open(connection.clone()).await?,
        feed: Feed::new("filing.filings", connection.clone(), &secret),
        enrollment: Arc::new(EnrollmentPeer::new(&config.enrollment, "filing")?),
        pages: Pages::new(&secret),
        db: connection,
        clock: config.clock.clone(),
    })
}

fn services(register: &Register, stopping: CancellationToken) -> Services {
    let Register { db, rules, clock, pages, .. } = register.clone();
    let documents = Documents { db, book: rules, clock, pages };
    services![
        FilingServiceServer::new(FilingApi::new(register.clone(), stopping)),
        FilingRulesServiceServer::new(RulesApi::new(documents)),
        FilingFiguresServiceServer::new(FiguresApi::new(register.clone())),
    ]
    .needing(register.db.clone())
}

/// Binds, opens the register, sets to work what goes on in the background until the server stops, and serves.
pub async fn serve(config: FilingConfig) -> anyhow::Result<RunningServer> {
    let server = Server::bind(config.server.clone())?;
    let stopping = server.stopping();
    let register = open(&config).await?;
    register.rules.keep_fresh(&stopping);
    filings::keep_sweeping(&register, &stopping);
    figures::keep_short(&register, &stopping);
    follow_others(&register, &config, &stopping)?;
    server.serve(services(&register, stopping)).await
}

/// Sets to work what follows enrollment (filings follow their persons) and settlement (for the figures), until the server stops.
fn follow_others(
    register: &Register,
    config: &FilingConfig,
    stopping: &CancellationToken,
) -> anyhow::Result<()> {
    let caller = Caller::Service { name: "filing".to_owned() };
    let persons = FollowRegister {
        register: register.clone(),
        feed: EnrollmentServiceClient::new(feed_channel(&config.enrollment, &caller)?),
        questions: EnrollmentServiceClient::new(channel(&config.enrollment, &caller)?),
    };
    keep_following(register.db.clone(), persons, stopping);
    if let Some(settlement) = &config.settlement {
        let feed = SettlementServiceClient::new(feed_channel(settlement, &caller)?);
        let feed = feed.max_decoding_message_size(MAX_MESSAGE_BYTES);
        keep_following(register.db.clone(), FollowSettlements { feed }, stopping);
    }
    Ok(())
}
