//! Every service in this process, reached over gRPC like any other.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use yizhan_enrollment::EnrollmentConfig;
use yizhan_runtime::Clock;
use yizhan_runtime::config::{DatabaseConfig, PeerConfig, ServerConfig};
use yizhan_runtime::server::RunningServer;
use yizhan_settlement::Config as SettlementConfig;

/// Where each service keeps its data and listens.
pub struct Places {
    /// Address all services listen on.
    pub address: IpAddr,
    /// Port of enrollment; 0 picks a free one.
    pub enrollment_port: u16,
    /// Port of settlement; 0 picks a free one.
    pub settlement_port: u16,
    /// Database of enrollment.
    pub enrollment_database: String,
    /// Database of settlement.
    pub settlement_database: String,
    /// Folder of policies in place of the embedded ones.
    pub policies: Option<std::path::PathBuf>,
}

impl Places {
    /// SQLite files in a folder, free ports on the loopback interface.
    pub fn in_folder(folder: &Path) -> Places {
        Places {
            address: IpAddr::from([127, 0, 0, 1]),
            enrollment_port: 0,
            settlement_port: 0,
            enrollment_database: sqlite(folder, "enrollment"),
            settlement_database: sqlite(folder, "settlement"),
            policies: None,
        }
    }
}

/// The SQLite database of a service in a folder.
pub fn sqlite(folder: &Path, service: &str) -> String {
    format!("sqlite://{}/{service}.db", folder.display())
}

/// The running services.
pub struct Platform {
    /// 参保
    pub enrollment: RunningServer,
    /// 一站式结算
    pub settlement: RunningServer,
}

impl Platform {
    /// Starts the services, callees first.
    pub async fn start(places: &Places) -> anyhow::Result<Platform> {
        let listen = |port| ServerConfig::listening_on(SocketAddr::new(places.address, port));
        let mut enrollment = EnrollmentConfig::embedded(&places.enrollment_database);
        enrollment.server = listen(places.enrollment_port);
        let enrollment = yizhan_enrollment::serve(enrollment).await?;
        let settlement = SettlementConfig {
            server: listen(places.settlement_port),
            database: DatabaseConfig::at(&places.settlement_database),
            enrollment: PeerConfig::at(enrollment.url()),
            policies: places.policies.clone(),
            quote_ttl: std::time::Duration::from_secs(600),
        };
        let settlement = yizhan_settlement::serve(settlement, Clock::system()).await?;
        Ok(Platform { enrollment, settlement })
    }

    /// Stops the services, callers first.
    pub async fn stop(self) {
        self.settlement.shutdown().await;
        self.enrollment.shutdown().await;
    }
}
