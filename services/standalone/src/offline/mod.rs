//! The policy officer's bench: commands that need no server.

mod check;
mod explain;
mod settle;

use std::path::Path;
use std::process::ExitCode;

use yizhan_policy::{Policy, load};

pub use check::check;
pub use explain::explain;
pub use settle::settle;

/// What a command answers: the text for standard output, or why not for standard error.
type Answer = Result<String, String>;

/// Problems in a document, or a case that cannot be settled.
const REFUSED: u8 = 1;
/// The command line itself is wrong (`EX_USAGE`).
const USAGE: u8 = 64;

/// Prints what clap has to say: help and version are no errors.
pub fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
}

fn finish(answer: Answer) -> ExitCode {
    match answer {
        Ok(text) => {
            print(&text);
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("{}", reason.trim_end());
            ExitCode::from(REFUSED)
        }
    }
}

/// Prints; a reader that went away (`| head`) is no error.
fn print(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
}

fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

fn load_file(file: &Path) -> Result<Policy, String> {
    load(&file.display().to_string(), &read(file)?).map_err(|problems| problems.to_string())
}

/// Loads all files, and tells the problems of all of them.
fn load_files(files: &[impl AsRef<Path>]) -> Result<Vec<Policy>, String> {
    let (policies, problems): (Vec<_>, Vec<_>) =
        files.iter().map(|file| load_file(file.as_ref())).partition(Result::is_ok);
    if problems.is_empty() {
        return Ok(policies.into_iter().flatten().collect());
    }
    Err(problems.into_iter().filter_map(Result::err).collect::<Vec<_>>().join("\n"))
}

/// Both results, or the reasons of both.
fn both<A, B>(a: Result<A, String>, b: Result<B, String>) -> Result<(A, B), String> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(a), Err(b)) => Err(format!("{a}\n{b}")),
        (Err(reason), Ok(_)) | (Ok(_), Err(reason)) => Err(reason),
    }
}
