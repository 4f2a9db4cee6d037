//! `yizhan policy check FILE…`

use std::path::PathBuf;
use std::process::ExitCode;

use yizhan_documents::Problems;
use yizhan_policy::load::check_set;

/// Checks documents, each and together.
pub fn check(files: &[PathBuf]) -> ExitCode {
    super::finish(answer(files))
}

fn answer(files: &[PathBuf]) -> super::Answer {
    let policies = super::load_files(files)?;
    let problems = check_set(&policies);
    if !problems.is_empty() {
        return Err(Problems(problems).to_string());
    }
    let lines = files.iter().zip(&policies).map(|(file, policy)| {
        let rows = format!("{} layers, {} sources", policy.layers.len(), policy.sources.len());
        format!("{}: {} {}: no problems ({rows})", file.display(), policy.id, policy.version)
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}
