//! A service with two families of rules, one of which has rows with sources of their own.

use yizhan_documents::{Map, value};
use yizhan_documents::{Reader, families};

#[derive(Clone, Debug, PartialEq)]
pub struct Newborn {
    pub within_days: i64,
}

fn newborn(_: &Reader, map: &Map) -> Option<Newborn> {
    Some(Newborn { within_days: map.required("within_days", |at| value::whole(at, 0, 366))? })
}

/// Rows of citation and number.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub rows: Vec<(String, i64)>,
}

fn table(reader: &Reader, map: &Map) -> Option<Table> {
    let row = |at: yizhan_documents::At| {
        let map = at.map(&["source", "number"])?;
        let citation = map.required("source", |at| reader.citation(&at));
        let number = map.required("number", |at| value::whole(at, 0, 9));
        Some((citation?, number?))
    };
    Some(Table { rows: map.required("rows", |at| at.list_of(row))? })
}

families! {
    /// What documents of the tests hold.
    pub struct Test, called "试验规则", embedded &[("100000-nation.yaml", NATION), ("430000-hunan.yaml", HUNAN)] => {
        newborn: Newborn = "newborn", read newborn, keys ["within_days"];
        table: Table = "table", read table, keys ["rows"];
    }
}

pub const NATION: &str = "
rules: nation
version: '1'
title: 全国
area: '100000'
sources: { a: { title: 甲, quality: G }, b: { title: 乙, quality: G, url: 'https://example.org' } }
newborn:
  - { from: 2024-01-01, to: 2024-12-31, source: a, within_days: 30 }
  - { from: 2025-01-01, source: a, within_days: 90 }
table:
  - from: 2025-01-01
    source: a
    rows: [{ source: b, number: 1 }]
";

const HUNAN: &str = "
rules: hunan
version: '1'
title: 湖南
area: '430000'
sources: { h: { title: 湘, quality: G } }
newborn: [{ from: 2026-01-01, to: 2026-06-30, source: h, within_days: 120 }]
";

/// A document of an area with one rule from 2026 on.
pub fn document(id: &str, version: &str, area: &str, within_days: i64) -> String {
    format!(
        "rules: {id}\nversion: '{version}'\ntitle: {id}\narea: '{area}'\nsources: {{ s: {{ title: {id} 文, quality: G }} }}\n\
         newborn: [{{ from: 2026-01-01, source: s, within_days: {within_days} }}]\n"
    )
}
