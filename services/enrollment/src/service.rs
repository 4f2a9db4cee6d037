//! Settings in, a running service out.

use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use yizhan_proto::enrollment::v1::coverage_service_server::{self, CoverageServiceServer};
use yizhan_proto::enrollment::v1::enrollment_service_server::{EnrollmentServiceServer, SERVICE_NAME};
use yizhan_proto::enrollment::v1::ledger_service_server::{self, LedgerServiceServer};
use yizhan_proto::enrollment::v1::merge_service_server::{self, MergeServiceServer};
use yizhan_proto::enrollment::v1::rights_service_server::{self, RightsServiceServer};
use yizhan_proto::enrollment::v1::roster_service_server::{self, RosterServiceServer};
use yizhan_proto::enrollment::v1::transfer_service_server::{self, TransferServiceServer};
use yizhan_runtime::cache::{CacheConfig, VersionedCache};
use yizhan_runtime::config::{DatabaseConfig, ServerConfig, Settings};
use yizhan_runtime::feed::{self, Feed};
use yizhan_runtime::server::{MAX_MESSAGE_BYTES, RunningServer, Server};
use yizhan_runtime::vault::{DataKeys, SecretKey, Vault};
use yizhan_runtime::{Clock, db};

use crate::access_log::AccessLog;
use crate::api::{Api, CoverageApi, LedgerApi, MergeApi, RightsApi, RosterApi, TransferApi};
use crate::domain::access_chain::LogKey;
use crate::domain::certificate::CertificateKey;
use crate::domain::rules::RulesBook;
use crate::register::Register;
use crate::rosters::Applier;
use crate::rotate_keys;
use crate::store::cached::TimelineSource;
use crate::store::migrations::Migrator;

/// Where it listens unless told otherwise.
pub const DEFAULT_PORT: u16 = 7201;

/// The service's settings.
#[derive(Clone, Debug)]
pub struct EnrollmentConfig {
    /// How it listens.
    pub server: ServerConfig,
    /// Where it keeps the register.
    pub database: DatabaseConfig,
    /// `enrollment.certificate_key`: 64 hexadecimal characters, the secret under which certificate numbers are digested.
    /// Must stay the same for the life of a register.
    pub certificate_key: CertificateKey,
    /// Where timelines are cached.
    pub cache: CacheConfig,
    /// `enrollment.data_keys`: `<id>:<64 hexadecimal characters>`, several divided by commas: the keys under which names,
    /// certificate numbers and phones are sealed. The first seals, all open.
    pub data_keys: DataKeys,
    /// `enrollment.log_key`: 64 hexadecimal characters, the secret of the chains of the access log. Must stay the same for
    /// the life of a register.
    pub log_key: LogKey,
    /// What time it is.
    pub clock: Clock,
}

impl EnrollmentConfig {
    /// With this database, on a free loopback port: for tests and for services inside one process.
    pub fn embedded(database_url: impl Into<String>) -> Self {
        EnrollmentConfig {
            server: ServerConfig::loopback(),
            database: DatabaseConfig::at(database_url),
            certificate_key: CertificateKey::local_default(),
            cache: CacheConfig::in_process(),
            data_keys: local_data_keys(),
            log_key: LogKey::local_default(),
            clock: Clock::system(),
        }
    }

    /// From the environment and the configuration file.
    pub fn read(settings: &mut Settings) -> Self {
        EnrollmentConfig {
            server: ServerConfig::read(settings, DEFAULT_PORT),
            database: DatabaseConfig::read(settings, "sqlite://data/enrollment.db"),
            cache: CacheConfig::read(settings),
            certificate_key: settings
                .optional("enrollment.certificate_key")
                .map_or_else(CertificateKey::local_default, CertificateKey::new),
            data_keys: settings.optional("enrollment.data_keys").unwrap_or_else(local_data_keys),
            log_key: settings.optional("enrollment.log_key").map_or_else(LogKey::local_default, LogKey::new),
            clock: Clock::system(),
        }
    }
}

/// The key of a register on one machine, where nobody configured one: id `local`, and no secret.
fn local_data_keys() -> DataKeys {
    DataKeys::single("local", SecretKey::new(*b"yizhan local data key, no secret"))
}

/// Connects, migrates, and gives the register.
async fn open(config: &EnrollmentConfig) -> anyhow::Result<Register> {
    let connection = db::connect(&config.database).await?;
    db::migrate::<Migrator>(&connection).await?;
    feed::check(&connection).await?;
    let cache = VersionedCache::start(
        "timeline",
        &config.cache,
        connection.clone(),
        TimelineSource(connection.clone()),
    )?;
    let register = Register {
        cache,
        rules: RulesBook::open(connection.clone()).await?,
        feed: Feed::new(connection.clone()),
        access_log: AccessLog::start(connection.clone(), config.clock.clone(), config.log_key.clone()),
        vault: Vault::new(&config.data_keys),
        db: connection,
        clock: config.clock.clone(),
        certificate_key: config.certificate_key.clone(),
    };
    rotate_keys::check_keys(&register).await?;
    Ok(register)
}

/// What the server answers, by name.
const SERVICES: [&str; 7] = [
    SERVICE_NAME,
    coverage_service_server::SERVICE_NAME,
    ledger_service_server::SERVICE_NAME,
    merge_service_server::SERVICE_NAME,
    rights_service_server::SERVICE_NAME,
    roster_service_server::SERVICE_NAME,
    transfer_service_server::SERVICE_NAME,
];

/// A service with the message sizes that hold everywhere.
macro_rules! sized {
    ($service:expr) => {
        $service.max_decoding_message_size(MAX_MESSAGE_BYTES).max_encoding_message_size(MAX_MESSAGE_BYTES)
    };
}

fn routes(register: &Register, applier: Applier, stopping: CancellationToken) -> Routes {
    Routes::new(sized!(EnrollmentServiceServer::new(Api::new(register.clone(), stopping.clone()))))
        .add_service(sized!(CoverageServiceServer::new(CoverageApi::new(register.clone()))))
        .add_service(sized!(LedgerServiceServer::new(LedgerApi::new(register.clone()))))
        .add_service(sized!(MergeServiceServer::new(MergeApi::new(register.clone()))))
        .add_service(sized!(TransferServiceServer::new(TransferApi::new(register.clone()))))
        .add_service(sized!(RightsServiceServer::new(RightsApi::new(register.clone()))))
        .add_service(sized!(RosterServiceServer::new(RosterApi::new(register.clone(), applier, stopping))))
}

/// Binds, opens the register, sets to work what goes on in the background until the server stops, and serves.
pub async fn serve(config: EnrollmentConfig) -> anyhow::Result<RunningServer> {
    let server = Server::bind(config.server.clone())?;
    let stopping = server.stopping();
    let register = open(&config).await?;
    let applier = Applier::new(register.clone());
    tokio::spawn(applier.clone().run(stopping.clone()));
    tokio::spawn(stopping.clone().run_until_cancelled_owned(register.rules.clone().keep_fresh()));
    tokio::spawn(stopping.clone().run_until_cancelled_owned(rotate_keys::keep_rotating(register.clone())));
    server.serve(routes(&register, applier, stopping), &SERVICES).await
}
