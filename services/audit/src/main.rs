//! The audit service as a process of its own.

use std::process::ExitCode;

use yizhan_audit::AuditConfig;
use yizhan_runtime::config::Service;
use yizhan_runtime::process;

/// Requests allocate and free in thousands, on whatever thread they are at the moment.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let migrate = async |config: AuditConfig| yizhan_audit::migrate(&config.database).await.map(drop);
    process::run(Service::Audit, AuditConfig::read, migrate, yizhan_audit::serve).await
}
