//! Which row of a dated table decides.

use super::facts::Facts;
use super::refusal::Refusal;
use crate::model::{Known, Policy, Row, Table};
use crate::outcome::Cited;

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
    let mut best: Option<&Row<T>> = None;
    for row in version.rows.iter().filter(|row| facts.all_hold(&row.when, class)) {
        match best {
            Some(found) if found.rank == row.rank => {
                return Err(Refusal::Ambiguous { table: table.path.clone() });
            }
            Some(found) if found.rank > row.rank => {}
            _ => best = Some(row),
        }
    }
    best.map(|row| decided(table, row, facts.policy)).transpose()
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
