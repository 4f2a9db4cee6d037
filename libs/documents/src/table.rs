//! Dated decision tables: versions, rows, the checks on them, and which row decides.

use crate::MAX_ROWS;
use crate::condition::{Condition, Facts, Scope, when};
use crate::node::{At, Map};
use crate::period::Period;
use crate::problem::Kind;
use crate::region::Region;
use crate::source::SourceIndex;
use crate::value::{period, whole};

/// Highest and lowest rank a row may have.
const MAX_RANK: i64 = 1000;

/// A dated decision table, with conditions `C` that give values `T`.
#[derive(Clone, Debug, PartialEq)]
pub struct Table<C, T> {
    /// Where it stands in the document, e.g. `layers.basic.deductible.amount`.
    pub path: String,
    /// Its versions, in order of date, without overlap.
    pub versions: Vec<TableVersion<C, T>>,
}

/// What a table says during a period.
#[derive(Clone, Debug, PartialEq)]
pub struct TableVersion<C, T> {
    /// When it holds.
    pub period: Period,
    /// Its rows; among those that match, the highest rank decides.
    pub rows: Vec<Row<C, T>>,
}

/// One row of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row<C, T> {
    /// All must hold.
    pub when: Vec<C>,
    /// Higher ranks win. `otherwise: true` is [`OTHERWISE`].
    pub rank: i32,
    /// The value.
    pub value: Known<T>,
    /// Where it was published.
    pub source: SourceIndex,
    /// Line in the document, for people.
    pub line: usize,
}

/// Rank of a row that decides only where no other row matches.
pub const OTHERWISE: i32 = i32::MIN;

/// A value, or the statement that the source does not give it: a case that needs it is
/// refused with that statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Known<T> {
    /// The value as published.
    Value(T),
    /// Not published; why.
    Unknown(String),
}

/// Two rows of equal rank match one case. The loader reports such rows, so this is a defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rows on lines {} and {} match this case with equal rank", lines.0, lines.1)]
pub struct Ambiguous {
    /// Lines of the two rows in the document.
    pub lines: (usize, usize),
}

/// The row that decides: among those that match, the one of highest rank; `None` where no row matches.
///
/// # Errors
/// When two rows of equal rank match, which the reader of the document reports.
pub fn decide<'r, C, T>(
    rows: &'r [Row<C, T>],
    facts: &impl Facts<C>,
) -> Result<Option<&'r Row<C, T>>, Ambiguous> {
    let mut best: Option<&Row<C, T>> = None;
    for row in rows.iter().filter(|row| facts.all_hold(&row.when)) {
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

/// How the value of a row is written.
pub struct Values<T> {
    /// Its keys.
    pub keys: &'static [&'static str],
    /// Reads it; called when at least one of the keys is there.
    pub read: fn(&Map) -> Option<T>,
}

/// The source that rows cite which name none; the outer `None` is a reported problem.
type TableSource = Option<Option<SourceIndex>>;

impl<C: Condition, T> Table<C, T> {
    /// Reads a table: `{ source, rows }`, or `{ source, ratio: 70% }` for a single row without conditions; or a list of such with dates. Where the
    /// source is said around the table, also `70%`, or the list of rows.
    pub fn read<'a>(at: At<'a>, scope: &Scope<'_, 'a, C>, values: &Values<T>) -> Option<Table<C, T>> {
        if let Some(source) = scope.source
            && (at.raw().is_some() || is_rows(&at))
        {
            let version = bare(&at, source, scope, values)?;
            return Some(Table { path: at.path, versions: vec![version] });
        }
        let versions = match at.is_list() {
            true => at.list_of(|version| {
                let read = table_version(&version, scope, values)?;
                Some((version, read))
            })?,
            false => vec![(at.clone(), table_version(&at, scope, values)?)],
        };
        check_dates(&at, &versions, scope.period);
        let versions = versions.into_iter().map(|(_, version)| version).collect();
        Some(Table { path: at.path, versions })
    }
}

/// Whether a list holds rows: versions say when they hold, or have rows.
fn is_rows(at: &At) -> bool {
    let says_when = |item: &At| ["from", "to", "rows"].iter().any(|key| item.find(key).is_some());
    at.is_list() && at.list().is_some_and(|items| !items.iter().any(says_when))
}

/// A value alone, or rows alone, which hold as long as what stands around them and cite what it cites.
fn bare<'a, C: Condition, T>(
    at: &At<'a>,
    source: SourceIndex,
    scope: &Scope<'_, 'a, C>,
    values: &Values<T>,
) -> Option<TableVersion<C, T>> {
    let period = Period { from: scope.first_day(), to: None };
    let rows = match at.raw() {
        Some(_) => vec![single_row(&Map::short(values.keys[0], at), Some(Some(source)), values)?],
        None => rows(at, Some(Some(source)), scope, values)?,
    };
    Some(TableVersion { period, rows })
}

fn table_version<'a, C: Condition, T>(
    at: &At<'a>,
    scope: &Scope<'_, 'a, C>,
    values: &Values<T>,
) -> Option<TableVersion<C, T>> {
    let single = [values.keys, &["unknown", "note"]].concat();
    let map = at.map(&[&["from", "to", "source", "rows"], single.as_slice()].concat())?;
    let period = period(&map, Some(scope.first_day()));
    let source = map.optional("source", |at| scope.sources.cite(&at)).map(|own| own.or(scope.source));
    let said = single.iter().find(|key| map.get(key).is_some());
    let rows = match (map.get("rows"), said) {
        (Some(_), Some(key)) => map.conflict("rows", key),
        (None, Some(_)) => single_row(&map, source, values).map(|row| vec![row]),
        _ => map.required("rows", |at| rows(&at, source, scope, values)),
    };
    source?;
    Some(TableVersion { period: period?, rows: rows? })
}

/// The row of a table that says one thing of everybody.
fn single_row<C: Condition, T>(map: &Map, source: TableSource, values: &Values<T>) -> Option<Row<C, T>> {
    let note = map.optional("note", |at| at.text());
    let value = value(map, values);
    note?;
    let Some(source) = source? else {
        return map.at.problem(Kind::MissingKey, "`source` is missing: where the value was published");
    };
    Some(Row { when: Vec::new(), rank: 0, value: value?, source, line: map.at.node.line })
}

impl<C: Condition, T> Row<C, T> {
    /// Reads a list of rows. `source` is what a row cites that names none of its own. Rows of equal rank that can match
    /// the same case, and rows that no case can match, are reported.
    pub fn read_all<'a>(
        at: &At<'a>,
        source: Option<SourceIndex>,
        scope: &Scope<'_, 'a, C>,
        values: &Values<T>,
    ) -> Option<Vec<Row<C, T>>> {
        rows(at, Some(source), scope, values)
    }
}

fn rows<'a, C: Condition, T>(
    at: &At<'a>,
    source: TableSource,
    scope: &Scope<'_, 'a, C>,
    values: &Values<T>,
) -> Option<Vec<Row<C, T>>> {
    let items = at.list()?;
    if items.len() > MAX_ROWS {
        return at.problem(Kind::TooLarge, format!("more than {MAX_ROWS} rows"));
    }
    let rows: Vec<_> = items.iter().map(|item| row(item, source, scope, values)).collect();
    let placed: Vec<_> = items.iter().zip(&rows).filter_map(|(at, row)| Some((at, row.as_ref()?))).collect();
    check_rows(&placed, &scope.when);
    rows.into_iter().collect()
}

fn row<'a, C: Condition, T>(
    at: &At<'a>,
    table_source: TableSource,
    scope: &Scope<'_, 'a, C>,
    values: &Values<T>,
) -> Option<Row<C, T>> {
    let keys = [&["when", "rank", "otherwise", "source", "note", "unknown"], values.keys].concat();
    let map = at.map(&keys)?;
    let when = map.optional("when", |at| when(&at, scope));
    let rank = rank(&map);
    let own_source = map.optional("source", |at| scope.sources.cite(&at));
    let note = map.optional("note", |at| at.text());
    let value = value(&map, values);
    note?;
    let Some(source) = own_source?.map_or(table_source?, Some) else {
        return at.problem(Kind::MissingKey, "`source` is missing: give it to the table or to the row");
    };
    Some(Row { when: when?.unwrap_or_default(), rank: rank?, value: value?, source, line: at.node.line })
}

fn rank(map: &Map) -> Option<i32> {
    let rank = map.optional("rank", |at| whole(at, -MAX_RANK, MAX_RANK));
    let otherwise = map.optional("otherwise", |at| at.boolean());
    let (rank, otherwise) = (rank?, otherwise?);
    if otherwise != Some(true) {
        return i32::try_from(rank.unwrap_or(0)).ok();
    }
    for key in ["rank", "when"] {
        if map.get(key).is_some() {
            return map.conflict("otherwise", key);
        }
    }
    Some(OTHERWISE)
}

fn value<T>(map: &Map, values: &Values<T>) -> Option<Known<T>> {
    let given = values.keys.iter().find(|key| map.get(key).is_some());
    match (map.get("unknown"), given) {
        (Some(_), Some(given)) => map.conflict(given, "unknown"),
        (Some(why), None) => why.text().map(|why| Known::Unknown(why.to_owned())),
        (None, Some(_)) => (values.read)(map).map(Known::Value),
        (None, None) => {
            let keys = values.keys.join("`, `");
            map.at.problem(Kind::MissingKey, format!("the row has no value: one of `{keys}`, `unknown`"))
        }
    }
}

/// Reports rows that no case can match, and rows of equal rank that one case can match both.
fn check_rows<C: Condition, T>(rows: &[(&At, &Row<C, T>)], reaching: &[C]) {
    let layer = Region::default().and(reaching);
    if !layer.is_possible() {
        return;
    }
    let regions: Vec<Region> = rows.iter().map(|(_, row)| layer.and(&row.when)).collect();
    for (index, (at, row)) in rows.iter().enumerate() {
        if !regions[index].is_possible() {
            let message =
                "no case can match this row: its conditions exclude each other or the layer's `when`";
            at.problem::<()>(Kind::UnreachableRow, message);
            continue;
        }
        let earlier = (0..index)
            .filter(|other| rows[*other].1.rank == row.rank)
            .find(|other| regions[*other].is_possible() && regions[*other].and(&row.when).is_possible());
        if let Some(other) = earlier {
            let line = rows[other].1.line;
            let rank = format!("write `rank: {}` to the one that is to decide", i64::from(row.rank) + 1);
            let hint = if row.rank == OTHERWISE { "one of them is enough" } else { rank.as_str() };
            let message = format!(
                "this row and the one on line {line} have equal rank and can match the same case: {hint}"
            );
            at.problem::<()>(Kind::OverlappingRows, message);
        }
    }
}

/// Reports days without a version, with two, and versions that never apply.
fn check_dates<C, T>(table: &At, versions: &[(At, TableVersion<C, T>)], needed: Option<Period>) {
    let Some(needed) = needed else { return };
    for (at, version) in versions {
        if !version.period.overlaps(&needed) {
            at.problem::<()>(Kind::OutsidePeriod, "this version lies outside the time its layer is in force");
        }
    }
    for pair in versions.windows(2) {
        let (before, (at, after)) = (pair[0].1.period, (&pair[1].0, pair[1].1.period));
        let next = before.to.and_then(|to| to.succ_opt());
        if next.is_none_or(|next| after.from < next) {
            let message = format!("begins on {}, before the version above it ends", after.from);
            at.problem::<()>(Kind::TableOverlap, message);
        } else if let Some(next) = next.filter(|next| *next < after.from) {
            let message = format!("nothing holds from {next} until this version begins on {}", after.from);
            at.problem::<()>(Kind::TableGap, message);
        }
    }
    let (Some((first_at, first)), Some((last_at, last))) = (versions.first(), versions.last()) else {
        return;
    };
    if first.period.from > needed.from {
        let message = format!("nothing holds from {} until {}", needed.from, first.period.from);
        first_at.problem::<()>(Kind::TableGap, message);
    }
    let ends_early = last.period.to.filter(|to| needed.to.is_none_or(|needed| *to < needed));
    if let Some(to) = ends_early {
        let at = if versions.len() > 1 { last_at } else { table };
        at.problem::<()>(Kind::TableGap, format!("nothing holds after {to}, while the layer is in force"));
    }
}
