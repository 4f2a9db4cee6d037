//! Settings in, a running service out.

use tonic::service::Routes;
use yizhan_proto::enrollment::v1::enrollment_service_server::{EnrollmentServiceServer, SERVICE_NAME};
use yizhan_runtime::cache::{CacheConfig, VersionedCache};
use yizhan_runtime::config::{DatabaseConfig, ServerConfig, Settings};
use yizhan_runtime::feed::{self, Feed};
use yizhan_runtime::server::{MAX_MESSAGE_BYTES, RunningServer, Server};
use yizhan_runtime::{Clock, db};

use crate::api::Api;
use crate::domain::certificate::CertificateKey;
use crate::register::Register;
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
            clock: Clock::system(),
        }
    }

    /// From the environment and the configuration file.
    pub fn read(settings: &mut Settings) -> Self {
        EnrollmentConfig {
            server: ServerConfig::read(settings, DEFAULT_PORT),
            database: DatabaseConfig::read(settings, "sqlite://data/enrollment.db"),
            certificate_key: certificate_key(settings),
            cache: CacheConfig::read(settings),
            clock: Clock::system(),
        }
    }
}

fn certificate_key(settings: &mut Settings) -> CertificateKey {
    let Some(text) = settings.optional::<String>("enrollment.certificate_key") else {
        return CertificateKey::local_default();
    };
    CertificateKey::from_hex(&text).unwrap_or_else(|| {
        settings.problem("enrollment.certificate_key: must be 64 hexadecimal characters");
        CertificateKey::local_default()
    })
}

/// Connects, migrates, and gives the service's routes together with the register behind them.
pub async fn build(config: &EnrollmentConfig) -> anyhow::Result<(Routes, Register)> {
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
        feed: Feed::new(connection.clone()),
        db: connection,
        clock: config.clock.clone(),
        certificate_key: config.certificate_key.clone(),
    };
    let service = EnrollmentServiceServer::new(Api::new(register.clone()))
        .max_decoding_message_size(MAX_MESSAGE_BYTES)
        .max_encoding_message_size(MAX_MESSAGE_BYTES);
    Ok((Routes::new(service), register))
}

/// Binds, builds, and serves.
pub async fn serve(config: EnrollmentConfig) -> anyhow::Result<RunningServer> {
    let server = Server::bind(config.server.clone())?;
    let (routes, _) = build(&config).await?;
    server.serve(routes, &[SERVICE_NAME]).await
}
