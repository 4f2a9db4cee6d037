//! Dated decision tables: versions, rows, and the checks on them.

use super::MAX_ROWS;
use super::condition::when;
use super::names::Names;
use super::node::{At, Map};
use super::problem::Kind;
use super::region::Region;
use super::value::{period, whole};
use super::yaml::Data;
use crate::model::{Condition, Known, LayerIndex, OTHERWISE, Period, Row, SourceIndex, Table, TableVersion};

/// Highest and lowest rank a row may have.
const MAX_RANK: i64 = 1000;

/// What surrounds a table: names it may use, the days it must cover, the cases that reach it.
pub(super) struct Scope<'n, 'a> {
    pub names: &'n Names<'a>,
    /// `None` when it could not be read: then coverage is not checked.
    pub period: Option<Period>,
    /// Conditions of the layer.
    pub when: Vec<Condition>,
    /// Number of the layer; only earlier layers can be named.
    pub layer: LayerIndex,
    /// What rows may ask.
    pub conditions: &'n [&'n str],
}

/// How the value of a row is written.
pub struct Values<T> {
    /// Its keys.
    pub keys: &'static [&'static str],
    /// Reads it; called when at least one of the keys is there.
    pub read: fn(&Map) -> Option<T>,
}

/// Reads a table: `{ source, rows }`, or a list of such with dates.
pub(super) fn table<'a, T>(at: At<'a>, scope: &Scope<'_, 'a>, values: &Values<T>) -> Option<Table<T>> {
    let versions = match at.node.data {
        Data::List(_) => at.list_of(|version| {
            let read = table_version(&version, scope, values)?;
            Some((version, read))
        })?,
        _ => vec![(at.clone(), table_version(&at, scope, values)?)],
    };
    check_dates(&at, &versions, scope);
    let versions = versions.into_iter().map(|(_, version)| version).collect();
    Some(Table { path: at.path, versions })
}

/// The source of a table, if it names one; the outer `None` is a reported problem.
pub(super) type TableSource = Option<Option<SourceIndex>>;

fn table_version<'a, T>(at: &At<'a>, scope: &Scope<'_, 'a>, values: &Values<T>) -> Option<TableVersion<T>> {
    let map = at.map(&["from", "to", "source", "rows"])?;
    let first_day = scope.period.map_or(chrono::NaiveDate::MIN, |period| period.from);
    let period = period(&map, Some(first_day));
    let source = map.optional("source", |at| scope.names.source(at));
    let rows = map.required("rows", |at| rows(&at, source, scope, values));
    source?;
    Some(TableVersion { period: period?, rows: rows? })
}

pub(super) fn rows<'a, T>(
    at: &At<'a>,
    source: TableSource,
    scope: &Scope<'_, 'a>,
    values: &Values<T>,
) -> Option<Vec<Row<T>>> {
    let items = at.list()?;
    if items.len() > MAX_ROWS {
        return at.problem(Kind::TooLarge, format!("more than {MAX_ROWS} rows"));
    }
    let rows: Vec<_> = items.iter().map(|item| row(item, source, scope, values)).collect();
    let placed: Vec<_> = items.iter().zip(&rows).filter_map(|(at, row)| Some((at, row.as_ref()?))).collect();
    check_rows(&placed, scope);
    rows.into_iter().collect()
}

fn row<'a, T>(
    at: &At<'a>,
    table_source: TableSource,
    scope: &Scope<'_, 'a>,
    values: &Values<T>,
) -> Option<Row<T>> {
    let keys = [&["when", "rank", "otherwise", "source", "note", "unknown"], values.keys].concat();
    let map = at.map(&keys)?;
    let when = map.optional("when", |at| when(at, scope));
    let rank = rank(&map);
    let own_source = map.optional("source", |at| scope.names.source(at));
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
fn check_rows<T>(rows: &[(&At, &Row<T>)], scope: &Scope) {
    let everyone = Region::default();
    let layer = everyone.and(&scope.when);
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
            let message =
                format!("this row and the one on line {line} have equal rank and can match the same case");
            at.problem::<()>(Kind::OverlappingRows, message);
        }
    }
}

/// Reports days without a version, with two, and versions that never apply.
fn check_dates<T>(table: &At, versions: &[(At, TableVersion<T>)], scope: &Scope) {
    let Some(needed) = scope.period else { return };
    for (at, version) in versions {
        if !overlap(version.period, needed) {
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

/// Whether two periods have a day in common.
pub(super) fn overlap(a: Period, b: Period) -> bool {
    a.to.is_none_or(|to| b.from <= to) && b.to.is_none_or(|to| a.from <= to)
}
