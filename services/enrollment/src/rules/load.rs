//! Reads one version of each family of rules; what is wrong is reported where it stands.

use rust_decimal::prelude::ToPrimitive;
use yizhan_documents::Reader;
use yizhan_documents::{At, Kind, Map, value};

use super::families::{
    Continuity, DayOfYear, Employee, Enrolment, FirstDay, Newborn, RewardRule, WaitingRule,
};

pub const ENROLMENT: [&str; 3] = ["opens", "closes", "paid_in_the_year"];

pub fn enrolment(_: &Reader, map: &Map) -> Option<Enrolment> {
    let opens = map.required("opens", |at| day_of_year(&at));
    let closes = map.required("closes", |at| day_of_year(&at));
    let paid_in_the_year = map.required("paid_in_the_year", first_day);
    let rule = Enrolment { opens: opens?, closes: closes?, paid_in_the_year: paid_in_the_year? };
    // Any two years do: no day of the year is 29 February.
    if rule.closes.of(2025) < rule.opens.of(2025) {
        let at = map.get("closes").unwrap_or_else(|| map.at.clone());
        return at.problem(Kind::DatesReversed, "closes before it opens");
    }
    Some(rule)
}

fn day_of_year(at: &At) -> Option<DayOfYear> {
    let map = at.map(&["year_before", "coverage_year"])?;
    let key = map.one_of(&["year_before", "coverage_year"])?;
    let (month, day) = map.required(key, value::month_and_day)?;
    Some(DayOfYear { year_before: key == "year_before", month, day })
}

fn first_day(at: At) -> Option<FirstDay> {
    at.code(&FirstDay::ALL, FirstDay::code)
}

pub const WAITING: [&str; 10] = [
    "fixed_months",
    "months_per_gap_year",
    "gap_years_without_variable_month",
    "gap_years_count_from",
    "repaired_months_per_year",
    "long_gap_years",
    "long_gap_minimum_months",
    "begins",
    "exempt_identities",
    "exempt_entitled",
];

pub fn waiting(_: &Reader, map: &Map) -> Option<WaitingRule> {
    let fixed_months = number(map, "fixed_months", 0, 12);
    let months_per_gap_year = number(map, "months_per_gap_year", 0, 12);
    let free = number(map, "gap_years_without_variable_month", 0, 100);
    let gap_years_count_from = year(map, "gap_years_count_from");
    let repaired_months_per_year = number(map, "repaired_months_per_year", 0, 12);
    let long_gap_years = number(map, "long_gap_years", 1, 100);
    let long_gap_minimum_months = number(map, "long_gap_minimum_months", 0, 24);
    let begins = map.required("begins", first_day);
    let exempt = map.required("exempt_identities", |at| at.set_of(|at| at.text().map(str::to_owned)));
    let exempt_entitled = map.required("exempt_entitled", first_day);
    Some(WaitingRule {
        fixed_months: fixed_months?,
        months_per_gap_year: months_per_gap_year?,
        gap_years_without_variable_month: free?,
        gap_years_count_from: gap_years_count_from?,
        repaired_months_per_year: repaired_months_per_year?,
        long_gap_years: long_gap_years?,
        long_gap_minimum_months: long_gap_minimum_months?,
        begins: begins?,
        exempt_identities: exempt?,
        exempt_entitled: exempt_entitled?,
    })
}

pub const NEWBORN: [&str; 1] = ["within_days"];

pub fn newborn(_: &Reader, map: &Map) -> Option<Newborn> {
    Some(Newborn { within_days: number(map, "within_days", 0, 366)? })
}

pub const EMPLOYEE: [&str; 1] = ["entitled"];

pub fn employee(_: &Reader, map: &Map) -> Option<Employee> {
    Some(Employee { entitled: map.required("entitled", first_day)? })
}

pub const CONTINUITY: [&str; 3] = ["gap_months", "continuous_years", "waiting_months"];

/// 医保办发〔2021〕43号: waiting of at most 6 months.
pub fn continuity(_: &Reader, map: &Map) -> Option<Continuity> {
    let gap_months = number(map, "gap_months", 0, 12);
    let continuous_years = number(map, "continuous_years", 0, 10);
    let waiting_months = number(map, "waiting_months", 0, 6);
    Some(Continuity {
        gap_months: gap_months?,
        continuous_years: continuous_years?,
        waiting_months: waiting_months?,
    })
}

pub const REWARD: [&str; 8] = [
    "years_before",
    "years_count_from",
    "per_year",
    "per_zero_claim_year",
    "limit",
    "limit_amount",
    "use_clears_zero_claim",
    "break_clears_zero_claim",
];

pub fn reward(_: &Reader, map: &Map) -> Option<RewardRule> {
    let years_before = number(map, "years_before", 0, 100);
    let years_count_from = year(map, "years_count_from");
    let per_year = map.required("per_year", fen);
    let per_zero_claim_year = map.required("per_zero_claim_year", fen);
    let limit = map.required("limit", permille);
    let limit_fen = map.optional("limit_amount", fen);
    let use_clears = map.required("use_clears_zero_claim", |at| at.boolean());
    let break_clears = map.required("break_clears_zero_claim", |at| at.boolean());
    Some(RewardRule {
        years_before: years_before?,
        years_count_from: years_count_from?,
        per_year_fen: per_year?,
        per_zero_claim_year_fen: per_zero_claim_year?,
        limit_permille: limit?,
        limit_fen: limit_fen?,
        use_clears_zero_claim: use_clears?,
        break_clears_zero_claim: break_clears?,
    })
}

fn number(map: &Map, key: &str, lowest: i64, highest: i64) -> Option<u32> {
    map.required(key, |at| value::whole(at, lowest, highest)).and_then(|number| number.try_into().ok())
}

fn year(map: &Map, key: &str) -> Option<i32> {
    number(map, key, 1950, 2999).map(|year| year as i32)
}

fn fen(at: At) -> Option<i64> {
    value::amount(at)?.to_i64()
}

fn permille(at: At) -> Option<u32> {
    let thousandths = value::ratio(at.clone())? * rust_decimal::Decimal::ONE_THOUSAND;
    if !thousandths.fract().is_zero() {
        return at.problem(Kind::InvalidValue, "at most one digit behind the point of a percentage");
    }
    thousandths.to_u32()
}

#[cfg(test)]
mod tests {
    use yizhan_documents::load;

    use super::super::{Entitlement, embedded_texts};

    #[test]
    fn the_embedded_documents_are_right() {
        let names: Vec<_> = embedded_texts().iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["100000-national.yaml", "360000-jiangxi.yaml", "411000-xuchang.yaml"]);
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
