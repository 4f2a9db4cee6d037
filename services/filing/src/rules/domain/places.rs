//! 就医地: what a filing's place covers.

use yizhan_terms::Area;

/// The place as it is filed: the 直辖市 or province where those are filed as a whole, else the city of the district or county; a county that
/// belongs to no city (省直辖, xx90xx) is its own. `None` for what is no place: the nation, or a province where cities are filed.
pub fn filed_place(area: Area, whole_provinces: &[Area]) -> Option<Area> {
    let (city, province) = (area.city(), area.province());
    if area == Area::NATION {
        None
    } else if whole_provinces.contains(&province) {
        Some(province)
    } else if area.is_in_no_city() {
        (area != city).then_some(area)
    } else {
        (city != province).then_some(city)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn districts_are_filed_as_their_city_and_whole_provinces_as_themselves() {
        let whole = ["460000", "540000", "310000"].map(|province| province.parse().unwrap());
        let filed = |admdvs: &str| filed_place(admdvs.parse().unwrap(), &whole).map(String::from);
        assert_eq!(filed("330106").as_deref(), Some("330100"));
        assert_eq!(filed("330100").as_deref(), Some("330100"));
        assert_eq!(filed("310115").as_deref(), Some("310000"));
        assert_eq!(filed("460105").as_deref(), Some("460000"));
        assert_eq!(filed("540000").as_deref(), Some("540000"));
        assert_eq!(filed("429004").as_deref(), Some("429004"), "仙桃 belongs to no city");
        for wrong in ["330000", "100000", "429000"] {
            assert_eq!(filed(wrong), None, "{wrong}");
        }
    }
}
