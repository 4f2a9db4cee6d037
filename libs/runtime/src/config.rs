//! Typed settings, read before any port is bound, with all problems at once.
//!
//! A setting is named `section.key`. Its value comes, in this order, from the environment (`server.listen` is
//! `YIZHAN_SERVER_LISTEN`), from the TOML file that `YIZHAN_CONFIG` names (`listen` under `[server]`), or from the default
//! written where it is read. An unknown key in the file is a problem. An unknown `YIZHAN_…` variable is ignored:
//! Kubernetes puts such variables into every pod of a namespace with a service called `yizhan`.

mod sections;
mod settings;

pub use sections::{
    DatabaseConfig, LogFormat, PeerConfig, SecretText, ServerConfig, TelemetryConfig, TlsConfig,
};
pub use settings::{ConfigProblems, Settings};
