//! The small structs that every service's settings are made of. Each is read from the service's own section, else from the
//! one for all.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::sqlite::SqliteConnectOptions;

use super::tls::{self, JwtConfig, PeerTls, TlsConfig};
use super::{SecretText, Service, Settings};
use crate::areas::Areas;

/// How a server listens and what it allows.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// `server.listen`: address and port; port 0 picks a free one.
    pub listen: SocketAddr,
    /// `server.tls_cert`, `server.tls_key`, `server.tls_client_ca`: PEM files; without them the server speaks plain HTTP/2 (inside a mesh).
    pub tls: Option<TlsConfig>,
    /// `server.trust_caller_header`: believe the metadata entry `yizhan-caller` (see [`crate::caller`]). Only behind
    /// something that sets it. Default false: every caller is the local administrator, unless certificates or tokens name them.
    pub trust_caller_header: bool,
    /// `server.jwt_…`: tokens that name callers.
    pub jwt: Option<JwtConfig>,
    /// `server.callers`: TOML file of rules, which certificate or subject of a token is which caller. Default: services only.
    pub callers: Option<PathBuf>,
    /// `server.areas`: 统筹区 that it works for, six-digit codes divided by commas; what is another's is refused. Default: all.
    pub areas: Areas,
    /// `server.reflection`: tell tools what the contract is. Default: on the loopback interface only.
    pub reflection: bool,
    /// `server.max_concurrent_requests`: more at once are refused with OVERLOADED. Default 512.
    pub max_concurrent_requests: usize,
    /// `server.request_seconds`: what is not answered by then is told that its outcome is not known. Default 15: longer than
    /// waiting for a lock of the database, shorter than the drain.
    pub request: Duration,
    /// `server.max_connection_age_seconds`: then a connection is given up in good order, so that clients spread over the
    /// processes there are now; give or take a tenth. Default 1800.
    pub max_connection_age: Duration,
    /// `server.drain_seconds`: how long stopping may take in all. Default 20.
    pub drain: Duration,
    /// `server.health_listen`: where it says besides how it is, in plain HTTP/2 and nothing else: for probes that speak no TLS and have
    /// no caller. Default: nowhere.
    pub health: Option<SocketAddr>,
    /// Where it listens besides for the services of its own process, without TLS; only they are told. Default: nowhere.
    pub inside: Option<SocketAddr>,
}

impl ServerConfig {
    /// Listening here, everything else as by default.
    pub fn listening_on(listen: SocketAddr) -> Self {
        ServerConfig {
            listen,
            tls: None,
            trust_caller_header: false,
            jwt: None,
            callers: None,
            areas: Areas::ALL,
            reflection: listen.ip().is_loopback(),
            max_concurrent_requests: 512,
            request: Duration::from_secs(15),
            max_connection_age: Duration::from_secs(30 * 60),
            drain: Duration::from_secs(20),
            health: None,
            inside: None,
        }
    }

    /// A free port on the loopback interface: for tests and for services inside one process. Nobody balances load there, so
    /// stopping is quicker.
    pub fn loopback() -> Self {
        let drain = Duration::from_secs(5);
        ServerConfig { drain, ..ServerConfig::listening_on(SocketAddr::from(([127, 0, 0, 1], 0))) }
    }

    /// Reads where it listens: by default on the service's own port of the loopback interface.
    pub fn read_listen(settings: &mut Settings) -> SocketAddr {
        let port = settings.service().map_or(0, Service::port);
        settings.or("server.listen", SocketAddr::from(([127, 0, 0, 1], port)))
    }

    /// Reads section `server`. What listens elsewhere than on the loopback interface must know who calls.
    pub fn read(settings: &mut Settings) -> Self {
        let default = ServerConfig::listening_on(ServerConfig::read_listen(settings));
        let max_concurrent_requests =
            settings.or("server.max_concurrent_requests", default.max_concurrent_requests);
        if max_concurrent_requests == 0 {
            settings.wrong("server.max_concurrent_requests", "must be at least 1");
        }
        let max_connection_age =
            seconds(settings, "server.max_connection_age_seconds", default.max_connection_age);
        let listen = default.listen;
        let health = settings.optional("server.health_listen");
        if health.is_some_and(|health: SocketAddr| health == listen && health.port() != 0) {
            settings.wrong("server.health_listen", "must be another port than server.listen");
        }
        let config = ServerConfig {
            listen,
            tls: TlsConfig::read(settings),
            trust_caller_header: settings.or("server.trust_caller_header", default.trust_caller_header),
            jwt: JwtConfig::read(settings),
            callers: tls::read_callers(settings),
            areas: read_areas(settings),
            reflection: settings.or("server.reflection", default.reflection),
            max_concurrent_requests,
            request: seconds(settings, "server.request_seconds", default.request),
            max_connection_age,
            drain: seconds(settings, "server.drain_seconds", default.drain),
            health,
            inside: None,
        };
        tls::check_callers(settings, &config);
        config
    }
}

/// For which areas a service works.
fn read_areas(settings: &mut Settings) -> Areas {
    settings.optional("server.areas").unwrap_or_default()
}

/// A time in seconds, at least one.
fn seconds(settings: &mut Settings, name: &str, default: Duration) -> Duration {
    let seconds = settings.or(name, default.as_secs());
    if seconds == 0 {
        settings.wrong(name, "must be at least 1");
    }
    Duration::from_secs(seconds)
}

/// The path of a file that must be there.
pub(super) fn file(settings: &mut Settings, name: &str) -> Option<PathBuf> {
    let path: PathBuf = settings.optional::<String>(name)?.into();
    if !path.is_file() {
        settings.wrong(name, format!("no such file: {}", path.display()));
    }
    Some(path)
}

/// Where a service keeps its data.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// `database.url`: `postgres://user:password@host/name` or `sqlite://folder/file.db`. Default: the SQLite file with the
    /// name of the service in folder `database.folder` (`data`).
    pub url: SecretText,
    /// `database.max_connections`: default 16.
    pub max_connections: u32,
    /// `database.replica_…`: a streaming replica, for lists and figures. Default: none.
    pub replica: Option<ReplicaConfig>,
}

/// A streaming replica of a service's PostgreSQL.
#[derive(Clone, Debug)]
pub struct ReplicaConfig {
    /// `database.replica_url`: `postgres://user:password@host/name`.
    pub url: SecretText,
    /// `database.replica_max_lag_seconds`: what is further behind is not read. Default 5.
    pub max_lag: Duration,
    /// As many as to the database itself.
    pub max_connections: u32,
}

impl DatabaseConfig {
    /// This database, with the default pool.
    pub fn at(url: impl Into<String>) -> Self {
        DatabaseConfig { url: SecretText::from(url.into()), max_connections: 16, replica: None }
    }

    /// Reads section `database`.
    pub fn read(settings: &mut Settings) -> Self {
        let folder = settings.or("database.folder", "data".to_owned());
        let service = settings.service().map_or("service", Service::name);
        let default = DatabaseConfig::at(format!("sqlite://{folder}/{service}.db"));
        let url = settings.or("database.url", default.url);
        if !["postgres://", "postgresql://", "sqlite:"].iter().any(|scheme| url.starts_with(scheme)) {
            settings.wrong("database.url", "database.url must start with postgres:// or sqlite://");
        } else if let Some(problem) = url_problem(&url) {
            settings.wrong("database.url", problem);
        }
        let max_connections = settings.or("database.max_connections", default.max_connections);
        if max_connections == 0 {
            settings.wrong("database.max_connections", "must be at least 1");
        }
        let replica = ReplicaConfig::read(settings, &url, max_connections);
        DatabaseConfig { url, max_connections, replica }
    }
}

impl ReplicaConfig {
    /// This replica, which may be 5 seconds behind.
    pub fn at(url: impl Into<String>) -> Self {
        let max_lag = Duration::from_secs(5);
        ReplicaConfig { url: SecretText::from(url.into()), max_lag, max_connections: 16 }
    }

    fn read(settings: &mut Settings, primary: &SecretText, max_connections: u32) -> Option<Self> {
        const URL: &str = "database.replica_url";
        let max_lag = seconds(settings, "database.replica_max_lag_seconds", Duration::from_secs(5));
        let url: SecretText = settings.optional(URL)?;
        let is_postgres =
            |url: &SecretText| url.starts_with("postgres://") || url.starts_with("postgresql://");
        if !is_postgres(primary) {
            settings.wrong(URL, "only PostgreSQL has replicas: database.url is none of it");
        } else if !is_postgres(&url) {
            settings.wrong(URL, "must start with postgres://");
        } else if let Some(problem) = url_problem(&url) {
            settings.wrong(URL, problem);
        }
        Some(ReplicaConfig { url, max_lag, max_connections })
    }
}

/// What sqlx knows behind the `?` of a PostgreSQL URL. What it does not know it would only log, with its value.
const PARAMETERS: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// What is wrong with the URL of a database, told without anything of it: what tells it later would quote it.
fn url_problem(url: &SecretText) -> Option<&'static str> {
    if url.starts_with("sqlite:") {
        let read = SqliteConnectOptions::from_str(url.as_str());
        return read.is_err().then_some("cannot be read: sqlite://folder/file.db");
    }
    let query = url.as_str().split_once('?').map_or("", |(_, query)| query);
    let names = query.split('&').map(|pair| pair.split(['=', '[']).next().unwrap_or_default());
    let unknown = names.filter(|name| !name.is_empty()).any(|name| !PARAMETERS.contains(&name));
    let read = || PgConnectOptions::from_str(url.as_str());
    url.problem()
        .or(unknown.then_some("there is a parameter behind the ? that is none of PostgreSQL's"))
        .or_else(|| read().is_err().then_some("cannot be read: postgres://user:password@host:port/name"))
}

/// Another service that this one calls.
#[derive(Clone, Debug)]
pub struct PeerConfig {
    /// `peers.<service>.address`, e.g. `peers.enrollment.address`: `http://host:port` or `https://…`.
    pub address: String,
    /// `peers.<service>.deadline_ms`: how long one call may take. Default 2000.
    pub deadline: Duration,
    /// `peers.<service>.tls_…`: how it is known, and how this service shows itself; with `https://`.
    pub tls: Option<PeerTls>,
    /// It is in this process, and asked over a port that only the process knows.
    pub inside: bool,
    /// For which areas this service works (`server.areas`): it is asked as for one of them, so that another shard's refuses.
    pub areas: Areas,
}

impl PeerConfig {
    /// At this address, with the default deadline.
    pub fn at(address: impl Into<String>) -> Self {
        PeerConfig {
            address: address.into(),
            deadline: Duration::from_secs(2),
            tls: None,
            inside: false,
            areas: Areas::ALL,
        }
    }

    /// Reads section `peers.<service>` of a service that need not be there: `None` without an address.
    pub fn read_optional(settings: &mut Settings, service: Service) -> Option<Self> {
        // Read all the same: settings without an address are known, if useless.
        let address: Option<String> = settings.optional(&format!("peers.{service}.address"));
        let peer = PeerConfig::checked(settings, service, address.clone().unwrap_or_default());
        address.map(|_| peer)
    }

    /// Reads section `peers.<service>`; by default it is looked for where it listens by default.
    pub fn read(settings: &mut Settings, service: Service) -> Self {
        let address =
            settings.or(&format!("peers.{service}.address"), format!("http://127.0.0.1:{}", service.port()));
        PeerConfig::checked(settings, service, address)
    }

    fn checked(settings: &mut Settings, service: Service, address: String) -> Self {
        let valid = address.parse::<http::Uri>().is_ok_and(|uri| {
            // A login there would be nobody's, and shown.
            matches!(uri.scheme_str(), Some("http" | "https")) && !address.contains('@')
        });
        if !address.is_empty() && !valid {
            settings
                .wrong(&format!("peers.{service}.address"), "must be http://host:port or https://host:port");
        }
        let default = PeerConfig::at(address);
        let deadline = format!("peers.{service}.deadline_ms");
        let millis = settings.or(&deadline, default.deadline.as_millis() as u64);
        if millis == 0 {
            settings.wrong(&deadline, "must be at least 1");
        }
        let tls = PeerTls::read(settings, service, default.address.starts_with("https://"));
        PeerConfig { deadline: Duration::from_millis(millis), tls, areas: read_areas(settings), ..default }
    }
}

/// What is logged and exported.
#[derive(Clone, Debug)]
pub struct TelemetryConfig {
    /// `telemetry.log_format`: `text` (default) or `json`.
    pub log_format: LogFormat,
    /// `telemetry.log_filter`: as of RUST_LOG; default `info,sqlx=warn,sea_orm_migration=warn`.
    pub log_filter: String,
    /// `telemetry.otlp_endpoint`: where spans, metrics and logs are sent over gRPC, e.g. `http://collector:4317`. Nothing is
    /// exported without it.
    pub otlp_endpoint: Option<SecretText>,
    /// `telemetry.otlp_ca`: PEM file of the authority that signed the collector's certificate; required with `https://`.
    pub otlp_ca: Option<PathBuf>,
    /// `telemetry.sample_one_in`: of traces that no caller decided about, one in so many is exported. Default 100.
    pub sample_one_in: u32,
    /// `telemetry.metrics_listen`: where `GET /metrics` is answered, e.g. `0.0.0.0:9464`. Default: nowhere.
    pub metrics_listen: Option<SocketAddr>,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        TelemetryConfig {
            log_format: LogFormat::Text,
            log_filter: "info,sqlx=warn,sea_orm_migration=warn".to_owned(),
            otlp_endpoint: None,
            otlp_ca: None,
            sample_one_in: 100,
            metrics_listen: None,
        }
    }
}

impl TelemetryConfig {
    /// Reads section `telemetry`, of the process whatever services run in it.
    pub fn read(settings: &mut Settings) -> Self {
        let default = TelemetryConfig::default();
        let log_filter = settings.or("telemetry.log_filter", default.log_filter);
        if let Err(error) = log_filter.parse::<tracing_subscriber::EnvFilter>() {
            settings.wrong("telemetry.log_filter", error);
        }
        let otlp_endpoint: Option<SecretText> = settings.optional("telemetry.otlp_endpoint");
        if let Some(endpoint) = &otlp_endpoint {
            let uri = endpoint.as_str().parse::<http::Uri>().ok();
            if !uri.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https"))) {
                settings.wrong("telemetry.otlp_endpoint", "must be http://host:port or https://host:port");
            } else if let Some(problem) = endpoint.problem() {
                settings.wrong("telemetry.otlp_endpoint", problem);
            }
        }
        let sample_one_in = settings.or("telemetry.sample_one_in", default.sample_one_in);
        if sample_one_in == 0 {
            settings.wrong("telemetry.sample_one_in", "must be at least 1");
        }
        TelemetryConfig {
            log_format: settings.or("telemetry.log_format", default.log_format),
            log_filter,
            otlp_ca: collectors_authority(settings, otlp_endpoint.as_ref()),
            otlp_endpoint,
            sample_one_in,
            metrics_listen: settings.optional("telemetry.metrics_listen"),
        }
    }
}

fn collectors_authority(settings: &mut Settings, endpoint: Option<&SecretText>) -> Option<PathBuf> {
    let ca = file(settings, "telemetry.otlp_ca");
    if ca.as_ref().is_some_and(|path| path.is_file() && !crate::server::tls::holds_certificates(path)) {
        settings.wrong("telemetry.otlp_ca", "holds no certificate in PEM");
    }
    if ca.is_some() != endpoint.is_some_and(|endpoint| endpoint.as_str().starts_with("https://")) {
        settings.wrong(
            "telemetry.otlp_ca",
            "telemetry.otlp_ca is needed with an https:// endpoint, and only then",
        );
    }
    ca
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

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        })
    }
}
