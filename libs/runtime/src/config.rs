//! Typed settings, read before any port is bound, with all problems at once.
//!
//! A setting is named by its sections: `database.url`. One file can say the whole deployment: what stands under a service's
//! name (`url` under `[enrollment.database]`) is for that service alone and goes before what stands without (`url` under
//! `[database]`), which is for all. The name says the variable too: `YIZHAN_ENROLLMENT_DATABASE_URL`, `YIZHAN_DATABASE_URL`.
//!
//! A value comes, in this order, from the command line, from the environment, from the TOML file that `YIZHAN_CONFIG` names, or
//! from the default written where it is read. The same file serves every process of a deployment: sections of services that do
//! not run in this process are not looked at, any other key that nobody knows is a problem. An unknown `YIZHAN_…` variable is
//! ignored: Kubernetes puts such variables into every pod of a namespace with a service called `yizhan`.

mod effective;
mod secret_text;
mod sections;
mod service;
mod settings;
mod tls;

pub use effective::{Effective, Source};
pub use secret_text::SecretText;
pub use sections::{DatabaseConfig, LogFormat, PeerConfig, ReplicaConfig, ServerConfig, TelemetryConfig};
pub use service::Service;
pub use settings::{ConfigProblems, Settings};
pub use tls::{JwtConfig, KeysAt, PeerTls, TlsConfig, TlsIdentity};
