//! Every service in this process, reached over gRPC like any other.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use yizhan_enrollment::EnrollmentConfig;
use yizhan_filing::FilingConfig;
use yizhan_runtime::Clock;
use yizhan_runtime::config::{DatabaseConfig, PeerConfig, ServerConfig};
use yizhan_runtime::server::RunningServer;
use yizhan_settlement::Config as SettlementConfig;

/// The SQLite database of a service in a folder.
pub fn sqlite(folder: &Path, service: &str) -> String {
    format!("sqlite://{}/{service}.db", folder.display())
}

/// The same address with a port that is free now.
fn free_address(address: SocketAddr) -> std::io::Result<SocketAddr> {
    TcpListener::bind(address)?.local_addr()
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
    pub async fn start(
        enrollment: EnrollmentConfig,
        mut filing: FilingConfig,
        mut settlement: SettlementConfig,
    ) -> anyhow::Result<Platform> {
        if settlement.server.listen.port() == 0 {
            settlement.server.listen = free_address(settlement.server.listen)?;
        }
        let address = PeerConfig::at(format!("http://{}", settlement.server.listen));
        filing.settlement.get_or_insert(address);
        let enrollment = yizhan_enrollment::serve(enrollment).await?;
        filing.enrollment = PeerConfig { address: enrollment.url(), ..filing.enrollment };
        let filing = yizhan_filing::serve(filing).await?;
        settlement.enrollment = PeerConfig { address: enrollment.url(), ..settlement.enrollment };
        settlement.filing = PeerConfig { address: filing.url(), ..settlement.filing };
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
        Platform::start(enrollment, filing, settlement).await
    }

    /// Stops the services, callers first.
    pub async fn stop(self) {
        self.settlement.shutdown().await;
        self.filing.shutdown().await;
        self.enrollment.shutdown().await;
    }
}
