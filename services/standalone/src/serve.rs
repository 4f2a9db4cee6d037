//! `yizhan serve`: every service in one process until told to stop.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use yizhan_runtime::config::{ServerConfig, Service, Settings};
use yizhan_runtime::process::{self, StopSignal};
use yizhan_runtime::telemetry;

use crate::platform::Platform;
use crate::services::Services;

/// Where to keep data and listen. Whatever is said here goes before the environment and the configuration file.
#[derive(Args)]
pub struct ServeArguments {
    /// Folder of the SQLite databases.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Address to listen on.
    #[arg(long)]
    address: Option<IpAddr>,
    /// Port of enrollment (参保).
    #[arg(long)]
    enrollment_port: Option<u16>,
    /// Port of filing (异地就医备案).
    #[arg(long)]
    filing_port: Option<u16>,
    /// Port of audit (智能审核与稽核).
    #[arg(long)]
    audit_port: Option<u16>,
    /// Port of credit (信用评价).
    #[arg(long)]
    credit_port: Option<u16>,
    /// Port of settlement (一站式结算).
    #[arg(long)]
    settlement_port: Option<u16>,
    /// Database of enrollment, postgres://… or sqlite://…, in place of the folder's.
    #[arg(long)]
    enrollment_database: Option<String>,
    /// Database of filing, in place of the folder's.
    #[arg(long)]
    filing_database: Option<String>,
    /// Database of audit, in place of the folder's.
    #[arg(long)]
    audit_database: Option<String>,
    /// Database of credit, in place of the folder's.
    #[arg(long)]
    credit_database: Option<String>,
    /// Database of settlement, in place of the folder's.
    #[arg(long)]
    settlement_database: Option<String>,
    /// Folder of policy documents to publish instead of the embedded ones.
    #[arg(long)]
    policies: Option<PathBuf>,
    /// Print every setting with its value and where it comes from, secrets hidden, and serve nothing.
    #[arg(long)]
    print_config: bool,
}

/// Serves until SIGTERM or ctrl-c, then drains.
pub async fn serve(arguments: ServeArguments) -> anyhow::Result<()> {
    let mut settings = Settings::from_environment();
    arguments.command(&mut settings);
    let (services, telemetry, effective) = process::settings(settings, Services::read)?;
    if arguments.print_config {
        print!("{effective}");
        return Ok(());
    }
    let _telemetry = telemetry::init("standalone", &telemetry)?;
    let mut stop = StopSignal::listen()?;
    let platform = tokio::select! {
        platform = Platform::start(services) => platform?,
        _ = stop.received() => return Ok(()),
    };
    println!("enrollment 参保       {}", platform.enrollment.url());
    println!("filing     异地就医备案 {}", platform.filing.url());
    println!("audit      智能审核与稽核 {}", platform.audit.url());
    println!("credit     信用评价 {}", platform.credit.url());
    println!("settlement 一站式结算 {}", platform.settlement.url());
    println!("Ctrl-C stops.");
    let failed = tokio::select! {
        _ = stop.received() => {
            stop.ends_at_once_when_told_again();
            Ok(())
        }
        error = platform.failed() => Err(error),
    };
    platform.stop().await;
    failed
}

impl ServeArguments {
    /// Says as settings what the arguments say.
    fn command(&self, settings: &mut Settings) {
        if let Some(folder) = &self.data {
            settings.command("database.folder", folder.display());
        }
        if let Some(folder) = &self.policies {
            settings.command(Service::Settlement.setting("policies"), folder.display());
        }
        for (service, port, database) in [
            (Service::Enrollment, self.enrollment_port, &self.enrollment_database),
            (Service::Filing, self.filing_port, &self.filing_database),
            (Service::Audit, self.audit_port, &self.audit_database),
            (Service::Credit, self.credit_port, &self.credit_database),
            (Service::Settlement, self.settlement_port, &self.settlement_database),
        ] {
            if let Some(url) = database {
                settings.command(service.setting("database.url"), url);
            }
            let mut listen = settings.of(service, ServerConfig::read_listen);
            listen.set_port(port.unwrap_or(listen.port()));
            listen.set_ip(self.address.unwrap_or(listen.ip()));
            if port.is_some() || self.address.is_some() {
                settings.command(service.setting("server.listen"), listen);
            }
        }
    }
}
