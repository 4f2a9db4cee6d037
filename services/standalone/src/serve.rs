//! `yizhan serve`: every service in one process until told to stop.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use yizhan_enrollment::EnrollmentConfig;
use yizhan_filing::FilingConfig;
use yizhan_runtime::config::{DatabaseConfig, Settings, TelemetryConfig};
use yizhan_runtime::process::StopSignal;
use yizhan_runtime::telemetry;
use yizhan_settlement::Config as SettlementConfig;

use crate::platform::{Platform, sqlite};

/// Where to keep data and listen.
#[derive(Args)]
pub struct ServeArguments {
    /// Folder of the SQLite databases.
    #[arg(long, default_value = "data", env = "YIZHAN_DATA")]
    data: PathBuf,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    address: IpAddr,
    /// Port of enrollment (参保).
    #[arg(long, default_value_t = yizhan_enrollment::DEFAULT_PORT)]
    enrollment_port: u16,
    /// Port of filing (异地就医备案).
    #[arg(long, default_value_t = yizhan_filing::DEFAULT_PORT)]
    filing_port: u16,
    /// Port of settlement (一站式结算).
    #[arg(long, default_value_t = yizhan_settlement::config::DEFAULT_PORT)]
    settlement_port: u16,
    /// Database of enrollment, postgres://… or sqlite://…, in place of the folder's.
    #[arg(long, env = "YIZHAN_ENROLLMENT_DATABASE", hide_env_values = true)]
    enrollment_database: Option<String>,
    /// Database of filing, in place of the folder's.
    #[arg(long, env = "YIZHAN_FILING_DATABASE", hide_env_values = true)]
    filing_database: Option<String>,
    /// Database of settlement, in place of the folder's.
    #[arg(long, env = "YIZHAN_SETTLEMENT_DATABASE", hide_env_values = true)]
    settlement_database: Option<String>,
    /// Folder of policy documents to publish instead of the embedded ones.
    #[arg(long)]
    policies: Option<PathBuf>,
}

/// Serves until SIGTERM or ctrl-c, then drains.
pub async fn serve(arguments: ServeArguments) -> anyhow::Result<()> {
    let mut settings = Settings::from_environment();
    let telemetry = TelemetryConfig::read(&mut settings);
    let services = Services {
        enrollment: EnrollmentConfig::read(&mut settings),
        filing: FilingConfig::read(&mut settings),
        settlement: SettlementConfig::read(&mut settings),
    };
    settings.finish()?;
    let _telemetry = telemetry::init("standalone", &telemetry)?;
    let Services { enrollment, filing, settlement } = arguments.over(services);
    let mut stop = StopSignal::listen()?;
    let platform = Platform::start(enrollment, filing, settlement).await?;
    println!("enrollment 参保       {}", platform.enrollment.url());
    println!("filing     异地就医备案 {}", platform.filing.url());
    println!("settlement 一站式结算 {}", platform.settlement.url());
    println!("Ctrl-C stops.");
    stop.received().await;
    platform.stop().await;
    Ok(())
}

/// The settings of each service.
struct Services {
    enrollment: EnrollmentConfig,
    filing: FilingConfig,
    settlement: SettlementConfig,
}

impl ServeArguments {
    /// The settings with where to listen and keep data as the arguments say: one process cannot
    /// give two services one port and one database.
    fn over(self, services: Services) -> Services {
        let Services { mut enrollment, mut filing, mut settlement } = services;
        let database = |given: Option<String>, service| given.unwrap_or_else(|| sqlite(&self.data, service));
        enrollment.server.listen = SocketAddr::new(self.address, self.enrollment_port);
        enrollment.database = DatabaseConfig::at(database(self.enrollment_database, "enrollment"));
        filing.server.listen = SocketAddr::new(self.address, self.filing_port);
        filing.database = DatabaseConfig::at(database(self.filing_database, "filing"));
        settlement.server.listen = SocketAddr::new(self.address, self.settlement_port);
        settlement.database = DatabaseConfig::at(database(self.settlement_database, "settlement"));
        settlement.policies = self.policies.or(settlement.policies);
        Services { enrollment, filing, settlement }
    }
}
