//! The service's settings.

use yizhan_runtime::Clock;
use yizhan_runtime::chain::LogKey;
use yizhan_runtime::config::{DatabaseConfig, PeerConfig, ServerConfig, Service, Settings};

/// The service's settings.
#[derive(Clone, Debug)]
pub struct CreditConfig {
    /// How it listens.
    pub server: ServerConfig,
    /// Where it keeps its ledger.
    pub database: DatabaseConfig,
    /// Where enrollment is, which knows who is insured.
    pub enrollment: PeerConfig,
    /// Where audit is, whose decisions are followed; `None`: nothing is.
    pub audit: Option<PeerConfig>,
    /// Where settlement is, whose feeds are followed; `None`: nothing is.
    pub settlement: Option<PeerConfig>,
    /// `credit.log_key`: 64 hexadecimal characters, the secret of the chains of the ledger. Must stay the same for the life of the database.
    pub log_key: LogKey,
    /// What time it is.
    pub clock: Clock,
}

impl CreditConfig {
    /// With this database, on a free loopback port: for tests and for services inside one process.
    pub fn embedded(database_url: impl Into<String>) -> Self {
        CreditConfig {
            server: ServerConfig::loopback(),
            database: DatabaseConfig::at(database_url),
            ..CreditConfig::read(&mut Settings::default())
        }
    }

    /// From the environment and the configuration file.
    pub fn read(settings: &mut Settings) -> Self {
        settings.of(Service::Credit, |settings| CreditConfig {
            server: ServerConfig::read(settings),
            database: DatabaseConfig::read(settings),
            enrollment: PeerConfig::read(settings, Service::Enrollment),
            audit: PeerConfig::read_optional(settings, Service::Audit),
            settlement: PeerConfig::read_optional(settings, Service::Settlement),
            log_key: settings.optional("credit.log_key").map_or_else(LogKey::local_default, LogKey::new),
            clock: Clock::system(),
        })
    }
}
