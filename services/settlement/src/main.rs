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
    let migrate = async |config: Config| yizhan_settlement::migrate(&config.database).await.map(drop);
    let serve = |config| yizhan_settlement::serve(config, Clock::system());
    process::run(Service::Settlement, Config::read, migrate, serve).await
}
