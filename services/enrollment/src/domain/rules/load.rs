//! Reads a document of rules and reports everything wrong with it at once, with line and column.

use std::cell::RefCell;
use std::collections::BTreeSet;

use rust_decimal::prelude::ToPrimitive;
use sha2::{Digest, Sha256};
use yizhan_policy::load::form::{self, At, Kind, Map};
use yizhan_policy::load::{Problems, QUALITY_MARKS};

use super::{
    Continuity, Dated, DayOfYear, Document, Employee, Enrolment, Family, FirstDay, Newborn, RewardRule,
    WaitingRule,
};
use crate::domain::period::Period;

const HEAD: [&str; 5] = ["rules", "version", "title", "area", "sources"];
const FAMILIES: [&str; 6] =
    [Enrolment::KEY, WaitingRule::KEY, Newborn::KEY, Continuity::KEY, Employee::KEY, RewardRule::KEY];

/// Reads a document. `file_name` only names it in problems.
///
/// # Errors
/// Everything wrong with it, in order of position.
pub fn load(file_name: &str, text: &str) -> Result<Document, Problems> {
    form::read(file_name, text, |root| document(&root, text))
}

fn document(root: &At, text: &str) -> Option<Document> {
    let keys: Vec<&str> = HEAD.into_iter().chain(FAMILIES).collect();
    let map = root.map(&keys)?;
    let id = map.required("rules", |at| form::name(&at).map(str::to_owned));
    let version = map.required("version", |at| form::version(&at).map(str::to_owned));
    let title = map.required("title", |at| at.text().map(str::to_owned));
    let area = map.required("area", |at| form::digits(&at, 6, "an area (admdvs)"));
    let sources = map.required("sources", |at| sources(&at));
    let within = Within {
        name: format!("{}@{}", id.as_deref().unwrap_or_default(), version.as_deref().unwrap_or_default()),
        sources: sources.as_deref().unwrap_or_default(),
        cited: RefCell::default(),
    };
    let enrolment = within.family(&map, &["opens", "closes", "paid_in_the_year"], enrolment);
    let waiting = within.family(&map, &WAITING, waiting);
    let newborn = within.family(&map, &["within_days"], |map| {
        Some(Newborn { within_days: number(map, "within_days", 0, 366)? })
    });
    let continuity = within.family(&map, &["gap_months", "continuous_years", "waiting_months"], continuity);
    let employee = within
        .family(&map, &["entitled"], |map| Some(Employee { entitled: map.required("entitled", first_day)? }));
    let reward = within.family(&map, &REWARD, reward);
    if !FAMILIES.iter().any(|family| map.get(family).is_some()) {
        return root.problem(Kind::MissingKey, format!("no rules: one of `{}`", FAMILIES.join("`, `")));
    }
    within.report_unused(&map);
    Some(Document {
        id: id?,
        version: version?,
        title: title?,
        area: area?,
        digest: hex::encode(Sha256::digest(text.as_bytes())),
        enrolment: enrolment?,
        waiting: waiting?,
        newborn: newborn?,
        continuity: continuity?,
        employee: employee?,
        reward: reward?,
    })
}

/// Key and title of each source; one with a problem, which was reported, can still be cited.
fn sources(at: &At) -> Option<Vec<(String, String)>> {
    let read = |(key, value): &(At, At)| -> Option<(String, String)> {
        let map = value.map(&["title", "url", "quality"])?;
        let title = map.required("title", |at| at.text().map(str::to_owned));
        let _ = map.optional("url", |at| at.text());
        let _ = map.required("quality", |at| quality(&at));
        Some((form::name(key)?.to_owned(), title.unwrap_or_default()))
    };
    Some(at.entries()?.iter().filter_map(read).collect())
}

fn quality(at: &At) -> Option<()> {
    let mark = at.text()?;
    if mark.chars().count() == 1 && QUALITY_MARKS.contains(mark) {
        return Some(());
    }
    at.problem(Kind::UnknownCode, format!("unknown quality mark; one of the letters {QUALITY_MARKS}"))
}

/// What surrounds the families.
struct Within<'s> {
    name: String,
    sources: &'s [(String, String)],
    cited: RefCell<BTreeSet<String>>,
}

impl Within<'_> {
    /// The versions of one family; none if the document does not speak of it.
    fn family<R: Family>(
        &self,
        map: &Map,
        keys: &[&str],
        read: impl Fn(&Map) -> Option<R>,
    ) -> Option<Vec<Dated<R>>> {
        let Some(at) = map.get(R::KEY) else { return Some(Vec::new()) };
        let keys: Vec<&str> = ["from", "to", "source"].into_iter().chain(keys.iter().copied()).collect();
        let mut earlier: Vec<Period> = Vec::new();
        at.list_of(|version| {
            let map = version.map(&keys)?;
            let period = form::period(&map, None);
            let citation = map.required("source", |at| self.citation(&at));
            let rule = read(&map);
            let period = period.map(|period| Period { begndate: period.from, enddate: period.to })?;
            if earlier.iter().any(|other| other.overlaps(&period)) {
                return version.problem(Kind::TableOverlap, "holds on days of an earlier version");
            }
            earlier.push(period);
            let id = format!("{}/{}/{}", self.name, R::KEY, period.begndate);
            Some(Dated { period, id, citation: citation?, rule: rule? })
        })
    }

    fn citation(&self, at: &At) -> Option<String> {
        let name = at.text()?;
        self.cited.borrow_mut().insert(name.to_owned());
        let source = self.sources.iter().find(|(key, _)| key == name);
        if source.is_none() && self.sources.is_empty() {
            return None; // reported where they should have been declared
        }
        source
            .map(|(_, title)| title.clone())
            .or_else(|| at.problem(Kind::UnknownSource, format!("no source `{name}` is declared")))
    }

    fn report_unused(&self, map: &Map) {
        let Some(entries) = map.get("sources").and_then(|at| at.entries()) else { return };
        for (key, _) in entries {
            if form::name(&key).is_some_and(|name| !self.cited.borrow().contains(name)) {
                key.problem::<()>(Kind::UnusedSource, "nothing cites this source");
            }
        }
    }
}

fn enrolment(map: &Map) -> Option<Enrolment> {
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
    let (month, day) = map.required(key, form::month_and_day)?;
    Some(DayOfYear { year_before: key == "year_before", month, day })
}

fn first_day(at: At) -> Option<FirstDay> {
    at.code(&FirstDay::ALL, FirstDay::code)
}

const WAITING: [&str; 10] = [
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

fn waiting(map: &Map) -> Option<WaitingRule> {
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

/// 医保办发〔2021〕43号: waiting of at most 6 months.
fn continuity(map: &Map) -> Option<Continuity> {
    let gap_months = number(map, "gap_months", 0, 12);
    let continuous_years = number(map, "continuous_years", 0, 10);
    let waiting_months = number(map, "waiting_months", 0, 6);
    Some(Continuity {
        gap_months: gap_months?,
        continuous_years: continuous_years?,
        waiting_months: waiting_months?,
    })
}

const REWARD: [&str; 8] = [
    "years_before",
    "years_count_from",
    "per_year",
    "per_zero_claim_year",
    "limit",
    "limit_amount",
    "use_clears_zero_claim",
    "break_clears_zero_claim",
];

fn reward(map: &Map) -> Option<RewardRule> {
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
    map.required(key, |at| form::whole(at, lowest, highest)).and_then(|number| number.try_into().ok())
}

fn year(map: &Map, key: &str) -> Option<i32> {
    number(map, key, 1950, 2999).map(|year| year as i32)
}

fn fen(at: At) -> Option<i64> {
    form::amount(at)?.to_i64()
}

fn permille(at: At) -> Option<u32> {
    let thousandths = form::ratio(at.clone())? * rust_decimal::Decimal::ONE_THOUSAND;
    if !thousandths.fract().is_zero() {
        return at.problem(Kind::InvalidValue, "at most one digit behind the point of a percentage");
    }
    thousandths.to_u32()
}

#[cfg(test)]
mod tests {
    use super::super::embedded_texts;
    use super::*;

    #[test]
    fn the_embedded_documents_are_right() {
        let names: Vec<_> = embedded_texts().iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["100000-national.yaml", "360000-jiangxi.yaml", "411000-xuchang.yaml"]);
        for (name, text) in embedded_texts() {
            let document = load(name, text).unwrap_or_else(|problems| panic!("{problems}"));
            assert!(name.starts_with(&document.area), "{name}");
        }
    }

    #[test]
    fn all_problems_are_told_at_once_with_their_place() {
        let text = "rules: x\nversion: \"1\"\ntitle: 试\narea: \"36\"\nsources:\n  s: { title: t, quality: G }\n  u: { title: t, quality: Z }\n\
            newborn:\n  - { from: 2025-01-01, to: 2025-05-31, source: s, within_days: 400 }\n  - { from: 2025-06-01, source: nobody, within_days: 90 }\n\
            continuity:\n  - { from: 2025-01-01, source: s, gap_months: 3, continuous_years: 2, waiting_months: 7 }\n\
            resident_enrolment:\n  - { from: 2025-13-01, source: s, opens: { coverage_year: 09-01 }, closes: { year_before: 12-31 }, paid_in_the_year: never }\n\
            rewards: 1\n";
        let problems = load("x.yaml", text).unwrap_err();
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
