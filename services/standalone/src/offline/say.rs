//! What the bench says, in the language of whoever reads it, or as JSON.

use std::sync::OnceLock;

use serde_json::{Value, json};
use yizhan_documents::{Problem, Problems};
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

/// Everything wrong, a line each.
pub fn problems(problems: &Problems) -> String {
    problems.0.iter().map(problem).collect::<Vec<_>>().join("\n")
}

/// For programs: `file`, `line`, `column`, `path`, `code`, `warning` and `message`.
pub fn as_json(problems: &[Problem]) -> Value {
    let one = |problem: &Problem| {
        json!({
            "file": problem.file,
            "line": problem.line,
            "column": problem.column,
            "path": problem.path,
            "code": problem.kind.code(),
            "warning": problem.kind.is_warning(),
            "message": message(problem),
        })
    };
    Value::Array(problems.iter().map(one).collect())
}

/// Why no policy was found.
pub fn no_policy(none: &NoPolicy) -> String {
    let mut chinese = format!("统筹区 {} 险种 {} 在 {} 没有政策", none.area, none.scheme.code(), none.day);
    chinese.extend(none.apart.iter().map(|apart| format!("：{apart} 不能并行")));
    format!("{}: {}", NoPolicy::REASON, either(chinese, none.to_string()))
}

/// Why a case is not settled.
pub fn refusal(refusal: &Refusal) -> String {
    format!("{}: {}", refusal.reason(), either(refusal.chinese(), refusal.to_string()))
}
