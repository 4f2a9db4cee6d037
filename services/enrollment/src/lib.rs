//! 参保: who is covered, by what, on which day.
//!
//! A room for each feature, each reaching only down: [`rights`], [`ledger`], [`merges`], [`transfers`], [`rosters`] stand on
//! [`coverage`], which stands on [`register`]; all work with the parts of [`app`]. Below it lie one [`person`] with the
//! timeline from which any as-of question is answered, the log of looks ([`access`]) and the entitlement [`rules`]. Inside a
//! room a request goes from `api` (proto in, proto out) to a use case, one file each, and from there to `messages`
//! (converters), `domain` (pure rules) and `store` (tables and statements).

mod access;
mod app;
mod config;
pub mod coverage;
mod ledger;
mod merges;
pub mod migrations;
pub mod person;
pub mod register;
mod rights;
pub mod rosters;
pub mod rules;
mod transfers;

use tokio_util::sync::CancellationToken;
use yizhan_proto::enrollment::v1::account_share_service_server::AccountShareServiceServer;
use yizhan_proto::enrollment::v1::coverage_service_server::CoverageServiceServer;
use yizhan_proto::enrollment::v1::enrollment_service_server::EnrollmentServiceServer;
use yizhan_proto::enrollment::v1::household_service_server::HouseholdServiceServer;
use yizhan_proto::enrollment::v1::ledger_service_server::LedgerServiceServer;
use yizhan_proto::enrollment::v1::merge_service_server::MergeServiceServer;
use yizhan_proto::enrollment::v1::rights_service_server::RightsServiceServer;
use yizhan_proto::enrollment::v1::roster_service_server::RosterServiceServer;
use yizhan_proto::enrollment::v1::transfer_service_server::TransferServiceServer;
use yizhan_runtime::cache::VersionedCache;
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::feed::Feed;
use yizhan_runtime::page::Pages;
use yizhan_runtime::secret::Secret;
use yizhan_runtime::server::{RunningServer, Server, Services};
use yizhan_runtime::vault::Vault;
use yizhan_runtime::{db, services};

pub use config::EnrollmentConfig;
pub use yizhan_runtime::chain::LogKey;

use crate::access::log::AccessLog;
use crate::app::Register;
use crate::migrations::Migrator;
use crate::person::store::cached::TimelineSource;
use crate::register::api::Api;
use crate::register::rotate_keys;
use crate::rosters::{Applier, Rosters};
use crate::rules::RulesBook;

/// Connects to the service's database and brings its tables up to date: what `--migrate` does, and every start. Repeatable, and safe while
/// older processes run.
pub async fn migrate(database: &DatabaseConfig) -> anyhow::Result<DatabaseConnection> {
    db::open::<Migrator>(database).await
}

/// Connects, migrates, and gives the register.
async fn open(config: &EnrollmentConfig) -> anyhow::Result<Register> {
    let connection = migrate(&config.database).await?;
    let secret = Secret::open(&connection).await?;
    let cache = VersionedCache::start(
        "timeline",
        &config.cache,
        connection.clone(),
        TimelineSource(connection.clone()),
    )?;
    let register = Register {
        cache,
        rules: RulesBook::open(connection.clone()).await?,
        feed: Feed::new("enrollment.register", connection.clone(), &secret),
        access_log: AccessLog::start(connection.clone(), config.clock.clone(), config.log_key.clone()),
        vault: Vault::new(&config.data_keys),
        pages: Pages::new(&secret),
        db: connection,
        clock: config.clock.clone(),
        certificate_key: config.certificate_key.clone(),
    };
    rotate_keys::check_keys(&register).await?;
    Ok(register)
}

fn services(register: &Register, applier: Applier, stopping: CancellationToken) -> Services {
    services![
        EnrollmentServiceServer::new(Api::new(register.clone(), stopping.clone())),
        AccountShareServiceServer::new(register.clone()),
        CoverageServiceServer::new(register.clone()),
        HouseholdServiceServer::new(register.clone()),
        LedgerServiceServer::new(register.clone()),
        MergeServiceServer::new(register.clone()),
        TransferServiceServer::new(register.clone()),
        RightsServiceServer::new(register.clone()),
        RosterServiceServer::new(Rosters { register: register.clone(), applier, stopping }),
    ]
    .for_quiet_hours("/yizhan.enrollment.v1.RightsService/VerifyAccessLog")
    .needing(register.db.clone())
}

/// Binds, opens the register, sets to work what goes on in the background until the server stops, and serves.
pub async fn serve(config: EnrollmentConfig) -> anyhow::Result<RunningServer> {
    let server = Server::bind(config.server.clone())?;
    let stopping = server.stopping();
    let register = open(&config).await?;
    let applier = Applier::new(register.clone());
    applier.keep_applying(&stopping);
    register.rules.keep_fresh(&stopping);
    rotate_keys::keep_rotating(&register, &stopping);
    server.serve(services(&register, applier, stopping)).await
}
