//! Which row of a dated table decides.

use rust_decimal::Decimal;

use super::facts::{self, Facts};
use super::refusal::Refusal;
use crate::case::{Person, Visit};
use crate::model::{Condition, Known, Policy, Row, Table};
use crate::outcome::{Basis, Cited, Step};

/// A value with the row that gave it.
pub(super) struct Decided<'a, T> {
    pub value: &'a T,
    pub cited: Cited<'a>,
}

/// The row that decides, or `None` where none matches and that means "nothing changes".
pub(super) fn look_up<'a, T>(
    table: &'a Table<T>,
    facts: &Facts<'a>,
    class: Option<&str>,
) -> Result<Option<Decided<'a, T>>, Refusal> {
    let Some(version) = table.versions.iter().find(|version| version.period.contains(facts.day)) else {
        return Ok(None);
    };
    let row = highest(&version.rows, |when| facts.all_hold(when, class))
        .map_err(|_| Refusal::Ambiguous { table: table.path.clone() })?;
    row.map(|row| decided(table, row, facts.policy)).transpose()
}

/// Two rows of equal rank match one case. The loader reports such rows, so this is a defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rows on lines {} and {} match this case with equal rank", lines.0, lines.1)]
pub struct Ambiguous {
    /// Lines of the two rows in the document.
    pub lines: (usize, usize),
}

/// Among the rows that match, the one of highest rank.
fn highest<T>(rows: &[Row<T>], holds: impl Fn(&[Condition]) -> bool) -> Result<Option<&Row<T>>, Ambiguous> {
    let mut best: Option<&Row<T>> = None;
    for row in rows.iter().filter(|row| holds(&row.when)) {
        match best {
            Some(found) if found.rank == row.rank => {
                return Err(Ambiguous { lines: (found.line, row.line) });
            }
            Some(found) if found.rank > row.rank => {}
            _ => best = Some(row),
        }
    }
    Ok(best)
}

/// The row that decides for a visit of a person, in a decision table of another document than a
/// policy ([`crate::load::form::DecisionRows`]); `None` where no row matches.
///
/// # Errors
/// When two rows of equal rank match, which the reader of the document reports.
pub fn decide<'r, T>(
    rows: &'r [Row<T>],
    person: &Person,
    visit: &Visit,
) -> Result<Option<&'r Row<T>>, Ambiguous> {
    // Neither a line nor earlier visits are asked about outside policies.
    highest(rows, |when| when.iter().all(|condition| facts::holds(condition, person, visit, None, |_| 1)))
}

/// What a table that need not say anything changes.
pub(super) fn step<'a>(
    kind: &'static str,
    table: &'a Table<Decimal>,
    facts: &Facts<'a>,
) -> Result<Option<Step<'a>>, Refusal> {
    let found = look_up(table, facts, None)?;
    Ok(found.map(|found| Step { kind, value: *found.value, cited: Basis::Row(found.cited) }))
}

/// The row that decides; a case that none matches is refused.
pub(super) fn require<'a, T>(table: &'a Table<T>, facts: &Facts<'a>) -> Result<Decided<'a, T>, Refusal> {
    look_up(table, facts, None)?.ok_or_else(|| Refusal::NoRule { table: table.path.clone(), day: facts.day })
}

fn decided<'a, T>(
    table: &'a Table<T>,
    row: &'a Row<T>,
    policy: &'a Policy,
) -> Result<Decided<'a, T>, Refusal> {
    let source = &policy.sources[row.source];
    match &row.value {
        Known::Value(value) => Ok(Decided {
            value,
            cited: Cited { table: &table.path, line: row.line, source: &source.id, quality: source.quality },
        }),
        Known::Unknown(reason) => {
            Err(Refusal::UnknownValue { table: table.path.clone(), line: row.line, reason: reason.clone() })
        }
    }
}
