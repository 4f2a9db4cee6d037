//! The credit service as a process of its own.

use std::process::ExitCode;

use yizhan_credit::CreditConfig;
use yizhan_runtime::config::Service;
use yizhan_runtime::process;

/// Requests allocate and free in thousands, on whatever thread they are at the moment.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let migrate = async |config: CreditConfig| yizhan_credit::migrate(&config.database).await.map(drop);
    process::run(Service::Credit, CreditConfig::read, migrate, yizhan_credit::serve).await
}
