//! 一站式结算 (settlement): one visit settled across every payer, to the fen, explained.
//!
//! A room for each feature: [`settlements`], [`policies`], [`rules`], [`reference`], [`accounts`], [`openings`], [`reconciliation`],
//! [`worklist`], [`resettlement`], [`fees`], [`recoveries`], [`reimbursements`], [`deferrals`], and below them the [`books`]. Inside a
//! room a request goes from `api` (gRPC in and out) to a use case, one file each, and from there to `messages` (converters),
//! `domain` (pure rules) and `store` (tables and statements).

pub mod accounts;
pub mod app;
pub mod books;
pub mod config;
pub mod deferrals;
pub mod fees;
pub mod fields;
pub mod looks;
pub mod migrations;
pub mod openings;
pub mod policies;
pub mod practitioners;
pub mod reconciliation;
pub mod recoveries;
pub mod reference;
pub mod reimbursements;
pub mod resettlement;
pub mod rules;
pub mod settlements;
pub mod worklist;

use std::sync::Arc;

use yizhan_proto::settlement::v1::account_service_server::AccountServiceServer;
use yizhan_proto::settlement::v1::catalogue_service_server::CatalogueServiceServer;
use yizhan_proto::settlement::v1::deferral_service_server::DeferralServiceServer;
use yizhan_proto::settlement::v1::fee_service_server::FeeServiceServer;
use yizhan_proto::settlement::v1::institution_service_server::InstitutionServiceServer;
use yizhan_proto::settlement::v1::manual_payment_service_server::ManualPaymentServiceServer;
use yizhan_proto::settlement::v1::opening_service_server::OpeningServiceServer;
use yizhan_proto::settlement::v1::policy_service_server::PolicyServiceServer;
use yizhan_proto::settlement::v1::reconciliation_service_server::ReconciliationServiceServer;
use yizhan_proto::settlement::v1::recovery_service_server::RecoveryServiceServer;
use yizhan_proto::settlement::v1::reimbursement_service_server::ReimbursementServiceServer;
use yizhan_proto::settlement::v1::resettlement_service_server::ResettlementServiceServer;
use yizhan_proto::settlement::v1::settlement_rules_service_server::SettlementRulesServiceServer;
use yizhan_proto::settlement::v1::settlement_service_server::SettlementServiceServer;
use yizhan_proto::settlement::v1::trace_code_service_server::TraceCodeServiceServer;
use yizhan_proto::settlement::v1::worklist_service_server::WorklistServiceServer;
use yizhan_runtime::config::DatabaseConfig;
use yizhan_runtime::db::{DatabaseConnection, monthly};
use yizhan_runtime::follow::keep_following;
use yizhan_runtime::secret::Secret;
use yizhan_runtime::server::{RunningServer, Server};
use yizhan_runtime::{Clock, db, feed, ids, services};

pub use config::Config;

use crate::app::{Api, App, Peers, Policies, RulesBook};
use crate::books::store::partitions::{self, MONTHLY};
use crate::migrations::Migrator;
use crate::practitioners::follow_credit::FollowCredit;
use crate::practitioners::unasked::keep_asking;
use crate::recoveries::follow_decisions::FollowDecisions;
use crate::worklist::follow_register::FollowRegister;
use yizhan_clients::{Audit, AuditPeer, Credit, CreditPeer, EnrollmentPeer, FilingPeer};

/// Connects to the service's database and brings its tables up to date: what `--migrate` does, and every start. Repeatable, and safe while
/// older processes run.
pub async fn migrate(database: &DatabaseConfig) -> anyhow::Result<DatabaseConnection> {
    let db = db::connect(database).await?;
    monthly::prepare(&db, &MONTHLY, ids::now()).await?;
    if let Err(error) = db::migrate::<Migrator>(&db).await {
        monthly::give_up(&db, &MONTHLY).await?;
        return Err(error.into());
    }
    feed::check(&db).await?;
    Ok(db)
}

/// Starts the service: binds, brings the tables up to date, publishes the policies, serves.
pub async fn serve(config: Config, clock: Clock) -> anyhow::Result<RunningServer> {
    let server = Server::bind(config.server.clone())?;
    let database = migrate(&config.database).await?;
    let secret = Secret::open(&database).await?;
    let enrollment = Box::new(EnrollmentPeer::new(&config.enrollment, "settlement")?);
    let filing = Box::new(FilingPeer::new(&config.filing, "settlement")?);
    let audit = config.audit.as_ref();
    let audit = audit.map(|peer| AuditPeer::new(peer, "settlement", config.audit_deadline)).transpose()?;
    let audit = audit.map(|audit| Box::new(audit) as Box<dyn Audit>);
    let credit = config.credit.as_ref();
    let credit =
        credit.map(|peer| CreditPeer::new(peer, "settlement", config.credit_deadline)).transpose()?;
    let credit = credit.map(|credit| Box::new(credit) as Box<dyn Credit>);
    let policies = Policies::open(database.clone()).await?;
    let rules = RulesBook::open_in(database.clone(), rules::TABLE).await?;
    let app = Arc::new(App::new(
        (database.clone(), &secret),
        (policies, rules),
        clock,
        Peers { enrollment, filing, audit, credit },
        config.quote_ttl,
        server.stopping(),
    ));
    policies::publication::publish_at_start(&app, config.policies.as_deref()).await?;
    app.policies.keep_fresh(&app.stopping);
    let follower = FollowRegister::new(app.clone(), &config)?;
    keep_following(database.clone(), follower, &app.stopping);
    if let Some(peer) = &config.credit {
        let credit: Arc<dyn Credit> = Arc::new(CreditPeer::new(peer, "settlement", peer.deadline)?);
        let follower = FollowCredit::new(app.clone(), (peer, credit.clone()), config.follow_after)?;
        keep_following(database.clone(), follower, &app.stopping);
        keep_asking(app.clone(), credit, config.follow_after);
    }
    if let Some(audit) = &config.audit {
        keep_following(database.clone(), FollowDecisions::new(app.clone(), audit)?, &app.stopping);
    }
    app.rules.keep_fresh(&app.stopping);
    worklist::keep_counting(&app);
    partitions::keep_ahead(&app.db, &app.stopping);
    let documents = rules::Documents {
        db: app.db.clone(),
        book: app.rules.clone(),
        clock: app.clock.clone(),
        pages: app.pages.clone(),
    };
    let (reference, api) = (app.reference.clone(), Api(app));
    let services = services![
        SettlementServiceServer::new(api.clone()),
        InstitutionServiceServer::new(reference.clone()),
        CatalogueServiceServer::new(reference),
        PolicyServiceServer::new(api.clone()),
        SettlementRulesServiceServer::new(rules::RulesApi::new(documents)),
        TraceCodeServiceServer::new(api.clone()),
        AccountServiceServer::new(api.clone()),
        OpeningServiceServer::new(api.clone()),
        ManualPaymentServiceServer::new(api.clone()),
        ReconciliationServiceServer::new(api.clone()),
        WorklistServiceServer::new(api.clone()),
        ResettlementServiceServer::new(api.clone()),
        FeeServiceServer::new(api.clone()),
        RecoveryServiceServer::new(api.clone()),
        DeferralServiceServer::new(api.clone()),
        ReimbursementServiceServer::new(api),
    ];
    let services = services.for_quiet_hours("/yizhan.settlement.v1.SettlementService/CheckBooks");
    server.serve(services.needing(database)).await
}
