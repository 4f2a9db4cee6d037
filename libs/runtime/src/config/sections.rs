//! The small structs that every service's settings are made of.

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::Settings;

/// How a server listens and what it allows.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// `server.listen`: address and port; port 0 picks a free one.
    pub listen: SocketAddr,
    /// `server.tls_cert`, `server.tls_key`: PEM files; without them the server speaks plain HTTP/2 (inside a mesh).
    pub tls: Option<TlsConfig>,
    /// `server.trust_caller_header`: believe the metadata entry `yizhan-caller` (see [`crate::caller`]). Only behind
    /// something that sets it. Default false: every caller is the local administrator.
    pub trust_caller_header: bool,
    /// `server.max_concurrent_requests`: more at once are refused with OVERLOADED. Default 512.
    pub max_concurrent_requests: usize,
    /// `server.drain_seconds`: how long requests may finish after a stop signal. Default 20.
    pub drain: Duration,
}

impl ServerConfig {
    /// Listening here, everything else as by default.
    pub fn listening_on(listen: SocketAddr) -> Self {
        ServerConfig {
            listen,
            tls: None,
            trust_caller_header: false,
            max_concurrent_requests: 512,
            drain: Duration::from_secs(20),
        }
    }

    /// A free port on the loopback interface: for tests and for services inside one process.
    pub fn loopback() -> Self {
        ServerConfig::listening_on(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// Reads section `server`; `port` is the service's own default, on the loopback interface.
    pub fn read(settings: &mut Settings, port: u16) -> Self {
        let default = ServerConfig::listening_on(SocketAddr::from(([127, 0, 0, 1], port)));
        let max_concurrent_requests =
            settings.or("server.max_concurrent_requests", default.max_concurrent_requests);
        if max_concurrent_requests == 0 {
            settings.problem("server.max_concurrent_requests: must be at least 1");
        }
        ServerConfig {
            listen: settings.or("server.listen", default.listen),
            tls: TlsConfig::read(settings),
            trust_caller_header: settings.or("server.trust_caller_header", default.trust_caller_header),
            max_concurrent_requests,
            drain: Duration::from_secs(settings.or("server.drain_seconds", default.drain.as_secs())),
        }
    }
}

/// The server's certificate.
#[derive(Clone, Debug)]
pub struct TlsConfig {
    /// PEM file with the certificate chain.
    pub cert: PathBuf,
    /// PEM file with the private key.
    pub key: PathBuf,
}

impl TlsConfig {
    fn read(settings: &mut Settings) -> Option<Self> {
        let cert: Option<PathBuf> = settings.optional("server.tls_cert");
        let key: Option<PathBuf> = settings.optional("server.tls_key");
        for path in cert.iter().chain(&key).filter(|path| !path.is_file()) {
            settings.problem(format!("server.tls_cert, server.tls_key: no such file: {}", path.display()));
        }
        match (cert, key) {
            (Some(cert), Some(key)) => Some(TlsConfig { cert, key }),
            (None, None) => None,
            _ => {
                settings.problem("server.tls_cert and server.tls_key must be given together");
                None
            }
        }
    }
}

/// Where a service keeps its data.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// `database.url`: `postgres://user:password@host/name` or `sqlite://folder/file.db`.
    pub url: SecretText,
    /// `database.max_connections`: default 16.
    pub max_connections: u32,
}

impl DatabaseConfig {
    /// This database, with the default pool.
    pub fn at(url: impl Into<String>) -> Self {
        DatabaseConfig { url: SecretText(url.into()), max_connections: 16 }
    }

    /// Reads section `database`; `default_url` is where the service keeps its data on a laptop.
    pub fn read(settings: &mut Settings, default_url: &str) -> Self {
        let default = DatabaseConfig::at(default_url);
        let url = settings.or("database.url", default.url);
        if !["postgres://", "postgresql://", "sqlite:"].iter().any(|scheme| url.as_str().starts_with(scheme))
        {
            settings.problem("database.url: must start with postgres:// or sqlite://");
        }
        let max_connections = settings.or("database.max_connections", default.max_connections);
        if max_connections == 0 {
            settings.problem("database.max_connections: must be at least 1");
        }
        DatabaseConfig { url, max_connections }
    }
}

/// Text with a password in it: not printed by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the text starts like this.
    pub fn starts_with(&self, start: &str) -> bool {
        self.0.starts_with(start)
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        SecretText(text)
    }
}

impl FromStr for SecretText {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(SecretText(text.to_owned()))
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Another service that this one calls.
#[derive(Clone, Debug)]
pub struct PeerConfig {
    /// `<service>.address`, e.g. `enrollment.address`: `http://host:port` or `https://…`.
    pub address: String,
    /// `<service>.deadline_ms`: how long one call may take. Default 2000.
    pub deadline: Duration,
    /// `<service>.tls_ca`: PEM file of the authority that signed its certificate; required with `https://`.
    pub tls_ca: Option<PathBuf>,
}

impl PeerConfig {
    /// At this address, with the default deadline.
    pub fn at(address: impl Into<String>) -> Self {
        PeerConfig { address: address.into(), deadline: Duration::from_secs(2), tls_ca: None }
    }

    /// Reads section `<service>` of a service that need not be there: `None` without an address.
    pub fn read_optional(settings: &mut Settings, service: &str) -> Option<Self> {
        let address: Option<String> = settings.optional(&format!("{service}.address"));
        // Read all the same: settings without an address are known, if useless.
        let peer = PeerConfig::read(settings, service, "http://127.0.0.1");
        address.map(|_| peer)
    }

    /// Reads section `<service>`; `default_address` is where it listens by default.
    pub fn read(settings: &mut Settings, service: &str, default_address: &str) -> Self {
        let default = PeerConfig::at(default_address);
        let name = format!("{service}.address");
        let address: String = settings.or(&name, default.address);
        let valid =
            address.parse::<http::Uri>().is_ok_and(|uri| uri.scheme().is_some() && uri.host().is_some());
        if !valid {
            settings.problem(format!("{name}: must be http://host:port or https://host:port"));
        }
        let millis = settings.or(&format!("{service}.deadline_ms"), default.deadline.as_millis() as u64);
        let tls_ca: Option<PathBuf> = settings.optional(&format!("{service}.tls_ca"));
        if tls_ca.is_some() != address.starts_with("https://") {
            settings.problem(format!("{service}.tls_ca: needed with an https:// address, and only then"));
        }
        PeerConfig { address, deadline: Duration::from_millis(millis), tls_ca }
    }
}

/// What is logged and exported.
#[derive(Clone, Debug)]
pub struct TelemetryConfig {
    /// `telemetry.log_format`: `text` (default) or `json`.
    pub log_format: LogFormat,
    /// `telemetry.log_filter`: as of RUST_LOG; default `info,sqlx=warn,sea_orm_migration=warn`.
    pub log_filter: String,
    /// `telemetry.otlp_endpoint`: where spans are sent over gRPC, e.g. `http://collector:4317`. Nothing is exported
    /// without it.
    pub otlp_endpoint: Option<String>,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        TelemetryConfig {
            log_format: LogFormat::Text,
            log_filter: "info,sqlx=warn,sea_orm_migration=warn".to_owned(),
            otlp_endpoint: None,
        }
    }
}

impl TelemetryConfig {
    /// Reads section `telemetry`.
    pub fn read(settings: &mut Settings) -> Self {
        let default = TelemetryConfig::default();
        let log_filter = settings.or("telemetry.log_filter", default.log_filter);
        if let Err(error) = log_filter.parse::<tracing_subscriber::EnvFilter>() {
            settings.problem(format!("telemetry.log_filter: {error}"));
        }
        TelemetryConfig {
            log_format: settings.or("telemetry.log_format", default.log_format),
            log_filter,
            otlp_endpoint: settings.optional("telemetry.otlp_endpoint"),
        }
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For collectors: one JSON object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            _ => Err(format!("`{text}` is neither text nor json")),
        }
    }
}
