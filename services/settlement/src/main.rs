//! The settlement service as a process of its own.

use std::process::ExitCode;

use yizhan_runtime::{Clock, process};
use yizhan_settlement::Config;

#[tokio::main]
async fn main() -> ExitCode {
    process::run("settlement", Config::read, |config| yizhan_settlement::serve(config, Clock::system())).await
}
