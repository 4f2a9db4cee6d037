//! Settings in, a running service out.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use yizhan_clients::EnrollmentPeer;
use yizhan_proto::filing::v1::filing_figures_service_server::{self, FilingFiguresServiceServer};
use yizhan_proto::filing::v1::filing_rules_service_server::{self, FilingRulesServiceServer};
use yizhan_proto::filing::v1::filing_service_server::{FilingServiceServer, SERVICE_NAME};
use yizhan_rules::RulesBook;
use yizhan_runtime::cache::VersionedCache;
use yizhan_runtime::db;
use yizhan_runtime::feed::{self, Feed};
use yizhan_runtime::server::{MAX_MESSAGE_BYTES, RunningServer, Server};

use crate::api::{FiguresApi, FilingApi, RulesApi};
use crate::config::FilingConfig;
use crate::figures;
use crate::following;
use crate::register::Register;
use crate::store::cached::StandingsSource;
use crate::store::migrations::Migrator;
use crate::sweep;

/// Connects, migrates, and gives the register.
pub async fn open(config: &FilingConfig) -> anyhow::Result<Register> {
    let connection = db::connect(&config.database).await?;
    db::migrate::<Migrator>(&connection).await?;
    feed::check(&connection).await?;
    let source = StandingsSource(connection.clone());
    Ok(Register {
        cache: VersionedCache::start("filing", &config.cache, connection.clone(), source)?,
        rules: RulesBook::open(connection.clone()).await?,
        feed: Feed::new(connection.clone()),
        enrollment: Arc::new(EnrollmentPeer::new(&config.enrollment, "filing")?),
        db: connection,
        clock: config.clock.clone(),
    })
}

/// What the server answers, by name.
const SERVICES: [&str; 3] =
    [SERVICE_NAME, filing_rules_service_server::SERVICE_NAME, filing_figures_service_server::SERVICE_NAME];

/// A service with the message sizes that hold everywhere.
macro_rules! sized {
    ($service:expr) => {
        $service.max_decoding_message_size(MAX_MESSAGE_BYTES).max_encoding_message_size(MAX_MESSAGE_BYTES)
    };
}

fn routes(register: &Register, stopping: CancellationToken) -> Routes {
    Routes::new(sized!(FilingServiceServer::new(FilingApi::new(register.clone(), stopping))))
        .add_service(sized!(FilingRulesServiceServer::new(RulesApi::new(register.clone()))))
        .add_service(sized!(FilingFiguresServiceServer::new(FiguresApi::new(register.clone()))))
}

/// Binds, opens the register, sets to work what goes on in the background until the server stops, and serves.
pub async fn serve(config: FilingConfig) -> anyhow::Result<RunningServer> {
    let server = Server::bind(config.server.clone())?;
    let stopping = server.stopping();
    let register = open(&config).await?;
    tokio::spawn(stopping.clone().run_until_cancelled_owned(register.rules.clone().keep_fresh()));
    tokio::spawn(stopping.clone().run_until_cancelled_owned(sweep::keep_sweeping(register.clone())));
    tokio::spawn(stopping.clone().run_until_cancelled_owned(figures::keep_short(register.clone())));
    following::start(&register, &config, &stopping)?;
    server.serve(routes(&register, stopping), &SERVICES).await
}
