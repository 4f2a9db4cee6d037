//! Which row of a dated table decides.

use rust_decimal::Decimal;
use yizhan_documents::{self as documents, Known, decide};

use super::facts::Facts;
use super::refusal::Refusal;
use crate::model::{Condition, Policy, Row, Table};
use crate::outcome::{Basis, Cited, Step};

/// A value with the row that gave it.
pub(super) struct Decided<'a, T> {
    pub value: &'a T,
    /// Which row of its version of the table.
    pub row: usize,
    pub cited: Cited<'a>,
}

/// The row that decides, or `None` where none matches and that means "nothing changes".
fn look_up<'a, T>(table: &'a Table<T>, facts: &Facts<'a>) -> Result<Option<Decided<'a, T>>, Refusal> {
    look_up_with(table, facts, facts)
}

/// The same where a line answers, for whose visit the facts are.
pub(super) fn look_up_with<'a, T>(
    table: &'a Table<T>,
    facts: &Facts<'a>,
    answers: &impl documents::Facts<Condition>,
) -> Result<Option<Decided<'a, T>>, Refusal> {
    let Some(version) = table.versions.iter().find(|version| version.period.contains(facts.day)) else {
        return Ok(None);
    };
    let row = decide(&version.rows, answers).map_err(|_| Refusal::Ambiguous { table: table.path.clone() })?;
    let number =
        |row: &Row<T>| version.rows.iter().position(|one| std::ptr::eq(one, row)).unwrap_or_default();
    row.map(|row| decided(table, (number(row), row), facts.policy)).transpose()
}

/// Whether the row that decides says that nothing is published about care that is filed so.
pub(super) fn is_unknown_by_filing<T>(table: &Table<T>, facts: &Facts<'_>) -> bool {
    let version = table.versions.iter().find(|version| version.period.contains(facts.day));
    let row = version.and_then(|version| decide(&version.rows, facts).ok().flatten());
    let asks_filing = |row: &Row<T>| row.when.iter().any(|asked| matches!(asked, Condition::Filing(_)));
    row.is_some_and(|row| matches!(row.value, Known::Unknown(_)) && asks_filing(row))
}

/// What a table that need not say anything changes.
pub(super) fn step<'a>(
    kind: &'static str,
    table: &'a Table<Decimal>,
    facts: &Facts<'a>,
) -> Result<Option<Step<'a>>, Refusal> {
    let found = look_up(table, facts)?;
    Ok(found.map(|found| Step { kind, value: *found.value, cited: Basis::Row(found.cited) }))
}

/// The row that decides; a case that none matches is refused.
pub(super) fn require<'a, T>(table: &'a Table<T>, facts: &Facts<'a>) -> Result<Decided<'a, T>, Refusal> {
    look_up(table, facts)?.ok_or_else(|| Refusal::NoRule { table: table.path.clone(), day: facts.day })
}

fn decided<'a, T>(
    table: &'a Table<T>,
    (number, row): (usize, &'a Row<T>),
    policy: &'a Policy,
) -> Result<Decided<'a, T>, Refusal> {
    let source = &policy.sources[row.source];
    match &row.value {
        Known::Value(value) => Ok(Decided {
            value,
            row: number,
            cited: Cited { table: &table.path, line: row.line, source: &source.id, quality: source.quality },
        }),
        Known::Unknown(reason) => {
            Err(Refusal::UnknownValue { table: table.path.clone(), line: row.line, reason: reason.clone() })
        }
    }
}
