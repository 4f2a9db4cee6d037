//! The settings of the service.

use yizhan_runtime::Clock;
use yizhan_runtime::cache::CacheConfig;
use yizhan_runtime::chain::LogKey;
use yizhan_runtime::config::{DatabaseConfig, ServerConfig, Service, Settings};
use yizhan_runtime::vault::{DataKeys, SecretKey};

use crate::person::domain::certificate::CertificateKey;

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
        settings.of(Service::Enrollment, |settings| EnrollmentConfig {
            server: ServerConfig::read(settings),
            database: DatabaseConfig::read(settings),
            cache: CacheConfig::read(settings),
            certificate_key: settings
                .optional("enrollment.certificate_key")
                .map_or_else(CertificateKey::local_default, CertificateKey::new),
            data_keys: settings.optional("enrollment.data_keys").unwrap_or_else(local_data_keys),
            log_key: settings.optional("enrollment.log_key").map_or_else(LogKey::local_default, LogKey::new),
            clock: Clock::system(),
        })
    }
}

/// The key of a register on one machine, where nobody configured one: id `local`, and no secret.
fn local_data_keys() -> DataKeys {
    DataKeys::single("local", SecretKey::new(*b"yizhan local data key, no secret"))
}
