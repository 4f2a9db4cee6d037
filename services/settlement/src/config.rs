//! Settings of the settlement service.

use std::path::PathBuf;
use std::time::Duration;

use yizhan_runtime::config::{DatabaseConfig, PeerConfig, ServerConfig, Settings};

/// The port settlement listens on by default.
pub const DEFAULT_PORT: u16 = 7202;

/// Everything settlement can be told.
#[derive(Clone, Debug)]
pub struct Config {
    /// How it listens.
    pub server: ServerConfig,
    /// Where its data is.
    pub database: DatabaseConfig,
    /// Where enrollment is.
    pub enrollment: PeerConfig,
    /// Where filing is.
    pub filing: PeerConfig,
    /// `policies.folder`: YAML documents published at start instead of the embedded ones. What the
    /// database holds already stays published; a document that conflicts with it stops the start.
    pub policies: Option<PathBuf>,
    /// `quote.minutes`: how long a quote holds. Default 10.
    pub quote_ttl: Duration,
}

impl Default for Config {
    fn default() -> Config {
        Config::read(&mut Settings::default())
    }
}

impl Config {
    /// From the environment and the configuration file.
    pub fn read(settings: &mut Settings) -> Config {
        Config {
            server: ServerConfig::read(settings, DEFAULT_PORT),
            database: DatabaseConfig::read(settings, "sqlite://data/settlement.db"),
            enrollment: PeerConfig::read(settings, "enrollment", "http://127.0.0.1:7201"),
            filing: PeerConfig::read(settings, "filing", "http://127.0.0.1:7203"),
            policies: settings.optional("policies.folder"),
            quote_ttl: Duration::from_secs(60 * settings.or("quote.minutes", 10u64)),
        }
    }
}
