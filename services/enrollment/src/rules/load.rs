//! Reads the values of a version; what is wrong is reported where it stands.

use rust_decimal::prelude::ToPrimitive;
use yizhan_documents::{At, Kind, Map, Reader, value};

use super::families::{Begun, DayOfYear, Enrolment, FirstDay, LateNewborn, Unconfirmed};

pub fn enrolment(reader: &Reader, map: &Map) -> Option<Enrolment> {
    let rule = Enrolment::read(reader, map)?;
    // Any two years do: no day of the year is 29 February.
    if rule.closes.of(2025) < rule.opens.of(2025) {
        let at = map.get("closes").unwrap_or_else(|| map.at.clone());
        return at.problem(Kind::DatesReversed, "closes before it opens");
    }
    Some(rule)
}

pub fn day_of_year(map: &Map, key: &str) -> Option<DayOfYear> {
    const YEARS: [&str; 2] = ["year_before", "coverage_year"];
    map.required(key, |at| {
        let map = at.map(&YEARS)?;
        let year = map.one_of(&YEARS)?;
        let (month, day) = map.required(year, value::month_and_day)?;
        Some(DayOfYear { year_before: year == YEARS[0], month, day })
    })
}

pub fn first_day(map: &Map, key: &str) -> Option<FirstDay> {
    map.required(key, |at| at.code(&FirstDay::ALL, FirstDay::code))
}

pub fn month_day(map: &Map, key: &str) -> Option<(u32, u32)> {
    map.required(key, value::month_and_day)
}

pub fn begun(map: &Map, key: &str) -> Option<Begun> {
    map.required(key, |at| at.code(&Begun::ALL, Begun::code))
}

/// What becomes of it.
pub fn unconfirmed(map: &Map, key: &str) -> Option<Unconfirmed> {
    map.required(key, |at| at.code(&Unconfirmed::ALL, Unconfirmed::code))
}

/// Both of its values or none of them.
pub fn late(map: &Map, key: &str) -> Option<Option<LateNewborn>> {
    map.optional(key, |at| {
        let map = at.map(&["within_days", "entitled"])?;
        let (within_days, entitled) = (number(0, 1096)(&map, "within_days"), first_day(&map, "entitled"));
        Some(LateNewborn { within_days: within_days?, entitled: entitled? })
    })
}

pub fn names(map: &Map, key: &str) -> Option<Vec<String>> {
    map.required(key, |at| at.set_of(|at| at.text().map(str::to_owned)))
}

pub fn number(lowest: i64, highest: i64) -> impl Fn(&Map, &str) -> Option<u32> {
    move |map, key| map.required(key, |at| value::whole(at, lowest, highest))?.try_into().ok()
}

pub fn year(map: &Map, key: &str) -> Option<i32> {
    number(1950, 2999)(map, key)?.try_into().ok()
}

pub fn optional_year(map: &Map, key: &str) -> Option<Option<i32>> {
    if map.get(key).is_some() { year(map, key).map(Some) } else { Some(None) }
}

pub fn whether(map: &Map, key: &str) -> Option<bool> {
    map.required(key, |at| at.boolean())
}

pub fn fen(map: &Map, key: &str) -> Option<i64> {
    map.required(key, amount)
}

/// An amount in whole fen.
pub fn amount(at: At) -> Option<i64> {
    value::amount(at)?.to_i64()
}

pub fn permille(map: &Map, key: &str) -> Option<u32> {
    map.required(key, |at| {
        let thousandths = value::ratio(at.clone())? * rust_decimal::Decimal::ONE_THOUSAND;
        if !thousandths.fract().is_zero() {
            return at.problem(Kind::InvalidValue, "at most one digit behind the point of a percentage");
        }
        thousandths.to_u32()
    })
}

#[cfg(test)]
mod tests {
    use yizhan_documents::load;

    use super::super::{Entitlement, embedded_texts};

    #[test]
    fn the_embedded_documents_are_right() {
        let names: Vec<_> = embedded_texts().iter().map(|(name, _)| *name).collect();
        assert_eq!(
            names,
            [
                "100000-calendar.yaml",
                "100000-departments.yaml",
                "100000-national.yaml",
                "100000-nationwide-2026.yaml",
                "360000-jiangxi.yaml",
                "411000-xuchang.yaml"
            ]
        );
        for (name, text) in embedded_texts() {
            let document = load::<Entitlement>(name, text).unwrap_or_else(|problems| panic!("{problems}"));
            assert!(name.starts_with(document.area.as_str()), "{name}");
        }
    }

    #[test]
    fn all_problems_are_told_at_once_with_their_place() {
        let text = "rules: x\nversion: \"1\"\ntitle: 试\narea: \"36\"\nsources:\n  s: { title: t, quality: G }\n  u: { title: t, quality: Z }\n\
            newborn:\n  - { from: 2025-01-01, to: 2025-05-31, source: s, within_days: 400 }\n  - { from: 2025-06-01, source: nobody, within_days: 90 }\n\
            continuity:\n  - { from: 2025-01-01, source: s, gap_months: 3, continuous_years: 2, waiting_months: 7 }\n\
            resident_enrolment:\n  - { from: 2025-13-01, source: s, opens: { coverage_year: 09-01 }, closes: { year_before: 12-31 }, paid_in_the_year: never }\n\
            rewards: 1\n";
        let problems = load::<Entitlement>("x.yaml", text).unwrap_err();
        let told: Vec<_> = problems.0.iter().map(|problem| (problem.line, problem.kind.code())).collect();
        assert_eq!(
            told,
            [
                (4, "INVALID_VALUE"),
                (7, "UNUSED_SOURCE"),
                (7, "UNKNOWN_CODE"),
                (9, "INVALID_VALUE"),
                (10, "UNKNOWN_SOURCE"),
                (12, "INVALID_VALUE"),
                (14, "INVALID_VALUE"),
                (14, "UNKNOWN_CODE"),
                (15, "UNKNOWN_KEY"),
            ]
        );
    }
}
