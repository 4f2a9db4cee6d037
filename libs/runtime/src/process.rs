//! The life of a service process: settings, telemetry, serve, wait for a signal, drain. Every `main.rs` is one call.

mod signal;

use std::fmt::Display;
use std::process::ExitCode;

use crate::cache::CacheConfig;
use crate::config::{
    ConfigProblems, DatabaseConfig, Effective, PeerConfig, ServerConfig, Service, Settings, TelemetryConfig,
};
use crate::server::RunningServer;
use crate::telemetry;

pub use signal::StopSignal;

/// Exit code for settings that cannot be used (EX_USAGE of sysexits): nothing was bound, restarting will not help.
pub const EXIT_BAD_CONFIG: u8 = 64;

/// What a process is started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    Serve,
    Migrate,
    PrintConfig,
}

impl Task {
    fn read(arguments: &[String]) -> Option<Task> {
        match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] => Some(Task::Serve),
            ["--migrate"] => Some(Task::Migrate),
            ["--print-config"] => Some(Task::PrintConfig),
            _ => None,
        }
    }
}

/// Runs a service until it is told to stop; with the argument `--migrate` it only brings its database up to date, with `--print-config` it
/// only prints its settings.
///
/// `read` takes the service's settings (all of them: unknown keys are refused afterwards), `migrate` connects and migrates, `start`
/// does that and serves. Exit codes: 0 stopped by a signal, or migrated; 64 bad settings or arguments; 130 and 143 told to stop a second
/// time (SIGINT, SIGTERM), what was under way is cut off; 1 anything else.
#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "for whoever started it: telemetry is not there yet, or no more"
)]
pub async fn run<C, M, F>(
    service: Service,
    read: impl FnOnce(&mut Settings) -> C,
    migrate: impl FnOnce(C) -> M,
    start: impl FnOnce(C) -> F,
) -> ExitCode
where
    M: Future<Output = anyhow::Result<()>>,
    F: Future<Output = anyhow::Result<RunningServer>>,
{
    let bad = |problem: &dyn Display| {
        eprintln!("yizhan-{service}: {problem}");
        ExitCode::from(EXIT_BAD_CONFIG)
    };
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(task) = Task::read(&arguments) else {
        return bad(
            &"the arguments are --migrate or --print-config; settings come from the environment and a file",
        );
    };
    let (config, telemetry, effective) = match settings(Settings::from_environment(), read) {
        Ok(settings) => settings,
        Err(problems) => return bad(&problems),
    };
    if task == Task::PrintConfig {
        print!("{effective}");
        return ExitCode::SUCCESS;
    }
    let outcome = async {
        let _telemetry = telemetry::init(service.name(), &telemetry)?;
        let mut stop = StopSignal::listen()?;
        if task == Task::Migrate {
            return migrated(stop, migrate(config)).await;
        }
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

/// Whether the database was brought up to date: told to stop before, it was not.
async fn migrated(
    mut stop: StopSignal,
    migrate: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<()> {
    tokio::select! {
        migrated = migrate => migrated,
        signal = stop.received() => anyhow::bail!("{signal} came before the database was up to date"),
    }
}

/// Waits for the signal, then drains; or for the server to fail.
async fn serve_until(mut stop: StopSignal, server: RunningServer) -> anyhow::Result<()> {
    tokio::select! {
        signal = stop.received() => {
            tracing::info!(signal, "stopping");
            stop.ends_at_once_when_told_again();
            server.shutdown().await;
            Ok(())
        }
        error = server.failed() => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_process_is_for_is_its_only_argument() {
        let task =
            |arguments: &[&str]| Task::read(&arguments.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!((task(&[]), task(&["--migrate"])), (Some(Task::Serve), Some(Task::Migrate)));
        assert_eq!(task(&["--print-config"]), Some(Task::PrintConfig));
        assert_eq!((task(&["--migrate", "--print-config"]), task(&["migrate"])), (None, None));
    }

    #[test]
    fn each_cause_is_told_once() {
        let database = sea_orm::DbErr::Conn(sea_orm::RuntimeErr::Internal("it is away".to_owned()));
        let error = anyhow::Error::new(database).context("cannot start");
        assert!(format!("{error:#}").matches("it is away").count() > 1, "told by everybody");
        assert_eq!(told_once(&error), "cannot start: Connection Error: it is away");
    }
}
