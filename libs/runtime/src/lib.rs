//! What every service binary shares, so that each `main.rs` reads the same and fits on a page.
//!
//! | module | for |
//! |---|---|
//! | [`config`] | typed settings from `YIZHAN_*` variables and an optional TOML file; all problems at once |
//! | [`telemetry`], [`trace`], [`metrics`] | logs, spans and metrics, and where they go; W3C trace context in and out |
//! | [`personal`], [`vault`], [`secret`] | values that cannot be printed; sealing them at rest; keys of a service's own |
//! | [`error`] | one error type, mapped once to a gRPC status with details, and read back from one |
//! | [`caller`] | who asks, made once per request of a header, a certificate or a token |
//! | [`areas`] | which 统筹区 a service works for; what is another shard's is refused |
//! | [`db`] | connecting, write transactions, retries, migrations |
//! | [`cache`] | what the database says, faster, and never older than stated |
//! | [`batcher`], [`room`] | jobs that arrive together share a round trip; answers that fit into one message |
//! | [`chain`] | logs that nobody changes unnoticed |
//! | [`feed`] | the change log that others follow, which never skips |
//! | [`follow`] | following another service's feed, each event exactly once |
//! | [`contract`] | what holds for every field of every request |
//! | [`fields`] | the fields of a request, each noted if it is wrong |
//! | [`once`] | mutations that happen once per request id, whatever is retried |
//! | [`server`], [`calls!`], [`process`], [`client`] | serving, a service as its calls, the life of a process, calling others |
//! | [`deadline`] | until when a request is waited for, and so what it asks of others |
//! | [`task`] | work in the background that outlives its defects |
//! | [`ids`], [`clock`], [`page`] | time-ordered ids; now and today; page sizes and tokens |

pub mod areas;
pub mod batcher;
pub mod cache;
pub mod caller;
mod calls;
pub mod chain;
pub mod client;
pub mod clock;
pub mod config;
pub mod contract;
pub mod db;
pub mod deadline;
pub mod error;
pub mod feed;
pub mod fields;
pub mod follow;
mod identity;
pub mod ids;
mod kept;
pub mod metrics;
pub mod once;
pub mod page;
pub mod personal;
pub mod process;
pub mod request_layer;
pub mod room;
pub mod secret;
pub mod server;
pub mod task;
pub mod telemetry;
pub mod trace;
pub mod vault;

pub use caller::Caller;
pub use clock::Clock;
pub use error::{Reason, Said, ServiceError, Violations};
pub use fields::Fields;
pub use personal::Personal;

/// What a call is answered: the type that tonic's service traits ask for.
pub type Reply<T> = Result<tonic::Response<T>, tonic::Status>;
