//! Documents as the contract tells them, the same in every service.

use yizhan_documents::Problem;
use yizhan_proto::rules::v1::{RulesDocument, RulesProblem};
use yizhan_runtime::clock::{day_text, timestamp};

use crate::queries::Summary;

impl From<Summary> for RulesDocument {
    /// Without its text.
    fn from(summary: Summary) -> RulesDocument {
        RulesDocument {
            rules_id: summary.id,
            version: summary.version,
            title: summary.title,
            areas: summary.areas.iter().map(ToString::to_string).collect(),
            digest: summary.digest,
            recorded_at: summary.recorded_at.map(timestamp),
            document: String::new(),
            insutype: summary.scheme.map(|scheme| scheme.code().to_owned()).unwrap_or_default(),
            begndate: day_text(summary.period.map(|period| period.from)),
            enddate: day_text(summary.period.and_then(|period| period.to)),
            composite: summary.composite.unwrap_or_default(),
        }
    }
}

/// What is wrong with a document.
pub fn problem(problem: &Problem) -> RulesProblem {
    RulesProblem {
        kind: problem.kind.code().to_owned(),
        // A document has at most 256 KiB.
        line: problem.line.try_into().unwrap_or(i32::MAX),
        column: problem.column.try_into().unwrap_or(i32::MAX),
        message: problem.message.clone(),
        text: problem.chinese(),
    }
}

#[cfg(test)]
mod tests {
    use yizhan_documents::Kind;

    use super::*;

    #[test]
    fn a_problem_is_told_in_both_languages() {
        let (file, path) = (String::new(), String::new());
        let message = "`id` is missing".to_owned();
        let told = problem(&Problem { file, line: 3, column: 5, path, kind: Kind::MissingKey, message });
        assert_eq!((told.message.as_str(), told.text.as_str()), ("`id` is missing", "缺少 `id`"));
        assert_eq!((told.kind.as_str(), told.line, told.column), ("MISSING_KEY", 3, 5));
    }
}
