//! `yizhan settle --policy FILE… --case FILE`: one case, and how every amount came about.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use serde::{Serialize, Serializer};
use yizhan_documents::{Documents, Kind, Problem, Problems};
use yizhan_policy::example::{Difference, Example, Expect};
use yizhan_policy::load::{NoPolicy, load_example_with_findings, unknown_names};
use yizhan_policy::outcome::{LayerTrace, Parts};
use yizhan_policy::{Case, Outcome, Policy, Stopped, explain_outcome, explain_stopped, find, settle_as_far};
use yizhan_terms::{Area, Insutype};

use super::{Answer, Found, Output, Wrong, files, json_of, say};

/// What is asked of `yizhan settle`.
#[derive(clap::Args)]
pub struct SettleArguments {
    /// Policy documents (YAML); without any, the embedded ones.
    #[arg(long, num_args = 1..)]
    policy: Vec<PathBuf>,
    /// The case (docs/POLICY.md, "A case").
    #[arg(long)]
    case: PathBuf,
    /// Refuse a case in which something looks wrong: a name that the policy does not ask for, an amount that is not quantity × price.
    #[arg(long)]
    strict: bool,
    /// How it answers.
    #[command(flatten)]
    pub output: Output,
}

/// Settles one case. What the case expects is compared. What looks wrong in it is told, or with `--strict` refused.
pub fn settle(arguments: &SettleArguments) -> Answer {
    let SettleArguments { policy, case, strict, output } = arguments;
    let (policies, asked) = files::both(files::standing(policy), read_case(case))?;
    let found = asked.policy(&policies);
    let warnings = asked.warnings(found.as_ref().ok().copied());
    // Where there is no policy both are told below.
    if *strict && found.is_ok() && !warnings.is_empty() {
        return Err(Wrong::Files(warnings));
    }
    let answer = Settled { asked: &asked, json: output.json, warnings };
    if !output.json {
        answer.warnings.iter().for_each(|one| eprintln!("{}", say::problem(one)));
    }
    match found {
        Ok(policy) => answer.by(policy),
        Err(none) => answer.without(&none),
    }
}

/// A case that was read, and how to answer.
struct Settled<'a> {
    asked: &'a Asked,
    json: bool,
    warnings: Vec<Problem>,
}

/// An outcome as JSON.
#[derive(Serialize)]
struct Done<'a> {
    #[serde(flatten)]
    outcome: &'a Outcome<'a>,
    /// What is not as the case expects, where it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    differences: Option<&'a [Difference]>,
    #[serde(serialize_with = "as_json")]
    warnings: &'a [Problem],
}

/// A refusal as JSON.
#[derive(Serialize)]
struct Refused<'a> {
    refused: serde_json::Value,
    /// The four parts of the bill, where they could be told.
    parts: Option<&'a Parts>,
    /// The layers before the one that refused.
    layers: &'a [LayerTrace<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    differences: Option<&'a [Difference]>,
    #[serde(serialize_with = "as_json")]
    warnings: &'a [Problem],
}

/// Problems as every command tells them to programs.
pub(super) fn as_json<S: Serializer>(problems: &[Problem], serializer: S) -> Result<S::Ok, S::Error> {
    say::as_json(problems).serialize(serializer)
}

impl Settled<'_> {
    fn by(&self, policy: &Policy) -> Answer {
        let (case, expect) = self.asked.of(policy);
        let settled = settle_as_far(policy, &case);
        let differences = expect.map(|expect| expect.compare(&settled));
        match settled {
            Ok(outcome) => self.done(policy, &outcome, differences.as_deref()),
            Err(stopped) => self.stopped(policy, &stopped, differences.as_deref()),
        }
    }

    fn done(&self, policy: &Policy, outcome: &Outcome<'_>, differences: Option<&[Difference]>) -> Answer {
        let text = if self.json {
            json_of(&Done { outcome, differences, warnings: &self.warnings })?
        } else {
            let found = differences.unwrap_or_default().iter().map(|found| {
                let (zh, en) = (found.chinese(), found.to_string());
                say::either(format!("\n与预期不符：{zh}"), format!("\nexpected otherwise: {en}"))
            });
            explain_outcome(policy, outcome) + &found.collect::<String>()
        };
        Ok(Found { text, fine: differences.unwrap_or_default().is_empty() })
    }

    fn stopped(&self, policy: &Policy, stopped: &Stopped<'_>, differences: Option<&[Difference]>) -> Answer {
        let fine = differences.is_some_and(<[Difference]>::is_empty);
        let why = say::refusal(&stopped.refusal);
        if self.json {
            let Stopped { parts, layers, .. } = stopped;
            return self.refused((&why, fine), parts.as_ref(), layers, differences);
        }
        if fine {
            let expected = say::either("按预期不予结算", "refused as expected");
            return Ok(Found { text: format!("{expected}: {why}"), fine });
        }
        Err(Wrong::Else(format!("{why}\n\n{}", explain_stopped(policy, stopped))))
    }

    fn without(&self, none: &NoPolicy) -> Answer {
        let why = say::no_policy(none);
        if self.json {
            self.refused((&why, false), None, &[], None)
        } else {
            Err(Wrong::Else(why.to_string()))
        }
    }

    fn refused(
        &self,
        (why, fine): (&say::Refused, bool),
        parts: Option<&Parts>,
        layers: &[LayerTrace<'_>],
        differences: Option<&[Difference]>,
    ) -> Answer {
        let refused = why.as_json(&self.asked.file, self.asked.line());
        let text = json_of(&Refused { refused, parts, layers, differences, warnings: &self.warnings })?;
        Ok(Found { text, fine })
    }
}

/// The case of a file.
struct Asked {
    file: String,
    case: Form,
}

enum Form {
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
    text: String,
    /// What looks wrong in its lines.
    found: Vec<Problem>,
}

impl Asked {
    /// The policy that it is settled by.
    fn policy<'p>(&self, policies: &'p Documents<Policy>) -> Result<&'p Policy, NoPolicy> {
        let (area, scheme, day): (Area, Insutype, NaiveDate) = match &self.case {
            Form::Recorded(case) => (case.area, case.scheme, case.visit.end),
            Form::Written(one) => (one.area, one.scheme, one.example.visits[0].visit.end),
        };
        find(policies, area, scheme, day)
    }

    /// The line it begins on.
    fn line(&self) -> usize {
        match &self.case {
            Form::Recorded(_) => 1,
            Form::Written(one) => one.example.line,
        }
    }

    /// The engine's case, and what is expected of it.
    fn of(&self, policy: &Policy) -> (Case, Option<&Expect>) {
        match &self.case {
            Form::Recorded(case) => (Case::clone(case), None),
            Form::Written(one) => {
                let visit = &one.example.visits[0];
                (one.example.case(policy, visit, &BTreeMap::new()), visit.expect.as_ref())
            }
        }
    }

    /// What looks wrong in a case as people write it, beside the policy that settles it.
    fn warnings(&self, policy: Option<&Policy>) -> Vec<Problem> {
        let Form::Written(one) = &self.case else { return Vec::new() };
        let mut found = one.found.clone();
        found.extend(policy.into_iter().flat_map(|policy| unknown_names(&self.file, &one.text, policy)));
        found.sort_by_key(|one| (one.line, one.column));
        found
    }
}

/// A case of one visit; a `.json` file is one as settlements record it.
fn read_case(path: &Path) -> Result<Asked, Problems> {
    let text = files::text_of(path)?;
    let file = path.display().to_string();
    if path.extension().is_some_and(|end| end == "json") {
        let case =
            serde_json::from_str(&text).map_err(|error| files::not_json(path, error.line(), &error))?;
        return Ok(Asked { file, case: Form::Recorded(case) });
    }
    let (example, found) = load_example_with_findings(&file, &text)?;
    let wrong = |kind, message: String| files::wrong(path, example.line, kind, message);
    match (example.visits.len(), example.area, example.scheme) {
        (1, Some(area), Some(scheme)) => {
            let written = Written { example, area, scheme, text, found };
            Ok(Asked { file, case: Form::Written(Box::new(written)) })
        }
        (1, ..) => {
            let message = "`area` and `scheme` are missing, by which the policy is found";
            Err(wrong(Kind::MissingKey, message.to_owned()))
        }
        (visits, ..) => {
            let message = format!("{visits} visits; `yizhan policy test` settles several");
            Err(wrong(Kind::TooLarge, message))
        }
    }
}
