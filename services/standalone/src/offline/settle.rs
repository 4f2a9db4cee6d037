//! `yizhan settle --policy FILE… --case FILE [--json]`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use yizhan_policy::load::{NoPolicy, load_case};
use yizhan_policy::{Case, Policy, embedded, explain_outcome, find, load, together};

use super::Answer;

/// Settles one case by these documents, or by the embedded ones when none are given.
pub fn settle(policies: &[PathBuf], case: &Path, json: bool) -> ExitCode {
    super::finish(answer(policies, case, json))
}

fn answer(files: &[PathBuf], case: &Path, json: bool) -> Answer {
    let policies = if files.is_empty() { shipped() } else { super::load_files(files) };
    let case = read_case(case);
    let (policies, case) = super::both(policies, case)?;
    let policies = together(policies).map_err(|problems| problems.to_string())?;
    let found = find(&policies, &case.area, case.scheme, case.visit.end);
    let policy = found.map_err(|none| format!("{}: {none}", NoPolicy::CODE))?;
    let outcome =
        yizhan_policy::settle(policy, &case).map_err(|refusal| format!("{}: {refusal}", refusal.code()))?;
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
    let text = super::read(file)?;
    let name = file.display().to_string();
    if file.extension().is_some_and(|end| end == "json") {
        return serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"));
    }
    load_case(&name, &text).map_err(|problems| problems.to_string())
}
