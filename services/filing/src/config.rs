//! Settings in, a running service out.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use yizhan_clients::EnrollmentPeer;
use yizhan_proto::filing::v1::filing_figures_service_server::{self, FilingFiguresServiceServer};
use yizhan_proto::filing::v1::filing_rules_service_server::{self, FilingRulesServiceServer};
use yizhan_proto::filing::v1::filing_service_server::{FilingServiceServer, SERVICE_NAME};
use yizhan_rules::RulesBook;
use yizhan_runtime::cache::{CacheConfig, VersionedCache};
use yizhan_runtime::config::{DatabaseConfig, PeerConfig, ServerConfig, Settings};
use yizhan_runtime::feed::{self, Feed};
use yizhan_runtime::server::{MAX_MESSAGE_BYTES, RunningServer, Server};
use yizhan_runtime::{Clock, db};

use crate::api::{FiguresApi, FilingApi, RulesApi};
use crate::figures;
use crate::following;
use crate::app::Register;
use crate::standings::store::cached::StandingsSource;
use crate::migrations::Migrator;
use crate::filings::sweep;

/// Where it listens unless told otherwise.
pub const DEFAULT_PORT: u16 = 7203;

/// The service's settings.
#[derive(Clone, Debug)]
pub struct FilingConfig {
    /// How it listens.
    pub server: ServerConfig,
    /// Where it keeps the register.
    pub database: DatabaseConfig,
    /// Where persons' filings are cached.
    pub cache: CacheConfig,
    /// Where enrollment is.
    pub enrollment: PeerConfig,
    /// Where settlement is, whose feed the figures follow; `None`: direct settlements are not counted.
    pub settlement: Option<PeerConfig>,
    /// What time it is.
    pub clock: Clock,
}

impl FilingConfig {
    /// With this database, on a free loopback port: for tests and for services inside one process.
    pub fn embedded(database_url: impl Into<String>) -> Self {
        FilingConfig {
            server: ServerConfig::loopback(),
            database: DatabaseConfig::at(database_url),
            cache: CacheConfig::in_process(),
            ..FilingConfig::read(&mut Settings::default())
        }
    }

    /// From the environment and the configuration file.
    pub fn read(settings: &mut Settings) -> Self {
        FilingConfig {
            server: ServerConfig::read(settings, DEFAULT_PORT),
            database: DatabaseConfig::read(settings, "sqlite://data/filing.db"),
            cache: CacheConfig::read(settings),
            enrollment: PeerConfig::read(settings, "enrollment", "http://127.0.0.1:7201"),
            settlement: PeerConfig::read_optional(settings, "settlement"),
            clock: Clock::system(),
        }
    }
}

/// Connects, migrates, and gives the register.
pub async fn open(config: &FilingConfig) -> anyhow::Result<Register> {
    let connection = db::connect(&config.database).await?;
    db::migrate::<Migrator>(&connection).await?;
    feed::check(&connection).await?;
    let source = StandingsSource(connection.clone());
    Ok(Register {
        cache: VersionedCache::start("filing", &config.cache, connection.clone(), source)?,
        rules: RulesBook::open(connection.clone()).await?,
        feed: Feed::new(connection.clone()),
        enrollment: Arc::new(EnrollmentPeer::new(&config.enrollment, "filing")?),
        db: connection,
        clock: config.clock.clone(),
    })
}

/// What the server answers, by name.
const SERVICES: [&str; 3] =
    [SERVICE_NAME, filing_rules_service_server::SERVICE_NAME, filing_figures_service_server::SERVICE_NAME];

/// A service with the message sizes that hold everywhere.
macro_rules! sized {
    ($service:expr) => {
        $service.max_decoding_message_size(MAX_MESSAGE_BYTES).max_encoding_message_size(MAX_MESSAGE_BYTES)
    };
}

fn routes(register: &Register, stopping: CancellationToken) -> Routes {
    Routes::new(sized!(FilingServiceServer::new(FilingApi::new(register.clone(), stopping))))
        .add_service(sized!(FilingRulesServiceServer::new(RulesApi::new(register.clone()))))
        .add_service(sized!(FilingFiguresServiceServer::new(FiguresApi::new(register.clone()))))
}

/// Binds, opens the register, sets to work what goes on in the background until the server stops, and serves.
pub async fn serve(config: FilingConfig) -> anyhow::Result<RunningServer> {
    let server = Server::bind(config.server.clone())?;
    let stopping = server.stopping();
    let register = open(&config).await?;
    tokio::spawn(stopping.clone().run_until_cancelled_owned(register.rules.clone().keep_fresh()));
    tokio::spawn(stopping.clone().run_until_cancelled_owned(sweep::keep_sweeping(register.clone())));
    tokio::spawn(stopping.clone().run_until_cancelled_owned(figures::keep_short(register.clone())));
    following::start(&register, &config, &stopping)?;
    server.serve(routes(&register, stopping), &SERVICES).await
}
