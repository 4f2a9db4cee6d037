//! 就医地: what a filing's place covers.

use yizhan_terms::Area;

/// The place as it is filed: the 直辖市 or province where those are filed as a whole, else the city of the district or county; a county that
/// belongs to no city (省直辖, xx90xx) is its own. `None` for what is no place: not an admdvs, the nation, or a province where cities are filed.
pub fn filed_place(admdvs: &str, whole_provinces: &[String]) -> Option<String> {
    let area = Area::parse(admdvs).filter(|area| *area != Area::NATION)?;
    let (city, province) = (area.city(), area.province());
    let place = if whole_provinces.iter().any(|whole| whole == province.as_str()) {
        Some(province)
    } else if area.is_in_no_city() {
        (area != city).then_some(area)
    } else {
        (city != province).then_some(city)
    };
    place.map(String::from)
}

/// Both as areas, if they are.
fn areas(one: &str, other: &str) -> Option<(Area, Area)> {
    Area::parse(one).zip(Area::parse(other))
}

/// Whether care in `place` is care at home for somebody the pooling area pays for.
pub fn is_at_home(poolarea_no: &str, place: &str) -> bool {
    areas(poolarea_no, place).is_some_and(|(home, place)| home.is_at_home(place))
}

/// Whether care in `admdvs` lies at the place of a filing.
pub fn covers(place: &str, admdvs: &str) -> bool {
    areas(place, admdvs).is_some_and(|(place, area)| place.covers(area))
}

/// Whether two places have ground in common.
pub fn overlap(one: &str, other: &str) -> bool {
    areas(one, other).is_some_and(|(one, other)| one.overlaps(other))
}

/// Whether an area lies in the province of another.
pub fn same_province(one: &str, other: &str) -> bool {
    areas(one, other).is_some_and(|(one, other)| one.same_province(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn districts_are_filed_as_their_city_and_whole_provinces_as_themselves() {
        let whole = ["460000", "540000", "310000"].map(str::to_owned);
        let filed = |admdvs: &str| filed_place(admdvs, &whole);
        assert_eq!(filed("330106").as_deref(), Some("330100"));
        assert_eq!(filed("330100").as_deref(), Some("330100"));
        assert_eq!(filed("310115").as_deref(), Some("310000"));
        assert_eq!(filed("460105").as_deref(), Some("460000"));
        assert_eq!(filed("540000").as_deref(), Some("540000"));
        assert_eq!(filed("429004").as_deref(), Some("429004"), "仙桃 belongs to no city");
        for wrong in ["330000", "100000", "429000", "33", "", "杭州市杭州市"] {
            assert_eq!(filed(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_city_covers_its_districts_and_nothing_else() {
        assert!(covers("330100", "330106") && covers("310000", "310115"));
        assert!(!covers("330100", "330206") && !covers("330100", "330000"));
        assert!(overlap("310000", "310115") && overlap("310115", "310000") && !overlap("330100", "330200"));
    }
}
