//! The life of a service process: settings, telemetry, serve, wait for a signal, drain. Every `main.rs` is one call.

use std::fmt::Display;
use std::process::ExitCode;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cache::CacheConfig;
use crate::config::{
    ConfigProblems, DatabaseConfig, Effective, PeerConfig, ServerConfig, Service, Settings, TelemetryConfig,
};
use crate::server::RunningServer;
use crate::telemetry;

/// Exit code for settings that cannot be used (EX_USAGE of sysexits): nothing was bound, restarting will not help.
pub const EXIT_BAD_CONFIG: u8 = 64;

/// Runs a service until it is told to stop; with the argument `--print-config` it only prints its settings.
///
/// `read` takes the service's settings (all of them: unknown keys are refused afterwards), `start` connects, migrates and
/// serves. Exit codes: 0 stopped by a signal, 64 bad settings or arguments, 1 anything else.
#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "for whoever started it: telemetry is not there yet, or no more"
)]
pub async fn run<C, F>(
    service: Service,
    read: impl FnOnce(&mut Settings) -> C,
    start: impl FnOnce(C) -> F,
) -> ExitCode
where
    F: Future<Output = anyhow::Result<RunningServer>>,
{
    let bad = |problem: &dyn Display| {
        eprintln!("yizhan-{service}: {problem}");
        ExitCode::from(EXIT_BAD_CONFIG)
    };
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let print = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => false,
        ["--print-config"] => true,
        _ => {
            return bad(
                &"the only argument is --print-config; settings come from the environment and a file",
            );
        }
    };
    let (config, telemetry, effective) = match settings(Settings::from_environment(), read) {
        Ok(settings) => settings,
        Err(problems) => return bad(&problems),
    };
    if print {
        print!("{effective}");
        return ExitCode::SUCCESS;
    }
    let outcome = async {
        let _telemetry = telemetry::init(service.name(), &telemetry)?;
        let mut stop = StopSignal::listen()?;
        // Until it serves there is nothing to drain: a database that does not answer must not keep it from ending.
        let server = tokio::select! {
            server = start(config) => server?,
            _ = stop.received() => return Ok(()),
        };
        serve_until(stop, server).await
    };
    match outcome.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("yizhan-{service}: {}", told_once(&error));
            ExitCode::FAILURE
        }
    }
}

/// Reads the settings of what runs in this process, and of the process itself. What any service may be told is known
/// whether it is asked for here or not: one file serves all processes.
///
/// # Errors
/// Everything that is wrong with them.
pub fn settings<C>(
    mut settings: Settings,
    read: impl FnOnce(&mut Settings) -> C,
) -> Result<(C, TelemetryConfig, Effective), ConfigProblems> {
    let mut others = Settings::default();
    ServerConfig::read(&mut others);
    DatabaseConfig::read(&mut others);
    CacheConfig::read(&mut others);
    for service in Service::ALL {
        PeerConfig::read(&mut others, service);
    }
    settings.also_known(others);
    let telemetry = TelemetryConfig::read(&mut settings);
    let config = read(&mut settings);
    Ok((config, telemetry, settings.finish()?))
}

/// An error with its causes, each once: many tell their cause themselves.
pub fn told_once(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain().map(ToString::to_string).filter(|cause| !cause.is_empty()) {
        if told.is_empty() {
            told = cause;
        } else if !told.contains(&cause) {
            told = format!("{told}: {cause}");
        }
    }
    told
}

/// Waits for the signal, then drains; or for the server to fail.
async fn serve_until(mut stop: StopSignal, server: RunningServer) -> anyhow::Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_is_told_once() {
        let database = sea_orm::DbErr::Conn(sea_orm::RuntimeErr::Internal("it is away".to_owned()));
        let error = anyhow::Error::new(database).context("cannot start");
        assert!(format!("{error:#}").matches("it is away").count() > 1, "told by everybody");
        assert_eq!(told_once(&error), "cannot start: Connection Error: it is away");
    }
}
