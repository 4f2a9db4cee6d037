//! Reads the families of a document; everything wrong is reported at its place.

mod calendar;
mod kinds;
mod treatment;

use yizhan_documents::Reader;
use yizhan_documents::{At, Kind, Map, value};

pub use calendar::calendar;
pub use kinds::kinds;
pub use treatment::treatments;

use super::{Admission, Emergency, Handling, InProvince, MadeGood, Places, Returning, SupplyDays};

pub const PLACES: [&str; 3] = ["whole_provinces", "long_term_at_once", "temporary_at_once"];
pub const HANDLING: [&str; 5] = ["working_days", "promised_days", "missing_days", "days_back", "days_ahead"];

pub fn places(_: &Reader, map: &Map) -> Option<Places> {
    let whole_provinces = map.required("whole_provinces", |at| at.set_of(province));
    let long_term_at_once = number(map, "long_term_at_once", 1, 20);
    let temporary_at_once = number(map, "temporary_at_once", 1, 20);
    Some(Places {
        whole_provinces: whole_provinces?,
        long_term_at_once: long_term_at_once?,
        temporary_at_once: temporary_at_once?,
    })
}

fn province(at: At) -> Option<String> {
    let admdvs = value::digits(&at, 6, "a province (admdvs)")?;
    if admdvs.ends_with("0000") && admdvs != "100000" {
        return Some(admdvs);
    }
    at.problem(Kind::InvalidValue, format!("`{admdvs}` is not a province: write it as 460000"))
}

pub fn handling(_: &Reader, map: &Map) -> Option<Handling> {
    let working_days = number(map, "working_days", 1, 60);
    let promised = number(map, "promised_days", 1, 366);
    let missing = number(map, "missing_days", 1, 366);
    let days_back = number(map, "days_back", 0, 366);
    let days_ahead = number(map, "days_ahead", 0, 366);
    Some(Handling {
        working_days: working_days?,
        supply_days: SupplyDays { promised: promised?, missing: missing? },
        days_back: days_back?,
        days_ahead: days_ahead?,
    })
}

pub fn admission(_: &Reader, map: &Map) -> Option<Admission> {
    Some(Admission { inside_suffices: boolean(map, "inside_suffices")? })
}

pub fn made_good(_: &Reader, map: &Map) -> Option<MadeGood> {
    Some(MadeGood { before_settlement: boolean(map, "before_settlement")? })
}

pub fn emergency(_: &Reader, map: &Map) -> Option<Emergency> {
    Some(Emergency { counts_as_filed: boolean(map, "counts_as_filed")? })
}

pub fn in_province(_: &Reader, map: &Map) -> Option<InProvince> {
    Some(InProvince { filing_needed: boolean(map, "filing_needed")? })
}

pub fn returning(_: &Reader, map: &Map) -> Option<Returning> {
    let direct = boolean(map, "direct");
    let papers_first = boolean(map, "papers_first");
    Some(Returning { direct: direct?, papers_first: papers_first? })
}

fn number(map: &Map, key: &str, lowest: i64, highest: i64) -> Option<u32> {
    map.required(key, |at| value::whole(at, lowest, highest)).and_then(|number| number.try_into().ok())
}

fn boolean(map: &Map, key: &str) -> Option<bool> {
    map.required(key, |at| at.boolean())
}
