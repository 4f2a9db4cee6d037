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
    process::run(Service::Credit, CreditConfig::read, yizhan_credit::serve).await
}
