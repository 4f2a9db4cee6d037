//! Every service in this process, reached over gRPC like any other.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use futures::FutureExt;
use tokio_util::sync::CancellationToken;
use yizhan_audit::AuditConfig;
use yizhan_credit::CreditConfig;
use yizhan_enrollment::EnrollmentConfig;
use yizhan_filing::FilingConfig;
use yizhan_runtime::Clock;
use yizhan_runtime::config::{DatabaseConfig, PeerConfig, ServerConfig};
use yizhan_runtime::server::RunningServer;
use yizhan_settlement::Config as SettlementConfig;

use crate::services::Services;

/// The SQLite database of a service in a folder.
fn sqlite(folder: &Path, service: &str) -> String {
    format!("sqlite://{}/{service}.db", folder.display())
}

/// The same address with a port that is free now.
fn free_address(address: SocketAddr) -> std::io::Result<SocketAddr> {
    TcpListener::bind(address)?.local_addr()
}

/// Opens a server that needs TLS or tokens to the others of this process: they find each other by the loopback interface, whatever names are
/// in the certificate.
fn open_inside(server: &mut ServerConfig) -> std::io::Result<()> {
    if server.tls.is_some() || server.jwt.is_some() {
        server.inside = Some(free_address(SocketAddr::from(([127, 0, 0, 1], 0)))?);
    }
    Ok(())
}

/// How the others find a service of this process: where it listens, whatever they were told.
fn beside(server: &ServerConfig, listens: SocketAddr, told: Option<PeerConfig>) -> PeerConfig {
    let address = format!("http://{}", server.inside.unwrap_or(listens));
    let told = told.unwrap_or_else(|| PeerConfig::at(String::new()));
    PeerConfig { address, tls: None, inside: server.inside.is_some(), ..told }
}

/// The running services.
pub struct Platform {
    /// 参保
    pub enrollment: RunningServer,
    /// 异地就医备案
    pub filing: RunningServer,
    /// 智能审核与稽核
    pub audit: RunningServer,
    /// 信用评价
    pub credit: RunningServer,
    /// 一站式结算
    pub settlement: RunningServer,
}

impl Platform {
    /// Starts the services, callees first; each is told where those listen that it asks. Filing, audit and credit, which follow feeds
    /// of settlement, are told where that will listen; audit, which credit follows, where credit will.
    pub async fn start(services: Services) -> anyhow::Result<Platform> {
        Platform::start_at(services, Clock::system()).await
    }

    /// The same by another clock of settlement's; the others have theirs in their settings.
    async fn start_at(services: Services, clock: Clock) -> anyhow::Result<Platform> {
        let Services { mut enrollment, mut filing, mut audit, mut credit, mut settlement } = services;
        let all = [
            &mut enrollment.server,
            &mut filing.server,
            &mut audit.server,
            &mut credit.server,
            &mut settlement.server,
        ];
        all.into_iter().try_for_each(open_inside)?;
        if settlement.server.listen.port() == 0 {
            settlement.server.listen = free_address(settlement.server.listen)?;
        }
        if credit.server.listen.port() == 0 {
            credit.server.listen = free_address(credit.server.listen)?;
        }
        audit.credit = Some(beside(&credit.server, credit.server.listen, audit.credit));
        let settlement_beside = |told| Some(beside(&settlement.server, settlement.server.listen, told));
        filing.settlement = settlement_beside(filing.settlement);
        audit.settlement = settlement_beside(audit.settlement);
        credit.settlement = settlement_beside(credit.settlement);
        let server = enrollment.server.clone();
        let enrollment = yizhan_enrollment::serve(enrollment).await?;
        let enrollment_beside = |told| beside(&server, enrollment.address(), Some(told));
        filing.enrollment = enrollment_beside(filing.enrollment);
        audit.enrollment = enrollment_beside(audit.enrollment);
        credit.enrollment = enrollment_beside(credit.enrollment);
        settlement.enrollment = enrollment_beside(settlement.enrollment);
        let server = filing.server.clone();
        let filing = yizhan_filing::serve(filing).await?;
        settlement.filing = beside(&server, filing.address(), Some(settlement.filing));
        let server = audit.server.clone();
        let audit = yizhan_audit::serve(audit).await?;
        settlement.audit = Some(beside(&server, audit.address(), settlement.audit));
        credit.audit = Some(beside(&server, audit.address(), credit.audit));
        let server = credit.server.clone();
        let credit = yizhan_credit::serve(credit).await?;
        settlement.credit = Some(beside(&server, credit.address(), settlement.credit));
        let settlement = yizhan_settlement::serve(settlement, clock).await?;
        Ok(Platform { enrollment, filing, audit, credit, settlement })
    }

    /// Starts the services on SQLite files in a folder, on free ports of the loopback interface, by one clock. All but enrollment believe who a
    /// caller says they are: who submits a filing or a case, who decides it, and who pays for whom, is what they are about.
    pub async fn start_in(folder: &Path, clock: &Clock) -> anyhow::Result<Platform> {
        let server = ServerConfig { trust_caller_header: true, ..ServerConfig::loopback() };
        let settlement = SettlementConfig {
            server: server.clone(),
            database: DatabaseConfig::at(sqlite(folder, "settlement")),
            // What a guided run shows does not depend on how fast the machine is.
            credit_deadline: Duration::from_secs(10),
            ..SettlementConfig::default()
        };
        let clock = clock.clone();
        let enrollment = EnrollmentConfig {
            clock: clock.clone(),
            ..EnrollmentConfig::embedded(sqlite(folder, "enrollment"))
        };
        let filing = FilingConfig {
            clock: clock.clone(),
            server: server.clone(),
            ..FilingConfig::embedded(sqlite(folder, "filing"))
        };
        let audit = AuditConfig {
            clock: clock.clone(),
            server: server.clone(),
            ..AuditConfig::embedded(sqlite(folder, "audit"))
        };
        let credit =
            CreditConfig { clock: clock.clone(), server, ..CreditConfig::embedded(sqlite(folder, "credit")) };
        Platform::start_at(Services { enrollment, filing, audit, credit, settlement }, clock).await
    }

    /// Returns when one of them has ended by itself.
    pub async fn failed(&self) -> anyhow::Error {
        tokio::select! {
            error = self.enrollment.failed() => error.context("enrollment"),
            error = self.filing.failed() => error.context("filing"),
            error = self.audit.failed() => error.context("audit"),
            error = self.credit.failed() => error.context("credit"),
            error = self.settlement.failed() => error.context("settlement"),
        }
    }

    /// Stops the services, all at once: each answers until those are done that ask it.
    pub async fn stop(self) {
        let (settlement_done, filing_done) = (CancellationToken::new(), CancellationToken::new());
        tokio::join!(
            self.settlement.shutdown().map(|_| settlement_done.cancel()),
            self.audit.shutdown_after(settlement_done.cancelled()),
            self.credit.shutdown_after(settlement_done.cancelled()),
            self.filing.shutdown_after(settlement_done.cancelled()).map(|_| filing_done.cancel()),
            self.enrollment.shutdown_after(filing_done.cancelled()),
        );
    }
}
