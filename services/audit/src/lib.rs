//! 智能审核与稽核: visits checked by rules before, during and behind settlement, findings, and the cases made of them.
//!
//! A room for each feature: [`check`], the first and the second line of defence; [`findings`], the third; [`cases`] made of them, of checks and of
//! samples; [`plans`], and what is drawn; [`people`], who are watched over; below them `records`, where cases and plans are kept and logged,
//! [`visits`], as audit knows them, and [`rules`], what visits are checked by. Inside a room a
//! request goes from `api` (proto in, proto out, nothing decided) to a use case, one file each, and from there to `messages`
//! (converters), `domain` (pure rules) and `store` (tables).

mod app;
pub mod cases;
pub mod check;
mod config;
pub mod findings;
mod migrations;
pub mod people;
mod plan_rules;
pub mod plans;
mod records;
pub mod rules;
pub mod visits;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use yizhan_clients::{EnrollmentPeer, Grades, GradesPeer};
use yizhan_proto::audit::v1::case_service_server::CaseServiceServer;
use yizhan_proto::audit::v1::check_service_server::CheckServiceServer;
use yizhan_proto::audit::v1::finding_service_server::FindingServiceServer;
use yizhan_proto::audit::v1::people_service_server::PeopleServiceServer;
use yizhan_proto::audit::v1::plan_service_server::PlanServiceServer;
use yizhan_proto::audit::v1::rules_service_server::RulesServiceServer;
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_runtime::client::{channel, feed_channel};
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db::DatabaseConnection;
use yizhan_runtime::feed::Feed;
use yizhan_runtime::follow::keep_following;
use yizhan_runtime::page::Pages;
use yizhan_runtime::secret::Secret;
use yizhan_runtime::server::{MAX_MESSAGE_BYTES, RunningServer, Server, Services};
use yizhan_runtime::{Caller, db, services};

pub use app::Audit;
pub use config::AuditConfig;

use cases::CaseApi;
use check::CheckApi;
use findings::{FindingApi, FollowRegister, FollowSettlements};
use migrations::{Migrator, PLAN_RULES};
use people::{FollowInsured, PeopleApi};
use plan_rules::PlanRules;
use plans::PlanApi;
use rules::{Documents, RulesApi, RulesBook};

/// Connects to the service's database and brings its tables up to date: what `--migrate` does, and every start. Repeatable, and safe while
/// older processes run.
pub async fn migrate(database: &DatabaseConfig) -> anyhow::Result<DatabaseConnection> {
    db::open::<Migrator>(database).await
}

/// Connects, migrates, and gives what use cases work with.
pub async fn open(config: &AuditConfig) -> anyhow::Result<Audit> {
    let connection = migrate(&config.database).await?;
    let secret = Secret::open(&connection).await?;
    let grades = config.credit.as_ref().map(|credit| GradesPeer::new(credit, "audit")).transpose()?;
    Ok(Audit {
        feed: Feed::new("audit.decisions", connection.clone(), &secret),
        pages: Pages::new(&secret),
        plan_rules: PlanRules::open_in(connection.clone(), PLAN_RULES).await?,
        rules: RulesBook::open(connection.clone()).await?,
        enrollment: Arc::new(EnrollmentPeer::new(&config.enrollment, "audit")?),
        grades: grades.map(|grades| Arc::new(grades) as Arc<dyn Grades>),
        log_key: config.log_key.clone(),
        db: connection,
        clock: config.clock.clone(),
    })
}

fn services(audit: &Audit, stopping: CancellationToken) -> Services {
    let Audit { db, rules, clock, pages, .. } = audit.clone();
    let documents = Documents { db, book: rules, clock, pages };
    services![
        CheckServiceServer::new(CheckApi::new(audit.clone())),
        FindingServiceServer::new(FindingApi::new(audit.clone())),
        CaseServiceServer::new(CaseApi::new(audit.clone(), stopping)),
        PlanServiceServer::new(PlanApi::new(audit.clone())),
        PeopleServiceServer::new(PeopleApi::new(audit.clone())),
        RulesServiceServer::new(RulesApi::new(documents)),
    ]
    .needing(audit.db.clone())
}

/// Binds, opens, sets to work what goes on in the background until the server stops, and serves.
pub async fn serve(config: AuditConfig) -> anyhow::Result<RunningServer> {
    let server = Server::bind(config.server.clone())?;
    let stopping = server.stopping();
    let audit = open(&config).await?;
    audit.plan_rules.keep_fresh(&stopping);
    audit.rules.keep_fresh(&stopping);
    cases::keep_sweeping(&audit, &stopping);
    findings::keep_adding_up(&audit, &stopping);
    follow_others(&audit, &config, &stopping)?;
    server.serve(services(&audit, stopping)).await
}

/// Sets to work what follows enrollment (visits of merged records, who is insured wrongly) and settlement (every visit is screened, and what was recovered is noted
/// with its case), until the server stops.
fn follow_others(audit: &Audit, config: &AuditConfig, stopping: &CancellationToken) -> anyhow::Result<()> {
    let caller = Caller::Service { name: "audit".to_owned() };
    let watches = Arc::new(audit.clone());
    let register = EnrollmentServiceClient::new(feed_channel(&config.enrollment, &caller)?);
    let questions = EnrollmentServiceClient::new(channel(&config.enrollment, &caller)?);
    let insured =
        FollowInsured { audit: audit.clone(), feed: register.clone(), questions: questions.clone() };
    keep_following(audit.db.clone(), insured, stopping);
    let persons =
        FollowRegister { audit: audit.clone(), feed: register, questions, watches: watches.clone() };
    keep_following(audit.db.clone(), persons, stopping);
    if let Some(settlement) = &config.settlement {
        let feed = SettlementServiceClient::new(feed_channel(settlement, &caller)?);
        let feed = feed.max_decoding_message_size(MAX_MESSAGE_BYTES);
        let (audit, recovers) = (audit.clone(), Arc::new(audit.clone()));
        keep_following(audit.db.clone(), FollowSettlements { audit, feed, recovers, watches }, stopping);
    }
    Ok(())
}
