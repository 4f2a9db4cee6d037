//! 一站式结算 (settlement): one visit settled across every payer, to the fen, explained.
//!
//! The way of a request: [`api`] (gRPC in and out) → [`usecases`], one file each → [`domain`]
//! (pure rules) and [`store`] (tables and statements).

pub mod api;
pub mod app;
pub mod config;
pub mod domain;
pub mod store;
pub mod usecases;

use std::sync::Arc;

use yizhan_runtime::server::{RunningServer, Server};
use yizhan_runtime::{Clock, db, feed};

pub use config::Config;

use crate::app::App;
use crate::store::migrations::Migrator;
use yizhan_clients::{EnrollmentPeer, FilingPeer};

/// Starts the service: binds, brings the tables up to date, publishes the policies, serves.
pub async fn serve(config: Config, clock: Clock) -> anyhow::Result<RunningServer> {
    let server = Server::bind(config.server.clone())?;
    let database = db::connect(&config.database).await?;
    db::migrate::<Migrator>(&database).await?;
    feed::check(&database).await?;
    let enrollment = Box::new(EnrollmentPeer::new(&config.enrollment, "settlement")?);
    let filing = Box::new(FilingPeer::new(&config.filing, "settlement")?);
    let app = Arc::new(App::new(database, clock, enrollment, filing, config.quote_ttl, server.stopping()));
    usecases::policies::publish_at_start(&app, config.policies.as_deref()).await?;
    app.policies.keep_fresh();
    server.serve(api::routes(app), &api::SERVICES).await
}
