//! Whose own share is watched, and what assistance people may be entitled to.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};
use yizhan_documents::{At, Kind, Map, Reader, rule, value};
use yizhan_money::Fen;

yizhan_workflow::named! {
    /// What the own share is added up over.
    #[derive(Serialize, Deserialize)]
    Span {
        Quarter = 1, "quarter", "季度";
        Year = 2, "year", "年度";
        RollingYear = 3, "rolling_year", "滚动十二个月";
    }
}

yizhan_workflow::named! {
    /// Which figure is compared with the line.
    Counts {
        All = 1, "all", "个人负担总金额";
        Copayment = 2, "copayment", "个人自付（不含自费）";
        InScope = 3, "in_scope", "政策范围内个人负担";
    }
}

yizhan_workflow::named! {
    /// How assistance is had.
    Way {
        Direct = 1, "direct", "直接享受";
        Application = 2, "application", "依申请";
        Referral = 3, "referral", "转介";
    }
}

rule! {
    /// 高额费用预警: lines of a person's own share.
    pub struct OwnShare {
        /// What it is added up over.
        span: Span = span;
        /// The month in which a year begins, 1 to 12; asked of `year` only.
        year_begins: u32 = month;
        /// Which figure.
        counts: Counts = counts;
        /// Lines, each above the one before; the own share is above a line from a fen more on.
        lines: Vec<Fen> = lines;
    }
}

/// Assistance that an area gives or knows of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assistances {
    /// In the order of the document.
    pub all: Vec<Assistance>,
}

/// One kind of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assistance {
    /// 依申请救助 …
    pub name: String,
    /// How it is had.
    pub way: Way,
    /// Who gives it.
    pub department: String,
    /// Only for who holds one of these identities; empty: for everybody.
    pub identities: Vec<String>,
    /// Not for who holds one of these.
    pub unless: Vec<String>,
    /// Only from an own share of so much on; none: from the line on.
    pub over: Fen,
    /// What the officer should know.
    pub note: String,
    /// The document it comes from; empty: that of the version.
    pub citation: String,
}

const ENTRY: [&str; 8] = ["name", "way", "department", "for", "unless", "over", "note", "source"];

impl Assistances {
    /// The keys of a version.
    pub const KEYS: [&'static str; 1] = ["entries"];

    /// Reads a version; `None` after something wrong was reported.
    pub fn read(reader: &Reader, map: &Map) -> Option<Assistances> {
        let all = map.required("entries", |at| {
            at.list_of(|entry| {
                let map = entry.map(&ENTRY)?;
                let name = map.required("name", text);
                let way = map.required("way", |at| at.code(Way::ALL, Way::name));
                let department = map.required("department", text);
                let identities = map.optional("for", |at| at.set_of(text));
                let unless = map.optional("unless", |at| at.set_of(text));
                let over = map.optional("over", fen);
                let note = map.optional("note", text);
                let citation = map.optional("source", |at| reader.citation(&at));
                Some(Assistance {
                    name: name?,
                    way: way?,
                    department: department?,
                    identities: identities?.unwrap_or_default(),
                    unless: unless?.unwrap_or_default(),
                    over: over?.unwrap_or(Fen::ZERO),
                    note: note?.unwrap_or_default(),
                    citation: citation?.unwrap_or_default(),
                })
            })
        });
        Some(Assistances { all: all? })
    }
}

impl Assistance {
    /// Whether somebody may be entitled to it who holds these and bears so much.
    pub fn is_for(&self, held: &[String], own_share: Fen) -> bool {
        let holds = |names: &[String]| names.iter().any(|name| held.contains(name));
        own_share >= self.over
            && !holds(&self.unless)
            && (self.identities.is_empty() || holds(&self.identities))
    }
}

fn text(at: At) -> Option<String> {
    at.text().map(str::to_owned)
}

fn fen(at: At) -> Option<Fen> {
    value::amount(at).and_then(|fen: Decimal| fen.to_i64()).map(Fen)
}

fn span(map: &Map, key: &str) -> Option<Span> {
    map.required(key, |at| at.code(Span::ALL, Span::name))
}

fn month(map: &Map, key: &str) -> Option<u32> {
    let read = map.optional(key, |at| value::whole(at, 1, 12))?.unwrap_or(1);
    read.try_into().ok()
}

/// 个人负担总金额 where the document does not say: so that nobody is overlooked.
fn counts(map: &Map, key: &str) -> Option<Counts> {
    Some(map.optional(key, |at| at.code(Counts::ALL, Counts::name))?.unwrap_or(Counts::All))
}

fn lines(map: &Map, key: &str) -> Option<Vec<Fen>> {
    map.required(key, |at| {
        let lines = at.list_of(fen)?;
        let rising = lines.iter().all(|line| line.0 > 0) && lines.is_sorted_by(|one, next| one < next);
        rising
            .then_some(lines)
            .or_else(|| at.problem(Kind::InvalidValue, "lines above zero, each above the one before"))
    })
}
