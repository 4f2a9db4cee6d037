//! The policy officer's bench: commands that need no server.

mod check;
mod say;
mod test;
mod try_draft;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::NaiveDate;
use yizhan_documents::{Problem, Problems, decode, unreadable};
use yizhan_policy::example::{Difference, Example, Expect};
use yizhan_policy::load::{load_example_with_findings, unknown_names};
use yizhan_policy::{
    Case, Outcome, Policy, embedded, explain_outcome, explain_stopped, find, load, settle_as_far, together,
};
use yizhan_terms::{Area, Insutype};

pub use check::{PolicyCheckArguments, check};
pub use say::{Lang, choose};
pub use test::{TestArguments, test};
pub use try_draft::{TryArguments, try_draft};

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

/// What a command that looks for something found.
pub struct Found {
    /// The text for standard output.
    pub text: String,
    /// Whether nothing was found that should not be.
    pub fine: bool,
}

/// Prints what was found: exit code 1 where it should not be.
pub fn finish_found(found: Result<Found, String>) -> ExitCode {
    match found {
        Ok(Found { text, fine: false }) => {
            finish(Ok(text));
            ExitCode::from(REFUSED)
        }
        answer => finish(answer.map(|found| found.text)),
    }
}

/// `yizhan policy explain FILE…`: a document in words; of a product and documents that it stands beside what they say together.
pub fn explain(files: &[PathBuf]) -> Answer {
    let policies = load_files(files)?;
    let together = together(policies).map_err(|wrong| say::problems(&wrong))?;
    let of_several = together.joined().iter().flat_map(|joined| &joined.together.of).collect::<Vec<_>>();
    let alone = together.documents().iter();
    let alone =
        alone.filter(|one| !of_several.iter().any(|of| (&of.id, &of.version) == (&one.id, &one.version)));
    let words: Vec<String> =
        together.joined().iter().chain(alone).map(|policy| yizhan_policy::explain(policy)).collect();
    Ok(words.join("\n\n"))
}

/// `yizhan policy diff OLD NEW`: what changes for whom.
pub fn diff(old: &Path, new: &Path, json: bool) -> Answer {
    let (old, new) = match (load_file(old), load_file(new)) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(a), Err(b)) => return Err(format!("{a}\n{b}")),
        (Err(reason), Ok(_)) | (Ok(_), Err(reason)) => return Err(reason),
    };
    let changes = yizhan_policy::changes(&old, &new);
    if json {
        serde_json::to_string_pretty(&changes).map_err(|error| error.to_string())
    } else {
        Ok(changes.to_string())
    }
}

/// `yizhan settle --policy FILE… --case FILE [--json] [--strict]`: settles one case by these documents, or by the embedded ones when none
/// are given. What the case expects is compared. What looks wrong in it is told, or with `strict` refused.
pub fn settle(files: &[PathBuf], file: &Path, (json, strict): (bool, bool)) -> Result<Found, String> {
    let policies = if files.is_empty() { shipped() } else { load_files(files) };
    let (policies, asked) = match (policies, read_case(file)) {
        (Ok(policies), Ok(asked)) => (policies, asked),
        (Err(a), Err(b)) => return Err(format!("{a}\n{b}")),
        (Err(reason), Ok(_)) | (Ok(_), Err(reason)) => return Err(reason),
    };
    let policies = together(policies).map_err(|wrong| say::problems(&wrong))?;
    let (area, scheme, day) = asked.found_by();
    let policy = find(&policies, area, scheme, day).map_err(|none| say::no_policy(&none))?;
    asked.warn(policy, strict)?;
    let (case, expect) = asked.of(policy);
    let settled = settle_as_far(policy, &case);
    let differences = expect.map_or_else(Vec::new, |expect| expect.compare(&settled));
    let outcome = match (settled, differences.is_empty()) {
        (Ok(outcome), _) => outcome,
        (Err(stopped), true) if expect.is_some() => {
            let expected = say::either("按预期不予结算", "refused as expected");
            return Ok(Found { text: format!("{expected}: {}", say::refusal(&stopped.refusal)), fine: true });
        }
        (Err(stopped), _) => {
            let (why, so_far) = (say::refusal(&stopped.refusal), explain_stopped(policy, &stopped));
            return Err(format!("{why}\n\n{so_far}"));
        }
    };
    let text = if json {
        let told = Settled { outcome: &outcome, differences: expect.map(|_| differences.as_slice()) };
        serde_json::to_string_pretty(&told).map_err(|error| error.to_string())?
    } else {
        let found = differences.iter().map(|found| {
            let (zh, en) = (found.chinese(), found.to_string());
            say::either(format!("\n与预期不符：{zh}"), format!("\nexpected otherwise: {en}"))
        });
        explain_outcome(policy, &outcome) + &found.collect::<String>()
    };
    Ok(Found { text, fine: differences.is_empty() })
}

/// An outcome as JSON, with what is not as the case expects where it says so.
#[derive(serde::Serialize)]
struct Settled<'a> {
    #[serde(flatten)]
    outcome: &'a Outcome<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    differences: Option<&'a [Difference]>,
}

fn shipped() -> Result<Vec<Policy>, String> {
    embedded().iter().map(|(name, text)| load(name, text).map_err(|problems| problems.to_string())).collect()
}

/// The case of a file.
enum Asked {
    /// As settlements record it.
    Recorded(Box<Case>),
    /// As `docs/POLICY.md` describes it.
    Written(Box<Written>),
}

/// A case as people write it.
struct Written {
    example: Example,
    area: Area,
    scheme: Insutype,
    name: String,
    text: String,
    /// What looks wrong in its lines.
    found: Vec<Problem>,
}

impl Asked {
    /// What its policy is found by.
    fn found_by(&self) -> (Area, Insutype, NaiveDate) {
        match self {
            Asked::Recorded(case) => (case.area, case.scheme, case.visit.end),
            Asked::Written(one) => (one.area, one.scheme, one.example.visits[0].visit.end),
        }
    }

    /// The engine's case, and what is expected of it.
    fn of(&self, policy: &Policy) -> (Case, Option<&Expect>) {
        match self {
            Asked::Recorded(case) => (Case::clone(case), None),
            Asked::Written(one) => {
                let visit = &one.example.visits[0];
                (one.example.case(policy, visit, &BTreeMap::new()), visit.expect.as_ref())
            }
        }
    }

    /// What looks wrong in a case as people write it, beside the policy that settles it: to the standard error, or as why it is not settled.
    fn warn(&self, policy: &Policy, strict: bool) -> Result<(), String> {
        let Asked::Written(one) = self else { return Ok(()) };
        let mut found = one.found.clone();
        found.extend(unknown_names(&one.name, &one.text, policy));
        found.sort_by_key(|one| (one.line, one.column));
        let told: Vec<String> = found.iter().map(say::problem).collect();
        if strict && !told.is_empty() {
            return Err(told.join("\n"));
        }
        told.iter().for_each(|one| eprintln!("{one}"));
        Ok(())
    }
}

/// A case of one visit; a `.json` file is one as settlements record it.
fn read_case(file: &Path) -> Result<Asked, String> {
    let text = read(file)?;
    let name = file.display().to_string();
    if file.extension().is_some_and(|end| end == "json") {
        let case = serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
        return Ok(Asked::Recorded(case));
    }
    let (example, found) = load_example_with_findings(&name, &text).map_err(|wrong| say::problems(&wrong))?;
    match (example.visits.len(), example.area, example.scheme) {
        (1, Some(area), Some(scheme)) => {
            Ok(Asked::Written(Box::new(Written { example, area, scheme, name, text, found })))
        }
        (1, ..) => Err(format!("{name}: `area` and `scheme` are missing, by which the policy is found")),
        (visits, ..) => Err(format!("{name}: {visits} visits; `yizhan policy test` settles several")),
    }
}

/// These files, and the YAML files of these folders in order of name.
fn documents_in(files: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut all = Vec::new();
    for file in files {
        if !file.is_dir() {
            all.push(file.clone());
            continue;
        }
        let told = |error| format!("{}: {error}", file.display());
        let entries = std::fs::read_dir(file).map_err(told)?.collect::<Result<Vec<_>, _>>().map_err(told)?;
        let mut documents: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
        documents.retain(|path| path.extension().is_some_and(|end| end == "yaml" || end == "yml"));
        if documents.is_empty() {
            return Err(format!("{}: holds no YAML file", file.display()));
        }
        documents.sort();
        all.extend(documents);
    }
    Ok(all)
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
