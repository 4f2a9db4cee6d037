//! Areas: by example, and what holds of any.

use proptest::prelude::*;

use super::*;

fn area(code: &str) -> Area {
    Area::parse(code).unwrap()
}

#[test]
fn six_digits_and_nothing_else() {
    for right in ["100000", "430000", "430200", "430203", "430299", "439900", "429004"] {
        assert_eq!((area(right).as_str(), area(right).to_string().as_str()), (right, right));
        assert_eq!(serde_json::to_string(&area(right)).unwrap(), format!("\"{right}\""));
        assert_eq!(serde_json::from_str::<Area>(&format!("\"{right}\"")).unwrap(), area(right));
    }
    for wrong in ["", "43", "4302033", "43020x", "４３", "杭州", " 43020"] {
        assert_eq!((Area::parse(wrong), wrong.parse::<Area>()), (None, Err(NotAnArea)), "{wrong}");
        assert!(serde_json::from_str::<Area>(&format!("\"{wrong}\"")).is_err());
    }
}

#[test]
fn an_area_covers_what_lies_inside() {
    for (outer, inner, covers) in [
        ("100000", "430203", true),
        ("100000", "100000", true),
        ("430000", "430203", true),
        ("430000", "439900", true),
        ("430200", "430203", true),
        ("430200", "430299", true),
        ("430203", "430203", true),
        ("429000", "429004", true),
        ("430200", "430300", false),
        ("430200", "430000", false),
        ("430203", "430200", false),
        ("430299", "430203", false),
        ("430000", "100000", false),
        ("439900", "430100", false),
    ] {
        assert_eq!(area(outer).covers(area(inner)), covers, "{outer} covers {inner}");
    }
}

#[test]
fn home_of_a_pool() {
    for (pool, place, home) in [
        ("430200", "430203", true),
        ("430203", "430203", true),
        ("430299", "430203", true),
        ("430299", "430200", true),
        ("430299", "430299", true),
        ("460000", "460100", true),
        ("310000", "310115", true),
        ("439900", "439900", true),
        ("430203", "430204", false),
        ("430203", "430200", false),
        ("430299", "430103", false),
        ("460100", "460000", false),
        // 省本级: nothing tells which city is its home.
        ("439900", "430103", false),
        ("439900", "430000", false),
        ("439999", "439900", false),
    ] {
        assert_eq!(area(pool).is_at_home(area(place)), home, "{place} for who is insured in {pool}");
    }
}

#[test]
fn around_an_area() {
    for (of, around) in [
        ("430203", "430203 430200 430000 100000"),
        ("430299", "430299 430200 430000 100000"),
        ("430200", "430200 430000 100000"),
        ("439900", "439900 430000 100000"),
        ("429004", "429004 429000 420000 100000"),
        ("430000", "430000 100000"),
        ("100000", "100000"),
    ] {
        let found: Vec<String> = area(of).around().map(String::from).collect();
        assert_eq!(found.join(" "), around, "around {of}");
    }
}

#[test]
fn parts_of_an_area() {
    assert_eq!((area("430203").city(), area("430203").province()), (area("430200"), area("430000")));
    assert_eq!((Area::NATION.city(), Area::NATION.province()), (Area::NATION, Area::NATION));
    assert!(area("430203").same_province(area("439900")) && !area("430203").same_province(area("420203")));
    assert!(area("460000").is_province() && !Area::NATION.is_province() && !area("430200").is_province());
    assert!(area("429004").is_in_no_city() && !area("430203").is_in_no_city());
    assert_eq!(["100000", "430000", "430200", "430203"].map(|of| area(of).prefix().len()), [0, 2, 4, 6]);
    assert_eq!(area("430200").codes(), area("430200")..=area("430299"));
    assert_eq!(Area::NATION.codes(), area("000000")..=area("999999"));
}

/// Digits as they occur: levels and pools more often than any other number.
fn areas() -> impl Strategy<Value = Area> {
    let two = || prop_oneof![Just(0_u8), Just(1), Just(90), Just(99), 0..100_u8];
    let code = (prop_oneof![Just(10_u8), Just(43), 11..83_u8], two(), two());
    code.prop_map(|(a, b, c)| area(&format!("{a:02}{b:02}{c:02}")))
}

/// Two that often have something in common.
fn two_areas() -> impl Strategy<Value = (Area, Area)> {
    (areas(), areas(), 0..4_usize).prop_map(|(one, other, level)| {
        let kin = [other, one, one.city(), one.province()][level];
        (one, kin)
    })
}

proptest! {
    #[test]
    fn covering_is_a_partial_order((one, other) in two_areas(), third in areas()) {
        prop_assert!(one.covers(one));
        prop_assert!(one == other || !(one.covers(other) && other.covers(one)));
        prop_assert!(!(one.covers(other) && other.covers(third)) || one.covers(third));
    }

    #[test]
    fn around_are_exactly_those_that_cover((one, other) in two_areas()) {
        prop_assert_eq!(other.covers(one), one.around().any(|around| around == other));
        prop_assert!(one.around().collect::<Vec<_>>().windows(2).all(|two| two[1].covers(two[0])));
        prop_assert_eq!((one.around().next(), one.around().last()), (Some(one), Some(Area::NATION)));
    }

    #[test]
    fn the_codes_of_an_area_are_those_it_covers((one, other) in two_areas()) {
        prop_assert_eq!(one.covers(other), one.codes().contains(&other));
        prop_assert_eq!(one.covers(other), other.as_str().starts_with(one.prefix()));
    }

    #[test]
    fn who_covers_a_place_is_at_home_there((one, other) in two_areas()) {
        prop_assert!(!one.covers(other) || one.is_at_home(other));
        prop_assert!(!one.is_at_home(other) || one.city().covers(other), "nobody is at home beyond the city");
    }

    #[test]
    fn any_text_that_is_read_is_written_alike(text in "[0-9]{0,7}|\\PC{0,7}") {
        prop_assert!(Area::parse(&text).is_none_or(|area| area.as_str() == text));
        prop_assert_eq!(Area::parse(&text).is_some(), text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit()));
    }
}
