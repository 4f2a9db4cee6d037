//! Reads the families of a document; everything wrong is reported at its place.

mod kinds;
mod treatment;

use yizhan_documents::{At, Kind, Map, value};
use yizhan_terms::Area;

pub use kinds::kinds;
pub use treatment::treatments;

pub fn provinces(map: &Map, key: &str) -> Option<Vec<Area>> {
    map.required(key, |at| at.set_of(province))
}

fn province(at: At) -> Option<Area> {
    let admdvs = value::digits(&at, 6, "a province (admdvs)")?;
    let province = Area::parse(&admdvs).filter(|area| area.is_province());
    province.or_else(|| {
        at.problem(Kind::InvalidValue, format!("`{admdvs}` is not a province: write it as 460000"))
    })
}

pub fn number(lowest: i64, highest: i64) -> impl Fn(&Map, &str) -> Option<u32> {
    move |map, key| map.required(key, |at| value::whole(at, lowest, highest))?.try_into().ok()
}

pub fn whether(map: &Map, key: &str) -> Option<bool> {
    map.required(key, |at| at.boolean())
}
