//! `yizhan policy check FILE…`: everything wrong with documents and what they warn of.

use std::path::PathBuf;
use std::process::ExitCode;

use yizhan_documents::Problem;
use yizhan_policy::load::check_set;
use yizhan_policy::{Policy, findings};

use super::{REFUSED, finish, say};

/// What is asked of `yizhan policy check`.
#[derive(clap::Args)]
pub struct PolicyCheckArguments {
    /// Policy documents (YAML), checked together.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Warnings are refused as problems are.
    #[arg(long)]
    strict: bool,
    /// Print what is wrong as JSON.
    #[arg(long)]
    json: bool,
    /// Language of the messages; by default that of the environment.
    #[arg(long)]
    lang: Option<say::Lang>,
}

/// Checks documents, each and together. JSON is printed to the standard output, whatever it tells.
pub fn check(arguments: &PolicyCheckArguments) -> ExitCode {
    say::choose(arguments.lang);
    let mut policies = Vec::new();
    let mut told = Vec::new();
    for file in &arguments.files {
        match super::loaded(file) {
            Ok(policy) => policies.push(policy),
            Err(problems) => told.extend(problems.0),
        }
    }
    if told.is_empty() {
        told = policies.iter().flat_map(findings).chain(check_set(&policies)).collect();
    }
    let refused = told.iter().any(|one| arguments.strict || !one.kind.is_warning());
    let text = match arguments.json {
        true => format!("{:#}", say::as_json(&told)),
        false => {
            let problems = told.iter().map(say::problem);
            let fine = policies.iter().filter(|_| !refused).map(|policy| fine(policy, &told));
            problems.chain(fine).collect::<Vec<_>>().join("\n")
        }
    };
    match (refused, arguments.json) {
        (true, false) => finish(Err(text)),
        (true, true) => {
            finish(Ok(text));
            ExitCode::from(REFUSED)
        }
        (false, _) => finish(Ok(text)),
    }
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
