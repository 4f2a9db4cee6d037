//! `yizhan policy test FILE…`: cases with what is expected of them, beside the policies they are of.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use serde::Serialize;
use yizhan_documents::{Documents, Kind, Problem, Problems};
use yizhan_policy::example::{Example, Tested};
use yizhan_policy::load::{example_findings, load_examples_with_findings};
use yizhan_policy::{Policy, embedded, find, find_named, load, together};

use super::settle::as_json;
use super::{Answer, Found, Output, files, say};

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
    /// What looks wrong in a case is refused as a difference is: a name that its policy does not ask for, a status that its scheme does not have.
    #[arg(long)]
    strict: bool,
    /// How it answers.
    #[command(flatten)]
    pub output: Output,
}

/// What came of all files.
#[derive(Default, Serialize)]
struct Results {
    cases: usize,
    visits: usize,
    differences: usize,
    warnings: usize,
    files: Vec<OfFile>,
}

/// What came of a file.
#[derive(Serialize)]
struct OfFile {
    file: String,
    cases: Vec<Tested>,
    /// What looks wrong in its cases.
    #[serde(serialize_with = "as_json")]
    warnings: Vec<Problem>,
}

/// Settles all cases of all files, and tells what is not as expected.
pub fn test(arguments: &TestArguments) -> Answer {
    let by_area = files::standing(&arguments.policy)?;
    let read = files::of_folders(&arguments.files, &["yaml", "yml"])?;
    let tested = files::all(read.iter().map(|file| of_file(file, &by_area, arguments.explain)))?;
    let mut results = Results::default();
    tested.into_iter().for_each(|one| results.add(one));
    let fine = results.differences == 0 && (!arguments.strict || results.warnings == 0);
    Found::told(&arguments.output, &results, || results.in_words()).map(|found| Found { fine, ..found })
}

fn of_file(file: &Path, by_area: &Documents<Policy>, explain: bool) -> Result<OfFile, Problems> {
    let (name, text) = (file.display().to_string(), files::text_of(file)?);
    let (cases, mut warnings) = load_examples_with_findings(&name, &text)?;
    let named = named(file, &cases)?;
    let of_case = |number: usize| {
        let case: &Example = cases.get(number)?;
        policy_of(case, case.visits.first()?.visit.end, &named, by_area).ok()
    };
    warnings.extend(example_findings(&name, &text, of_case));
    warnings.sort_by_key(|one| (one.line, one.column));
    let tested = |case: &Example| case.test(|case, day| policy_of(case, day, &named, by_area), explain);
    Ok(OfFile { file: name, cases: cases.iter().map(tested).collect(), warnings })
}

/// The documents that a case names, one or several that stand beside each other: `A + B`.
type Named = BTreeMap<String, Documents<Policy>>;

/// The policies that cases of a file name.
fn named(file: &Path, cases: &[Example]) -> Result<Named, Problems> {
    let mut of_name: BTreeMap<&String, usize> = BTreeMap::new();
    for case in cases {
        if let Some(name) = &case.policy {
            of_name.entry(name).or_insert(case.line);
        }
    }
    let of_name = of_name.into_iter().map(|(name, line)| {
        let all = name.split(" + ").map(|name| policy((file, line), name.trim()));
        Ok((name.clone(), together(files::all(all)?)?))
    });
    Ok(files::all(of_name)?.into_iter().collect())
}

/// An embedded policy, or the one of a file beside the cases; where there is none, the case that names it is wrong.
fn policy((file, line): (&Path, usize), name: &str) -> Result<Policy, Problems> {
    let none = |message| files::wrong(file, line, Kind::FileUnreadable, message);
    let Some(shipped) = name.strip_prefix(SHIPPED) else {
        let path = file.parent().unwrap_or(Path::new("")).join(name);
        let there = std::fs::metadata(&path);
        there.map_err(|error| none(format!("the policy `{name}` cannot be read: {error}")))?;
        return files::policy(&path);
    };
    let found = embedded().iter().find(|(name, _)| *name == shipped);
    let (name, text) = found.ok_or_else(|| none(format!("no policy `{shipped}` is embedded")))?;
    load(name, text)
}

/// The policy that a case names, or that holds in its area on the day.
fn policy_of<'p>(
    case: &Example,
    day: NaiveDate,
    named: &'p Named,
    by_area: &'p Documents<Policy>,
) -> Result<&'p Policy, String> {
    match (case.policy.as_ref(), case.area.zip(case.scheme)) {
        (Some(name), _) => {
            let all = named.get(name).ok_or_else(|| format!("there is no {name}"))?;
            find_named(all, day).map_err(|none| say::no_policy(&none).to_string())
        }
        (None, Some((area, scheme))) => {
            find(by_area, area, scheme, day).map_err(|none| say::no_policy(&none).to_string())
        }
        (None, None) => Err("the case names none".to_owned()),
    }
}

impl Results {
    fn add(&mut self, of_file: OfFile) {
        let cases = &of_file.cases;
        self.cases += cases.len();
        self.visits += cases.iter().map(|case| case.visits).sum::<usize>();
        self.differences += cases.iter().map(|case| case.differences.len()).sum::<usize>();
        self.warnings += of_file.warnings.len();
        self.files.push(of_file);
    }

    fn in_words(&self) -> String {
        let mut text = String::new();
        for OfFile { file, cases, warnings } in &self.files {
            for one in warnings {
                let _ = writeln!(text, "{}", say::problem(one));
            }
            for case in cases.iter().filter(|case| !case.differences.is_empty()) {
                for found in &case.differences {
                    let (case, visit, difference) = (&case.case, found.visit, &found.difference);
                    let zh = format!("{file}：{case}，第 {visit} 次就诊：{}", difference.chinese());
                    let _ = writeln!(
                        text,
                        "{}",
                        say::either(zh, format!("{file}: {case}, visit {visit}: {difference}"))
                    );
                }
                case.explained.iter().for_each(|words| {
                    let _ = writeln!(text, "\n{words}");
                });
            }
        }
        text + &self.in_all()
    }

    fn in_all(&self) -> String {
        let Results { cases, visits, differences, warnings, files } = self;
        let files = files.len();
        let (zh, en) = match warnings {
            0 => (String::new(), String::new()),
            some => (format!("，{some} 处提醒"), format!(", {some} to look at")),
        };
        say::either(
            format!("{files} 个文件，{cases} 个病例，{visits} 次就诊：{differences} 处不符{zh}"),
            format!("{cases} cases of {visits} visits in {files} files: {differences} differences{en}"),
        )
    }
}
