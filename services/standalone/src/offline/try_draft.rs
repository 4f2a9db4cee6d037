//! `yizhan policy try NEW --history FILE|FOLDER [--against OLD…]`: a draft on what was settled.

mod history;
mod words;

use std::path::PathBuf;

use yizhan_documents::Problems;
use yizhan_policy::find;
use yizhan_policy::trial::{MAX_YEARS_LATER, Options, Report, Stored, Trial};

use self::history::History;
use super::{Answer, Found, Output, files};

/// Cases told at most of those that gain, and of those that lose.
const MAX_MOST: u16 = 1_000;

/// What is asked of `yizhan policy try`.
#[derive(clap::Args)]
pub struct TryArguments {
    /// The draft (YAML).
    draft: PathBuf,
    /// What was settled (docs/POLICY.md, "A draft on a year of cases"): JSON lines, cases (YAML), or a folder of such files.
    #[arg(long, required = true, num_args = 1..)]
    history: Vec<PathBuf>,
    /// What the draft is compared with, found by area, scheme and day; without any, the embedded documents.
    #[arg(long, num_args = 1..)]
    against: Vec<PathBuf>,
    /// The draft settles each case as if it were so many years later: a draft for next year on the cases of this one.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=i64::from(MAX_YEARS_LATER)))]
    years_later: u32,
    /// How many of the cases that gain most, and of those that lose most, are told.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(0..=i64::from(MAX_MOST)))]
    most: u16,
    /// How it answers.
    #[command(flatten)]
    pub output: Output,
}

/// Settles the history under the draft and beside it, and tells who gains and who loses.
pub fn try_draft(arguments: &TryArguments) -> Answer {
    let report = tried(arguments)?;
    Found::told(&arguments.output, &report, || words::of(&report))
}

fn tried(arguments: &TryArguments) -> Result<Report, Problems> {
    let (draft, against) = files::both(files::policy(&arguments.draft), files::standing(&arguments.against))?;
    let standing = |stored: &Stored| {
        let case = &stored.case;
        find(&against, case.area, case.scheme, case.visit.end).map_err(|none| none.to_string())
    };
    let options = Options { years_later: arguments.years_later, most: usize::from(arguments.most) };
    let mut trial = Trial::new(&draft, standing, options).beside(against.clone());
    let mut history = History::default();
    for file in files::of_folders(&arguments.history, &["jsonl", "yaml"])? {
        history.read(&file, &draft, &mut |cases| trial.person(cases))?;
    }
    history.finish(&mut |cases| trial.person(cases));
    Ok(trial.report())
}
