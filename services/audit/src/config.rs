//! The service's settings.

use yizhan_runtime::Clock;
use yizhan_runtime::chain::LogKey;
use yizhan_runtime::config::{DatabaseConfig, PeerConfig, ServerConfig, Service, Settings};

/// The service's settings.
#[derive(Clone, Debug)]
pub struct AuditConfig {
    /// How it listens.
    pub server: ServerConfig,
    /// Where it keeps what it found.
    pub database: DatabaseConfig,
    /// Where enrollment is.
    pub enrollment: PeerConfig,
    /// Where settlement is, whose feed the third line follows; `None`: nothing is looked at behind settlement.
    pub settlement: Option<PeerConfig>,
    /// Where credit is, which grades institutions; `None`: nothing here follows from a grade.
    pub credit: Option<PeerConfig>,
    /// `audit.log_key`: 64 hexadecimal characters, the secret of the chains of the log of cases. Must stay the same for the life of the
    /// database.
    pub log_key: LogKey,
    /// What time it is.
    pub clock: Clock,
}

impl AuditConfig {
    /// With this database, on a free loopback port: for tests and for services inside one process.
    pub fn embedded(database_url: impl Into<String>) -> Self {
        AuditConfig {
            server: ServerConfig::loopback(),
            database: DatabaseConfig::at(database_url),
            ..AuditConfig::read(&mut Settings::default())
        }
    }

    /// From the environment and the configuration file.
    pub fn read(settings: &mut Settings) -> Self {
        settings.of(Service::Audit, |settings| AuditConfig {
            server: ServerConfig::read(settings),
            database: DatabaseConfig::read(settings),
            enrollment: PeerConfig::read(settings, Service::Enrollment),
            settlement: PeerConfig::read_optional(settings, Service::Settlement),
            credit: PeerConfig::read_optional(settings, Service::Credit),
            log_key: settings.optional("audit.log_key").map_or_else(LogKey::local_default, LogKey::new),
            clock: Clock::system(),
        })
    }
}
