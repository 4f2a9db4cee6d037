//! Every service in this process, reached over gRPC like any other.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;

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

/// How the others find a service of this process: where it listens, whatever they were told; but by what they were told where it
/// serves TLS, because only that has the name in its certificate.
fn beside(server: &ServerConfig, listens: SocketAddr, told: Option<PeerConfig>) -> PeerConfig {
    let address = format!("http://{listens}");
    match told {
        Some(told) if server.tls.is_some() => told,
        Some(told) => PeerConfig { address, tls_ca: None, ..told },
        None => PeerConfig::at(address),
    }
}

/// The running services.
pub struct Platform {
    /// 参保
    pub enrollment: RunningServer,
    /// 异地就医备案
    pub filing: RunningServer,
    /// 一站式结算
    pub settlement: RunningServer,
}

impl Platform {
    /// Starts the services, callees first; each is told where those listen that it asks. Filing, which follows the feed of
    /// settlement, is told where that will listen.
    pub async fn start(services: Services) -> anyhow::Result<Platform> {
        let Services { enrollment, mut filing, mut settlement } = services;
        if settlement.server.listen.port() == 0 {
            settlement.server.listen = free_address(settlement.server.listen)?;
        }
        filing.settlement = Some(beside(&settlement.server, settlement.server.listen, filing.settlement));
        let server = enrollment.server.clone();
        let enrollment = yizhan_enrollment::serve(enrollment).await?;
        let enrollment_beside = |told| beside(&server, enrollment.address(), Some(told));
        filing.enrollment = enrollment_beside(filing.enrollment);
        settlement.enrollment = enrollment_beside(settlement.enrollment);
        let server = filing.server.clone();
        let filing = yizhan_filing::serve(filing).await?;
        settlement.filing = beside(&server, filing.address(), Some(settlement.filing));
        let settlement = yizhan_settlement::serve(settlement, Clock::system()).await?;
        Ok(Platform { enrollment, filing, settlement })
    }

    /// Starts the services on SQLite files in a folder, on free ports of the loopback interface. Filing believes who a caller says
    /// they are: who submits a filing, where, and who decides it is what it is about.
    pub async fn start_in(folder: &Path) -> anyhow::Result<Platform> {
        let settlement = SettlementConfig {
            server: ServerConfig::loopback(),
            database: DatabaseConfig::at(sqlite(folder, "settlement")),
            ..SettlementConfig::default()
        };
        let enrollment = EnrollmentConfig::embedded(sqlite(folder, "enrollment"));
        let mut filing = FilingConfig::embedded(sqlite(folder, "filing"));
        filing.server.trust_caller_header = true;
        Platform::start(Services { enrollment, filing, settlement }).await
    }

    /// Stops the services, callers first.
    pub async fn stop(self) {
        self.settlement.shutdown().await;
        self.filing.shutdown().await;
        self.enrollment.shutdown().await;
    }
}
