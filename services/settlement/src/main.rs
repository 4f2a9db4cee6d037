//! The settlement service as a process of its own.

use std::process::ExitCode;

use yizhan_runtime::config::Service;
use yizhan_runtime::{Clock, process};
use yizhan_settlement::Config;

/// Requests allocate and free in thousands, on whatever thread they are at the moment.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    process::run(Service::Settlement, Config::read, |config| {
        yizhan_settlement::serve(config, Clock::system())
    })
    .await
}
