//! The service's settings.

use yizhan_runtime::Clock;
use yizhan_runtime::cache::CacheConfig;
use yizhan_runtime::config::{DatabaseConfig, PeerConfig, ServerConfig, Service, Settings};

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
        settings.of(Service::Filing, |settings| FilingConfig {
            server: ServerConfig::read(settings),
            database: DatabaseConfig::read(settings),
            cache: CacheConfig::read(settings),
            enrollment: PeerConfig::read(settings, Service::Enrollment),
            settlement: PeerConfig::read_optional(settings, Service::Settlement),
            clock: Clock::system(),
        })
    }
}
