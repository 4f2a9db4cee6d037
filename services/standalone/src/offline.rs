//! The policy officer's bench: commands that need no server.

mod check;
mod explain;
mod files;
mod say;
mod settle;
mod test;
mod try_draft;

use std::io::Write;
use std::process::ExitCode;

use serde::Serialize;
use yizhan_documents::{Problem, Problems};

pub use check::{PolicyCheckArguments, check};
pub use explain::{DiffArguments, ExplainArguments, diff, explain};
pub use settle::{SettleArguments, settle};
pub use test::{TestArguments, test};
pub use try_draft::{TryArguments, try_draft};

/// Problems in a document, or a case that cannot be settled.
const REFUSED: u8 = 1;
/// The command line itself is wrong (`EX_USAGE`).
const USAGE: u8 = 64;

/// How a command answers.
#[derive(clap::Args)]
pub struct Output {
    /// Answer in JSON, what is wrong too.
    #[arg(long)]
    json: bool,
    /// Language of the messages; by default that of the environment.
    #[arg(long)]
    lang: Option<say::Lang>,
}

/// What a command found.
pub struct Found {
    /// The text for standard output.
    text: String,
    /// Whether nothing was found that should not be.
    fine: bool,
}

/// Why a command found nothing.
pub enum Wrong {
    /// Its files are wrong. Never empty.
    Files(Vec<Problem>),
    /// Anything else, as it is to be said.
    Else(String),
}

/// What a command answers.
pub type Answer = Result<Found, Wrong>;

impl From<Problems> for Wrong {
    fn from(problems: Problems) -> Wrong {
        Wrong::Files(problems.0)
    }
}

impl Found {
    /// Nothing that should not be, as JSON or in words.
    fn told(output: &Output, found: &impl Serialize, words: impl FnOnce() -> String) -> Answer {
        Ok(Found { text: if output.json { json_of(found)? } else { words() }, fine: true })
    }
}

fn json_of(value: &impl Serialize) -> Result<String, Wrong> {
    serde_json::to_string_pretty(value).map_err(|error| Wrong::Else(error.to_string()))
}

/// Prints what clap has to say: help and version are no errors.
pub fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
}

impl Output {
    /// Runs a command in the language asked for and prints its answer: JSON to the standard output whatever it tells, words of what is wrong to
    /// the standard error. The exit code is 1 where something is not as it should be.
    pub fn of(&self, command: impl FnOnce() -> Answer) -> ExitCode {
        say::choose(self.lang);
        let (text, fine) = match command() {
            Ok(Found { text, fine }) => (text, fine),
            Err(Wrong::Files(problems)) if self.json => (format!("{:#}", say::as_json(&problems)), false),
            Err(Wrong::Files(problems)) => return refused(&say::problems(&problems)),
            Err(Wrong::Else(reason)) => return refused(&reason),
        };
        // A reader that went away (`| head`) is no error.
        let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
        if fine { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) }
    }
}

fn refused(reason: &str) -> ExitCode {
    eprintln!("{}", reason.trim_end());
    ExitCode::from(REFUSED)
}
