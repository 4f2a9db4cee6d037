//! The enrollment service as a process of its own.

use std::process::ExitCode;

use yizhan_enrollment::EnrollmentConfig;
use yizhan_runtime::process;

#[tokio::main]
async fn main() -> ExitCode {
    process::run("enrollment", EnrollmentConfig::read, yizhan_enrollment::serve).await
}
