//! What a policy says of visits before anything is calculated.

use chrono::NaiveDate;
use yizhan_documents::{self as documents, Known, decide};
use yizhan_terms::{Care, Tier};

use super::refusal::Refusal;
use crate::model::{Condition, Policy, VisitRules};

/// What rows may ask of a visit.
struct Facts {
    care: Care,
    level: Tier,
}

impl documents::Facts<Condition> for Facts {
    fn holds(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Care(any) => any.contains(&self.care),
            Condition::Level(any) => any.contains(&self.level),
            // The loader lets rows ask for nothing else.
            _ => false,
        }
    }
}

/// How long such a visit may be and whose facts count in it, as of a day: the policy's, else [`VisitRules::default`].
///
/// # Errors
/// Where the row that decides says that it is not published.
pub fn visit_rules(policy: &Policy, care: Care, level: Tier, day: NaiveDate) -> Result<VisitRules, Refusal> {
    let Some(table) = &policy.visits else { return Ok(VisitRules::default()) };
    let version = table.versions.iter().find(|version| version.period.contains(day));
    let rows = version.map(|version| version.rows.as_slice()).unwrap_or_default();
    let row = decide(rows, &Facts { care, level });
    match row.map_err(|_| Refusal::Ambiguous { table: table.path.clone() })? {
        None => Ok(VisitRules::default()),
        Some(row) => match &row.value {
            Known::Value(rules) => Ok(*rules),
            Known::Unknown(reason) => Err(Refusal::UnknownValue {
                table: table.path.clone(),
                line: row.line,
                reason: reason.clone(),
            }),
        },
    }
}
