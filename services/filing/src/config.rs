//! The service's settings.

use yizhan_runtime::Clock;
use yizhan_runtime::cache::CacheConfig;
use yizhan_runtime::config::{DatabaseConfig, PeerConfig, ServerConfig, Settings};

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
