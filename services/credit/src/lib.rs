//! 信用评价: what is known of the conduct of institutions, practitioners, insured people and companies, and what follows from it.
//!
//! Everything is an entry of one ledger ([`ledger`]); a state, score or grade is what the entries of a subject come to by a dated scheme
//! ([`schemes`]). A room for each kind of subject stands on top of these. Inside a room a request goes from `api` (proto in, proto out, nothing
//! decided) to a use case, one file each, and from there to `messages` (converters), `domain` (pure rules) and `store` (tables).

mod app;
mod companies;
mod comparison;
mod config;
pub mod figures;
mod institutions;
pub mod ledger;
mod migrations;
mod officer;
mod people;
mod practitioners;
pub mod proposals;
mod ranking;
pub mod schemes;
mod standings;
mod trials;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use yizhan_clients::EnrollmentPeer;
use yizhan_proto::audit::v1::case_service_client::CaseServiceClient;
use yizhan_proto::credit::v1::company_service_server::CompanyServiceServer;
use yizhan_proto::credit::v1::figure_service_server::FigureServiceServer;
use yizhan_proto::credit::v1::grade_service_server::GradeServiceServer;
use yizhan_proto::credit::v1::ledger_service_server::LedgerServiceServer;
use yizhan_proto::credit::v1::person_credit_service_server::PersonCreditServiceServer;
use yizhan_proto::credit::v1::proposal_service_server::ProposalServiceServer;
use yizhan_proto::credit::v1::qualification_service_server::QualificationServiceServer;
use yizhan_proto::credit::v1::ranking_service_server::RankingServiceServer;
use yizhan_proto::credit::v1::scheme_service_server::SchemeServiceServer;
use yizhan_proto::credit::v1::trial_service_server::TrialServiceServer;
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_rules::Desk;
use yizhan_runtime::client::feed_channel;
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::feed::Feed;
use yizhan_runtime::follow::keep_following;
use yizhan_runtime::page::Pages;
use yizhan_runtime::secret::Secret;
use yizhan_runtime::server::{RunningServer, Server, Services};
use yizhan_runtime::{Caller, db, services};

pub use app::Credit;
pub use config::CreditConfig;

use companies::CompanyApi;
use figures::{FigureApi, FollowSettlements};
use institutions::GradeApi;
use ledger::LedgerApi;
use migrations::Migrator;
use people::{FollowDeferrals, PersonCreditApi};
use practitioners::QualificationApi;
use proposals::{FollowDecisions, ProposalApi};
use ranking::RankingApi;
use schemes::{SchemeApi, SchemeBook};
use standings::Readers;
use trials::TrialApi;

/// Connects to the service's database and brings its tables up to date: what `--migrate` does, and every start. Repeatable, and safe while
/// older processes run.
pub async fn migrate(database: &DatabaseConfig) -> anyhow::Result<DatabaseConnection> {
    db::open::<Migrator>(database).await
}

/// Connects, migrates, and gives what use cases work with.
pub async fn open(config: &CreditConfig) -> anyhow::Result<Credit> {
    let connection = migrate(&config.database).await?;
    let secret = Secret::open(&connection).await?;
    Ok(Credit {
        standings: Readers::start(connection.clone()),
        feed: Feed::new("credit.entries", connection.clone(), &secret),
        pages: Pages::new(&secret),
        schemes: SchemeBook::open(connection.clone()).await?,
        enrollment: Arc::new(EnrollmentPeer::new(&config.enrollment, "credit")?),
        log_key: config.log_key.clone(),
        db: connection,
        clock: config.clock.clone(),
    })
}

fn services(credit: &Credit, stopping: CancellationToken) -> Services {
    let Credit { db, schemes, clock, pages, .. } = credit.clone();
    services![
        FigureServiceServer::new(FigureApi::new(credit.clone())),
        ProposalServiceServer::new(ProposalApi::new(credit.clone())),
        LedgerServiceServer::new(LedgerApi::new(credit.clone(), stopping)),
        CompanyServiceServer::new(CompanyApi::new(credit.clone())),
        RankingServiceServer::new(RankingApi::new(credit.clone())),
        QualificationServiceServer::new(QualificationApi::new(credit.clone())),
        GradeServiceServer::new(GradeApi::new(credit.clone())),
        PersonCreditServiceServer::new(PersonCreditApi::new(credit.clone())),
        SchemeServiceServer::new(SchemeApi::new(Desk { db, book: schemes, clock, pages })),
        TrialServiceServer::new(TrialApi::new(credit.clone())),
    ]
    .needing(credit.db.clone())
}

/// Binds, opens, sets to work what goes on in the background until the server stops, and serves.
pub async fn serve(config: CreditConfig) -> anyhow::Result<RunningServer> {
    let server = Server::bind(config.server.clone())?;
    let stopping = server.stopping();
    let credit = open(&config).await?;
    credit.schemes.keep_fresh(&stopping);
    follow_others(&credit, &config, &stopping)?;
    server.serve(services(&credit, stopping)).await
}

/// Sets to work what follows audit and settlement, until the server stops.
fn follow_others(credit: &Credit, config: &CreditConfig, stopping: &CancellationToken) -> anyhow::Result<()> {
    let caller = Caller::Service { name: "credit".to_owned() };
    if let Some(audit) = &config.audit {
        let feed = CaseServiceClient::new(feed_channel(audit, &caller)?);
        keep_following(credit.db.clone(), FollowDecisions { credit: credit.clone(), feed }, stopping);
    }
    if let Some(settlement) = &config.settlement {
        let feed = SettlementServiceClient::new(feed_channel(settlement, &caller)?);
        keep_following(credit.db.clone(), FollowSettlements::of(feed.clone()), stopping);
        keep_following(credit.db.clone(), FollowDeferrals { credit: credit.clone(), feed }, stopping);
    }
    Ok(())
}
