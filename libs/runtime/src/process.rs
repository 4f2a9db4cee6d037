//! The life of a service process: settings, telemetry, serve, wait for a signal, drain. Every `main.rs` is one call.

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use crate::config::{ConfigProblems, Settings, TelemetryConfig};
use crate::server::RunningServer;
use crate::telemetry;

/// Exit code for settings that cannot be used (EX_USAGE of sysexits): nothing was bound, restarting will not help.
pub const EXIT_BAD_CONFIG: u8 = 64;

/// Runs a service until it is told to stop.
///
/// `read` takes the service's settings (all of them: unknown keys are refused afterwards), `start` connects, migrates and
/// serves. Exit codes: 0 stopped by a signal, 64 bad settings, 1 anything else.
pub async fn run<C, F>(
    service: &'static str,
    read: impl FnOnce(&mut Settings) -> C,
    start: impl FnOnce(C) -> F,
) -> ExitCode
where
    F: Future<Output = anyhow::Result<RunningServer>>,
{
    let (config, telemetry) = match settings(read) {
        Ok(settings) => settings,
        Err(problems) => {
            eprintln!("yizhan-{service}: {problems}");
            return ExitCode::from(EXIT_BAD_CONFIG);
        }
    };
    let outcome = async {
        let _telemetry = telemetry::init(service, &telemetry)?;
        serve_until_signal(start(config).await?).await
    };
    match outcome.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("yizhan-{service}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn settings<C>(read: impl FnOnce(&mut Settings) -> C) -> Result<(C, TelemetryConfig), ConfigProblems> {
    let mut settings = Settings::from_environment();
    let telemetry = TelemetryConfig::read(&mut settings);
    let config = read(&mut settings);
    settings.finish()?;
    Ok((config, telemetry))
}

/// Waits for SIGTERM or ctrl-c, then drains; or for the server to fail.
pub async fn serve_until_signal(mut server: RunningServer) -> anyhow::Result<()> {
    tokio::select! {
        signal = stop_signal() => {
            tracing::info!(signal = signal?, "stopping");
            server.shutdown().await;
            Ok(())
        }
        error = server.failed() => Err(error),
    }
}

/// The name of the signal that asks this process to stop, once it comes. As process 1 of a container nothing else would
/// react to SIGTERM.
pub async fn stop_signal() -> std::io::Result<&'static str> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => Ok("SIGTERM"),
        _ = interrupt.recv() => Ok("SIGINT"),
    }
}
