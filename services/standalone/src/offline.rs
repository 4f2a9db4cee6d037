//! The policy officer's bench: commands that need no server.

mod check;
mod say;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use yizhan_documents::{Problems, decode, unreadable};
use yizhan_policy::load::load_case;
use yizhan_policy::{Case, Policy, embedded, explain_outcome, find, load, together};

pub use check::{PolicyCheckArguments, check};
pub use say::{Lang, choose};

/// What a command answers: the text for standard output, or why not for standard error.
pub type Answer = Result<String, String>;

/// Problems in a document, or a case that cannot be settled.
const REFUSED: u8 = 1;
/// The command line itself is wrong (`EX_USAGE`).
const USAGE: u8 = 64;

/// Prints what clap has to say: help and version are no errors.
pub fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
}

/// Prints an answer; a reader that went away (`| head`) is no error.
pub fn finish(answer: Answer) -> ExitCode {
    match answer {
        Ok(text) => {
            let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("{}", reason.trim_end());
            ExitCode::from(REFUSED)
        }
    }
}

/// `yizhan policy explain FILE`: a document in words.
pub fn explain(file: &Path) -> Answer {
    load_file(file).map(|policy| yizhan_policy::explain(&policy))
}

/// `yizhan settle --policy FILE… --case FILE [--json] [--strict]`: settles one case by these documents, or by the embedded ones when none
/// are given. What looks wrong in the case is told, or with `strict` refused.
pub fn settle(files: &[PathBuf], case: &Path, (json, strict): (bool, bool)) -> Answer {
    let policies = if files.is_empty() { shipped() } else { load_files(files) };
    let (file, policies, case) = match (policies, read_case(case)) {
        (Ok(policies), Ok(read)) => (case, policies, read),
        (Err(a), Err(b)) => return Err(format!("{a}\n{b}")),
        (Err(reason), Ok(_)) | (Ok(_), Err(reason)) => return Err(reason),
    };
    let policies = together(policies).map_err(|wrong| say::problems(&wrong))?;
    let found = find(&policies, case.area, case.scheme, case.visit.end);
    let policy = found.map_err(|none| say::no_policy(&none))?;
    check::warn_of_case(file, policy, strict)?;
    let outcome = yizhan_policy::settle(policy, &case).map_err(|refusal| say::refusal(&refusal))?;
    if json {
        return serde_json::to_string_pretty(&outcome).map_err(|error| error.to_string());
    }
    Ok(explain_outcome(policy, &outcome))
}

fn shipped() -> Result<Vec<Policy>, String> {
    embedded().iter().map(|(name, text)| load(name, text).map_err(|problems| problems.to_string())).collect()
}

/// A case as `docs/POLICY.md` describes it; a `.json` file is one as settlements record it.
fn read_case(file: &Path) -> Result<Case, String> {
    let text = read(file)?;
    let name = file.display().to_string();
    if file.extension().is_some_and(|end| end == "json") {
        return serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"));
    }
    load_case(&name, &text).map_err(|wrong| say::problems(&wrong))
}

fn read(file: &Path) -> Result<String, String> {
    text_of(file).map_err(|wrong| say::problems(&wrong))
}

fn load_file(file: &Path) -> Result<Policy, String> {
    loaded(file).map_err(|wrong| say::problems(&wrong))
}

/// Loads all files, and tells the problems of all of them.
fn load_files(files: &[PathBuf]) -> Result<Vec<Policy>, String> {
    let (policies, problems): (Vec<_>, Vec<_>) =
        files.iter().map(|file| load_file(file)).partition(Result::is_ok);
    if problems.is_empty() {
        return Ok(policies.into_iter().flatten().collect());
    }
    Err(problems.into_iter().filter_map(Result::err).collect::<Vec<_>>().join("\n"))
}

/// A policy of a file, or what is wrong with it.
fn loaded(file: &Path) -> Result<Policy, Problems> {
    let name = file.display().to_string();
    load(&name, &text_of(file)?)
}

fn text_of(file: &Path) -> Result<String, Problems> {
    let name = file.display().to_string();
    decode(&name, std::fs::read(file).map_err(|error| unreadable(&name, error))?)
}
