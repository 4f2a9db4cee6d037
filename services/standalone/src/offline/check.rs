//! `yizhan policy check FILE…`: everything wrong with documents and what they warn of.

use std::path::PathBuf;

use yizhan_documents::Problem;
use yizhan_policy::load::check_set;
use yizhan_policy::{Policy, findings};

use super::{Answer, Found, Output, Wrong, files, say};

/// What is asked of `yizhan policy check`.
#[derive(clap::Args)]
pub struct PolicyCheckArguments {
    /// Policy documents (YAML), checked together.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Warnings are refused as problems are.
    #[arg(long)]
    strict: bool,
    /// How it answers.
    #[command(flatten)]
    pub output: Output,
}

/// Checks documents, each and together.
pub fn check(arguments: &PolicyCheckArguments) -> Answer {
    let (policies, told) = match files::policies(&arguments.files) {
        Ok(policies) => {
            let found = policies.iter().flat_map(findings).chain(check_set(&policies)).collect();
            (policies, found)
        }
        Err(problems) => (Vec::new(), problems.0),
    };
    if told.iter().any(|one| arguments.strict || !one.kind.is_warning()) {
        return Err(Wrong::Files(told));
    }
    let words = || {
        let fine = policies.iter().map(|policy| fine(policy, &told));
        told.iter().map(say::problem).chain(fine).collect::<Vec<_>>().join("\n")
    };
    Found::told(&arguments.output, &say::as_json(&told), words)
}

fn fine(policy: &Policy, told: &[Problem]) -> String {
    let (id, version, file) = (&policy.id, &policy.version, &policy.file);
    let (layers, sources) = (policy.layers.len(), policy.sources.len());
    let warnings = told.iter().filter(|one| one.file == *file).count();
    let (zh, en) = match warnings {
        0 => ("没有问题".to_owned(), "no problems".to_owned()),
        one => (format!("没有问题，{one} 处提醒"), format!("no problems, {one} to look at")),
    };
    say::either(
        format!("{file}: {id} {version}：{zh}（{layers} 层，{sources} 个来源）"),
        format!("{file}: {id} {version}: {en} ({layers} layers, {sources} sources)"),
    )
}
