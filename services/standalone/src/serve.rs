//! `yizhan serve`: every service in one process until told to stop.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use yizhan_runtime::config::TelemetryConfig;
use yizhan_runtime::{process, telemetry};

use crate::platform::{Places, Platform, sqlite};

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
    /// Port of settlement (一站式结算).
    #[arg(long, default_value_t = yizhan_settlement::config::DEFAULT_PORT)]
    settlement_port: u16,
    /// Database of enrollment, postgres://… or sqlite://…, in place of the folder's.
    #[arg(long, env = "YIZHAN_ENROLLMENT_DATABASE", hide_env_values = true)]
    enrollment_database: Option<String>,
    /// Database of settlement, in place of the folder's.
    #[arg(long, env = "YIZHAN_SETTLEMENT_DATABASE", hide_env_values = true)]
    settlement_database: Option<String>,
    /// Folder of policy documents in place of the embedded ones.
    #[arg(long)]
    policies: Option<PathBuf>,
}

/// Serves until SIGTERM or ctrl-c, then drains.
pub async fn serve(arguments: ServeArguments) -> anyhow::Result<()> {
    let _telemetry = telemetry::init("standalone", &TelemetryConfig::default())?;
    let data = &arguments.data;
    let platform = Platform::start(&Places {
        address: arguments.address,
        enrollment_port: arguments.enrollment_port,
        settlement_port: arguments.settlement_port,
        enrollment_database: arguments.enrollment_database.unwrap_or_else(|| sqlite(data, "enrollment")),
        settlement_database: arguments.settlement_database.unwrap_or_else(|| sqlite(data, "settlement")),
        policies: arguments.policies,
    })
    .await?;
    println!("enrollment 参保       {}", platform.enrollment.url());
    println!("settlement 一站式结算 {}", platform.settlement.url());
    println!("Ctrl-C stops.");
    process::stop_signal().await?;
    platform.stop().await;
    Ok(())
}
