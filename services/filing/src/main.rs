//! The filing service as a process of its own.

use std::process::ExitCode;

use yizhan_filing::FilingConfig;
use yizhan_runtime::config::Service;
use yizhan_runtime::process;

/// Requests allocate and free in thousands, on whatever thread they are at the moment.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let migrate = async |config: FilingConfig| yizhan_filing::migrate(&config.database).await.map(drop);
    process::run(Service::Filing, FilingConfig::read, migrate, yizhan_filing::serve).await
}
