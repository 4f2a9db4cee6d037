//! `treatment`: what settlement applies.

use yizhan_policy::load::form::{At, DecisionRows, Kind, Map, TREATMENT, Values};
use yizhan_policy::model::{Condition, Row};
use yizhan_rules::Reader;
use yizhan_terms::{Filing, Insutype};

use crate::rules::domain::{Direct, SchemeTable, Treatments};

/// What is known of a visit when filing is asked about it.
const CONDITIONS: [&str; 5] = ["filing", "in_province", "care", "level", "contracted"];

const DIRECT: Values<Direct> =
    Values { keys: &["same", "points", "factor", "prepay", "manual"], read: direct };

fn direct(map: &Map) -> Option<Direct> {
    if map.one_of(DIRECT.keys)? != "manual" {
        return (TREATMENT.read)(map).map(Direct::Treatment);
    }
    map.required("manual", |at| match at.boolean()? {
        true => Some(Direct::Manual),
        false => at.problem(Kind::InvalidValue, "`manual: false` says nothing: write what is applied"),
    })
}

pub fn treatments(reader: &Reader, map: &Map) -> Option<Treatments> {
    let sources: Vec<_> =
        reader.sources().iter().map(|source| (source.key.clone(), source.title.clone())).collect();
    let titles = sources.iter().map(|(_, title)| title.clone()).collect();
    let own = map.get("source").and_then(|at| at.text().map(str::to_owned));
    // One that is not declared was reported with the version.
    let own = own.map(|own| sources.iter().position(|(key, _)| *key == own).unwrap_or_default());
    let table = DecisionRows { conditions: &CONDITIONS, sources: &sources, source: own, values: &DIRECT };
    let tables = match map.one_of(&["rows", "by_insutype"])? {
        "rows" => map.required("rows", |at| {
            let rows = rows(reader, &table, &at)?;
            Some(vec![SchemeTable { insutypes: Vec::new(), rows }])
        }),
        _ => by_insutype(reader, &table, map),
    };
    Some(Treatments { titles, tables: tables? })
}

fn by_insutype(reader: &Reader, table: &DecisionRows<Direct>, map: &Map) -> Option<Vec<SchemeTable>> {
    let mut earlier: Vec<Insutype> = Vec::new();
    map.required("by_insutype", |at| {
        at.list_of(|at| {
            let map = at.map(&["insutype", "rows"])?;
            let insutypes = map.required("insutype", |at| at.set_of(|at| insutype(&at, &mut earlier)));
            let rows = map.required("rows", |at| rows(reader, table, &at));
            Some(SchemeTable { insutypes: insutypes?, rows: rows? })
        })
    })
}

fn insutype(at: &At, earlier: &mut Vec<Insutype>) -> Option<Insutype> {
    let insutype = at.code(Insutype::ALL, Insutype::code)?;
    if earlier.contains(&insutype) {
        return at.problem(Kind::DuplicateValue, "this scheme has a table already");
    }
    earlier.push(insutype);
    Some(insutype)
}

fn rows(reader: &Reader, table: &DecisionRows<Direct>, at: &At) -> Option<Vec<Row<Direct>>> {
    let rows = table.read(at);
    let items = at.list()?;
    items.iter().for_each(|row| cite(reader, row));
    let rows = rows?;
    for (row, item) in rows.iter().zip(&items) {
        let at_home = |condition: &Condition| matches!(condition, Condition::Filing(any) if any.contains(&Filing::Local));
        if row.when.iter().any(at_home) {
            return item.problem(Kind::UnreachableRow, "care at home (`local`) is not asked about here");
        }
    }
    Some(rows)
}

/// A source that only rows name is used too; one that is not declared was reported by the table.
fn cite(reader: &Reader, row: &At) {
    let entries = row.entries().unwrap_or_default();
    let source =
        entries.iter().find(|(key, _)| key.scalar("a key") == Some("source")).map(|(_, value)| value);
    let declared = |at: &&At| {
        let key = at.text();
        reader.sources().iter().any(|source| Some(source.key.as_str()) == key)
    };
    if let Some(source) = source.filter(declared) {
        reader.citation(source);
    }
}
