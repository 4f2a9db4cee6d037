//! Every service in this process, reached over gRPC like any other.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;

use yizhan_enrollment::EnrollmentConfig;
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
    /// 一站式结算
    pub settlement: RunningServer,
}

impl Platform {
    /// Starts the services, callees first; settlement is told where enrollment listens. Enrollment, which asks settlement what
    /// persons were paid, is told where settlement will listen.
    pub async fn start(
        mut enrollment: EnrollmentConfig,
        mut settlement: SettlementConfig,
    ) -> anyhow::Result<Platform> {
        if settlement.server.listen.port() == 0 {
            settlement.server.listen = free_address(settlement.server.listen)?;
        }
        let asked = enrollment.settlement.take();
        let address = format!("http://{}", settlement.server.listen);
        enrollment.settlement = Some(asked.unwrap_or_else(|| PeerConfig::at(address)));
        let enrollment = yizhan_enrollment::serve(enrollment).await?;
        settlement.enrollment = PeerConfig { address: enrollment.url(), ..settlement.enrollment };
        let settlement = yizhan_settlement::serve(settlement, Clock::system()).await?;
        Ok(Platform { enrollment, settlement })
    }

    /// Starts the services on SQLite files in a folder, on free ports of the loopback interface.
    pub async fn start_in(folder: &Path) -> anyhow::Result<Platform> {
        let settlement = SettlementConfig {
            server: ServerConfig::loopback(),
            database: DatabaseConfig::at(sqlite(folder, "settlement")),
            ..SettlementConfig::default()
        };
        Platform::start(EnrollmentConfig::embedded(sqlite(folder, "enrollment")), settlement).await
    }

    /// Stops the services, callers first.
    pub async fn stop(self) {
        self.settlement.shutdown().await;
        self.enrollment.shutdown().await;
    }
}
