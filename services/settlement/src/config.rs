//! Settings of the settlement service.

use std::path::PathBuf;
use std::time::Duration;

use yizhan_runtime::config::{DatabaseConfig, PeerConfig, ServerConfig, Service, Settings};

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
    /// Where audit is; `None`: it is not asked, and sees settlements in the feed.
    pub audit: Option<PeerConfig>,
    /// `settlement.audit_deadline_ms`: what audit has not answered by then is settled without it. Default 150.
    pub audit_deadline: Duration,
    /// Where credit is; `None`: nobody's 支付资格 is asked about.
    pub credit: Option<PeerConfig>,
    /// `settlement.credit_deadline_ms`: what credit has not answered by then is settled with a mark. Default 150.
    pub credit_deadline: Duration,
    /// `settlement.policies`: folder of YAML documents published at start instead of the embedded ones. What the
    /// database holds already stays published; a document that conflicts with it stops the start.
    pub policies: Option<PathBuf>,
    /// `settlement.follow_after_seconds`: a change of the register is followed when it is so old: what was being settled then by the answer of
    /// before is in the books by then. Default 10.
    pub follow_after: Duration,
    /// `settlement.quote_minutes`: how long a quote holds. Default 10.
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
        settings.of(Service::Settlement, |settings| Config {
            server: ServerConfig::read(settings),
            database: DatabaseConfig::read(settings),
            enrollment: PeerConfig::read(settings, Service::Enrollment),
            filing: PeerConfig::read(settings, Service::Filing),
            audit: PeerConfig::read_optional(settings, Service::Audit),
            audit_deadline: Duration::from_millis(settings.or("settlement.audit_deadline_ms", 150u64)),
            credit: PeerConfig::read_optional(settings, Service::Credit),
            credit_deadline: Duration::from_millis(settings.or("settlement.credit_deadline_ms", 150u64)),
            policies: folder(settings, "settlement.policies"),
            follow_after: Duration::from_secs(settings.or("settlement.follow_after_seconds", 10u64)),
            quote_ttl: Duration::from_secs(60 * settings.or("settlement.quote_minutes", 10u64)),
        })
    }
}

/// The path of a folder that must be there.
fn folder(settings: &mut Settings, name: &str) -> Option<PathBuf> {
    let path: PathBuf = settings.optional::<String>(name)?.into();
    if !path.is_dir() {
        settings.wrong(name, format!("no such folder: {}", path.display()));
    }
    Some(path)
}
