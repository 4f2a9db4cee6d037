//! `yizhan policy test FILE…`: cases with what is expected of them, beside the policies they are of.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;
use yizhan_documents::Documents;
use yizhan_policy::example::{Example, Tested};
use yizhan_policy::load::load_examples;
use yizhan_policy::{Policy, embedded, find, find_named, load, together};

use super::{Found, documents_in, load_file, load_files, read, shipped};

/// Begins the name of a policy that is embedded in this program.
const SHIPPED: &str = "shipped/";

/// What is asked of `yizhan policy test`.
#[derive(clap::Args)]
pub struct TestArguments {
    /// Files of cases (docs/POLICY.md, "Cases with expectations"), or folders of such files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Policy documents for cases that name none, found by area, scheme and day; without any, the embedded ones.
    #[arg(long, num_args = 1..)]
    policy: Vec<PathBuf>,
    /// Print how each visit that differs came about.
    #[arg(long)]
    explain: bool,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

/// What came of all files.
#[derive(Default, Serialize)]
struct Results {
    cases: usize,
    visits: usize,
    differences: usize,
    files: Vec<OfFile>,
}

/// What came of a file.
#[derive(Serialize)]
struct OfFile {
    file: String,
    cases: Vec<Tested>,
}

/// Settles all cases of all files, and tells what is not as expected.
pub fn test(arguments: &TestArguments) -> Result<Found, String> {
    let by_area = if arguments.policy.is_empty() { shipped() } else { load_files(&arguments.policy) };
    let by_area = together(by_area?).map_err(|problems| problems.to_string())?;
    let mut results = Results::default();
    let mut problems = Vec::new();
    for file in documents_in(&arguments.files)? {
        match read_cases(&file).and_then(|cases| named(&file, &cases).map(|named| (cases, named))) {
            Ok((cases, named)) => {
                results
                    .add(&file, cases.iter().map(|case| tested(case, &named, &by_area, arguments.explain)));
            }
            Err(reason) => problems.push(reason),
        }
    }
    if !problems.is_empty() {
        return Err(problems.join("\n"));
    }
    let text = if arguments.json {
        serde_json::to_string_pretty(&results).map_err(|error| error.to_string())?
    } else {
        results.in_words()
    };
    Ok(Found { text, fine: results.differences == 0 })
}

fn read_cases(file: &Path) -> Result<Vec<Example>, String> {
    load_examples(&file.display().to_string(), &read(file)?).map_err(|problems| problems.to_string())
}

/// The documents that a case names, one or several that stand beside each other: `A + B`.
type Named = BTreeMap<String, Documents<Policy>>;

/// The policies that cases of a file name.
fn named(file: &Path, cases: &[Example]) -> Result<Named, String> {
    let mut policies = Named::new();
    for case in cases {
        let Some(name) = &case.policy else { continue };
        if !policies.contains_key(name) {
            let of_case = |reason| format!("{}:{}: {reason}", file.display(), case.line);
            let all = name.split(" + ").map(|name| policy(file, name.trim()));
            let all: Vec<Policy> = all.collect::<Result<_, _>>().map_err(of_case)?;
            let all = together(all).map_err(|problems| of_case(problems.to_string()))?;
            policies.insert(name.clone(), all);
        }
    }
    Ok(policies)
}

/// An embedded policy, or the one of a file beside the cases.
fn policy(file: &Path, name: &str) -> Result<Policy, String> {
    let Some(shipped) = name.strip_prefix(SHIPPED) else {
        return load_file(&file.parent().unwrap_or(Path::new("")).join(name));
    };
    let Some((name, text)) = embedded().iter().find(|(name, _)| *name == shipped) else {
        return Err(format!("no policy `{shipped}` is embedded"));
    };
    load(name, text).map_err(|problems| problems.to_string())
}

fn tested(case: &Example, named: &Named, by_area: &Documents<Policy>, explain: bool) -> Tested {
    let policy_of = |case: &Example, day| match (case.policy.as_ref(), case.area.zip(case.scheme)) {
        (Some(name), _) => {
            let all = named.get(name).ok_or_else(|| format!("there is no {name}"))?;
            find_named(all, day).map_err(|none| none.to_string())
        }
        (None, Some((area, scheme))) => find(by_area, area, scheme, day).map_err(|none| none.to_string()),
        (None, None) => Err("the case names none".to_owned()),
    };
    case.test(policy_of, explain)
}

impl Results {
    fn add(&mut self, file: &Path, cases: impl Iterator<Item = Tested>) {
        let cases: Vec<Tested> = cases.collect();
        self.cases += cases.len();
        self.visits += cases.iter().map(|case| case.visits).sum::<usize>();
        self.differences += cases.iter().map(|case| case.differences.len()).sum::<usize>();
        self.files.push(OfFile { file: file.display().to_string(), cases });
    }

    fn in_words(&self) -> String {
        let mut text = String::new();
        for OfFile { file, cases } in &self.files {
            for case in cases.iter().filter(|case| !case.differences.is_empty()) {
                for found in &case.differences {
                    let _ =
                        writeln!(text, "{file}: {}, visit {}: {}", case.case, found.visit, found.difference);
                }
                case.explained.iter().for_each(|words| {
                    let _ = writeln!(text, "\n{words}");
                });
            }
        }
        let Results { cases, visits, differences, files } = self;
        let files = files.len();
        let _ = write!(text, "{cases} cases of {visits} visits in {files} files: {differences} differences");
        text
    }
}
