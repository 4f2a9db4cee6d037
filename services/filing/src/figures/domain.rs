//! What is counted: filings by kind, and visits away from home.

use chrono::NaiveDate;
use yizhan_terms::Area;

/// What is counted of filings of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of KindFigures")]
pub enum OfKind {
    Submitted,
    Completed,
    SelfService,
    Provisional,
    Rejected,
    Lapsed,
    InTime,
    Late,
    SecondsToDecide,
}

/// How many of them.
pub const OF_KIND: usize = 9;

/// What is counted of visits away from home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of RemoteFigures")]
pub enum OfVisits {
    StaysDirect,
    StaysManual,
    VisitsDirect,
    VisitsManual,
    DirectMedfeeFen,
    ManualMedfeeFen,
}

/// How many of them.
pub const OF_VISITS: usize = 6;

/// A month as it is counted under: `2025-06`.
pub fn month_of(day: NaiveDate) -> String {
    day.format("%Y-%m").to_string()
}

/// What a visit adds: `number` is -1 for one that is taken back.
pub fn of_visit(direct: bool, stay: bool, number: i64, medfee_fen: i64) -> [i64; OF_VISITS] {
    let mut sums = [0; OF_VISITS];
    let (count, fee) = match (direct, stay) {
        (true, true) => (OfVisits::StaysDirect, OfVisits::DirectMedfeeFen),
        (true, false) => (OfVisits::VisitsDirect, OfVisits::DirectMedfeeFen),
        (false, true) => (OfVisits::StaysManual, OfVisits::ManualMedfeeFen),
        (false, false) => (OfVisits::VisitsManual, OfVisits::ManualMedfeeFen),
    };
    sums[count as usize] = number;
    sums[fee as usize] = medfee_fen;
    sums
}

/// 省内.
pub const IN_PROVINCE: &str = "in";
/// 跨省.
pub const CROSS_PROVINCE: &str = "cross";

/// Whether care at a place is counted as inside the province, or across.
pub fn reach(poolarea_no: Area, place: Area) -> &'static str {
    if poolarea_no.same_province(place) { IN_PROVINCE } else { CROSS_PROVINCE }
}
