//! `treatment`: what settlement applies.

use yizhan_documents::{At, Condition, Kind, Map, Reader, Row, Scope, SourceIndex, TREATMENT, Values};
use yizhan_terms::{Filing, Insutype};

use crate::rules::domain::{Asked, Direct, SchemeTable, Treatments};

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
    // Where it is missing or not declared, that was reported with the version.
    let source = map.get("source").and_then(|at| reader.sources().cite(&at)).unwrap_or_default();
    let tables = match map.one_of(&["rows", "by_insutype"])? {
        "rows" => map.required("rows", |at| {
            let rows = rows(reader, source, &at)?;
            Some(vec![SchemeTable { insutypes: Vec::new(), rows }])
        }),
        _ => by_insutype(reader, source, map),
    };
    Some(Treatments { titles: reader.sources().titles(), tables: tables? })
}

fn by_insutype(reader: &Reader, source: SourceIndex, map: &Map) -> Option<Vec<SchemeTable>> {
    let mut earlier: Vec<Insutype> = Vec::new();
    map.required("by_insutype", |at| {
        at.list_of(|at| {
            let map = at.map(&["insutype", "rows"])?;
            let insutypes = map.required("insutype", |at| at.set_of(|at| insutype(&at, &mut earlier)));
            let rows = map.required("rows", |at| rows(reader, source, &at));
            Some(SchemeTable { insutypes: insutypes?, rows: rows? })
        })
    })
}

fn insutype(at: &At, earlier: &mut Vec<Insutype>) -> Option<Insutype> {
    let insutype = at.code(&Insutype::SETTLED, Insutype::code)?;
    if earlier.contains(&insutype) {
        return at.problem(Kind::DuplicateValue, "this scheme has a table already");
    }
    earlier.push(insutype);
    Some(insutype)
}

fn rows(reader: &Reader, source: SourceIndex, at: &At) -> Option<Vec<Row<Asked, Direct>>> {
    let scope = Scope {
        sources: reader.sources(),
        names: &(),
        source: None,
        period: None,
        when: Vec::new(),
        asked: Asked::KEYS,
    };
    let rows = Row::read_all(at, Some(source), &scope, &DIRECT)?;
    for (row, item) in rows.iter().zip(&at.list()?) {
        let at_home = |asked: &Asked| matches!(asked, Asked::Filing(any) if any.contains(&Filing::Local));
        if row.when.iter().any(at_home) {
            return item.problem(Kind::UnreachableRow, "care at home (`local`) is not asked about here");
        }
    }
    Some(rows)
}
