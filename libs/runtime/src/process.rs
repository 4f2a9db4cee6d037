//! The life of a service process: settings, telemetry, serve, wait for a signal, drain. Every `main.rs` is one call.

use std::process::ExitCode;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::config::{ConfigProblems, Settings, TelemetryConfig};
use crate::server::RunningServer;
use crate::telemetry;

/// Exit code for settings that cannot be used (EX_USAGE of sysexits): nothing was bound, restarting will not help.
pub const EXIT_BAD_CONFIG: u8 = 64;

/// Runs a service until it is told to stop.
///
/// `read` takes the service's settings (all of them: unknown keys are refused afterwards), `start` connects, migrates and
/// serves. Exit codes: 0 stopped by a signal, 64 bad settings, 1 anything else.
#[expect(clippy::print_stderr, reason = "for whoever started it: telemetry is not there yet, or no more")]
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
        let stop = StopSignal::listen()?;
        serve_until(stop, start(config).await?).await
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

/// Waits for the signal, then drains; or for the server to fail.
async fn serve_until(mut stop: StopSignal, mut server: RunningServer) -> anyhow::Result<()> {
    tokio::select! {
        signal = stop.received() => {
            tracing::info!(signal, "stopping");
            server.shutdown().await;
            Ok(())
        }
        error = server.failed() => Err(error),
    }
}

/// What asks this process to stop. As process 1 of a container nothing else would react to SIGTERM; and until it is listened
/// for, it kills: so listen before anybody is served.
#[derive(Debug)]
pub struct StopSignal {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignal {
    /// From now on SIGTERM and SIGINT (ctrl-c) wait to be received.
    pub fn listen() -> std::io::Result<Self> {
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(StopSignal { terminate, interrupt })
    }

    /// The name of the signal, once it has come.
    pub async fn received(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
