//! What the bench says, in the language of whoever reads it, or as JSON.

use std::fmt;
use std::sync::OnceLock;

use serde_json::{Value, json};
use yizhan_documents::Problem;
use yizhan_policy::Refusal;
use yizhan_policy::load::NoPolicy;

/// The languages that messages are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Lang {
    /// Chinese.
    Zh,
    /// English.
    En,
}

static CHOSEN: OnceLock<Lang> = OnceLock::new();

/// Says everything in this language from now on; without one in that of the environment.
pub fn choose(lang: Option<Lang>) {
    let _ = CHOSEN.set(lang.unwrap_or_else(of_environment));
}

/// By the first of `LC_ALL`, `LC_MESSAGES`, `LANG` that says anything.
fn of_environment() -> Lang {
    let said = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(|name| std::env::var(name).ok());
    let first = said.into_iter().find(|value| !value.is_empty()).unwrap_or_default();
    if first.to_ascii_lowercase().starts_with("zh") { Lang::Zh } else { Lang::En }
}

/// Whether Chinese is spoken.
pub fn in_chinese() -> bool {
    CHOSEN.get().copied().unwrap_or_else(of_environment) == Lang::Zh
}

/// One of two texts.
pub fn either(chinese: impl Into<String>, english: impl Into<String>) -> String {
    if in_chinese() { chinese.into() } else { english.into() }
}

/// What is wrong, without where.
fn message(problem: &Problem) -> String {
    either(problem.chinese(), problem.message.as_str())
}

/// `file:line:column: message`, a warning as such.
pub fn problem(problem: &Problem) -> String {
    let Problem { file, line, column, .. } = problem;
    let warning = if problem.kind.is_warning() { either("提醒：", "warning: ") } else { String::new() };
    format!("{file}:{line}:{column}: {warning}{}", message(problem))
}

/// All of them, a line each.
pub fn problems(problems: &[Problem]) -> String {
    problems.iter().map(problem).collect::<Vec<_>>().join("\n")
}

/// For programs: a list of what [`entry`] makes.
pub fn as_json(problems: &[Problem]) -> Value {
    let one = |problem: &Problem| {
        let Problem { file, line, column, path, kind, .. } = problem;
        let place = Place { file, line: *line, column: *column, path };
        entry(&place, kind.code(), kind.is_warning(), &message(problem))
    };
    Value::Array(problems.iter().map(one).collect())
}

/// Where something is.
struct Place<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    path: &'a str,
}

/// One thing that is told: of a document, a case, or why it is refused.
fn entry(place: &Place<'_>, code: &str, warning: bool, message: &str) -> Value {
    let Place { file, line, column, path } = place;
    json!({
        "file": file,
        "line": line,
        "column": column,
        "path": path,
        "code": code,
        "warning": warning,
        "message": message,
    })
}

/// Why a case is refused; as words `CODE: message`.
pub struct Refused {
    code: &'static str,
    message: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl Refused {
    /// The same for programs, of a case that begins on this line.
    pub fn as_json(&self, file: &str, line: usize) -> Value {
        entry(&Place { file, line, column: 1, path: "" }, self.code, false, &self.message)
    }
}

/// Why no policy was found.
pub fn no_policy(none: &NoPolicy) -> Refused {
    let mut chinese = format!("统筹区 {} 险种 {} 在 {} 没有政策", none.area, none.scheme.code(), none.day);
    chinese.extend(none.apart.iter().map(|apart| format!("：{apart} 不能并行")));
    Refused { code: NoPolicy::REASON.code(), message: either(chinese, none.to_string()) }
}

/// Why a case is not settled.
pub fn refusal(refusal: &Refusal) -> Refused {
    Refused { code: refusal.reason().code(), message: either(refusal.chinese(), refusal.to_string()) }
}
