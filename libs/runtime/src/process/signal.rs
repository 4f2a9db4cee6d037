//! Being told to stop, once and again.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What an orchestrator sends.
const TERMINATE: &str = "SIGTERM";
/// What ctrl-c sends.
const INTERRUPT: &str = "SIGINT";

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
            _ = self.terminate.recv() => TERMINATE,
            _ = self.interrupt.recv() => INTERRUPT,
        }
    }

    /// From now on another signal ends the process at once, whatever it is still doing: who sends it twice does not want to wait. The code is
    /// what a shell says of a process that the signal ended: 143 or 130.
    #[expect(clippy::print_stderr, reason = "nothing is waited for, telemetry neither")]
    pub fn ends_at_once_when_told_again(mut self) {
        tokio::spawn(async move {
            let signal = self.received().await;
            eprintln!("{signal} again: ended at once, what was under way is cut off");
            std::process::exit(if signal == INTERRUPT { 128 + 2 } else { 128 + 15 })
        });
    }
}
