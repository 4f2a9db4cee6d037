//! Persons in short, and what was decided in short.

use chrono::NaiveDate;
use yizhan_enrollment::coverage::domain::entitlement::{Decision, Payer};
use yizhan_enrollment::person::domain::period::Period;
use yizhan_enrollment::person::domain::timeline::{
    Coverage, CoverageState, Identity, Membership, MembershipKind, PersonFacts, Timeline,
};
use yizhan_enrollment::rules::Rules;
use yizhan_terms::Insutype;

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap_or_else(|_| panic!("{text}"))
}

/// `2025-01-01..2025-12-31`, or open without an end.
pub fn period(text: &str) -> Period {
    let (begndate, enddate) = text.split_once("..").unwrap();
    Period { begndate: day(begndate), enddate: enddate.parse().ok() }
}

/// Born 1980-01-01, with these stretches: `390 2024-01-01..2024-12-31`, separated by `;`.
pub fn person(stretches: &str) -> Timeline {
    born("1980-01-01", stretches)
}

pub fn born(brdy: &str, stretches: &str) -> Timeline {
    let facts =
        PersonFacts { psn_name_masked: "张*".into(), gend: "1".into(), brdy: day(brdy), die_date: None };
    let mut person = Timeline::of(facts);
    for stretch in stretches.split(';').map(str::trim).filter(|stretch| !stretch.is_empty()) {
        let (insutype, days) = stretch.split_once(' ').unwrap();
        person.put(coverage(insutype, days));
    }
    person
}

pub fn coverage(insutype: &str, days: &str) -> Coverage {
    Coverage {
        insutype: Insutype::from_code(insutype).unwrap(),
        psn_type: "11".into(),
        state: CoverageState::Normal,
        poolarea_no: None,
        period: period(days),
        entitled_begndate: None,
        hi_type: String::new(),
        psn_chg_type: String::new(),
        waiting: None,
    }
}

pub fn with_identity(mut person: Timeline, name: &str, days: &str) -> Timeline {
    person.put(Identity {
        psn_idet_type: String::new(),
        name: name.into(),
        period: period(days),
        department: String::new(),
    });
    person
}

pub fn with_year(mut person: Timeline, kind: MembershipKind, year: i32) -> Timeline {
    person.put(Membership {
        kind,
        category: String::new(),
        series: String::new(),
        period: period(&format!("{year}-01-01..{year}-12-31")),
        since_year: None,
        department: String::new(),
    });
    person
}

pub fn resident(person: &Timeline, area: &str, paid_on: &str, coverage_year: i32) -> Decision {
    payer(person, area, paid_on, &Rules::embedded()).resident(coverage_year).unwrap()
}

pub fn employee(person: &Timeline, paid_on: &str, begndate: &str) -> Decision {
    payer(person, "430200", paid_on, &Rules::embedded()).employee(Insutype::Employee, day(begndate)).unwrap()
}

pub fn payer<'a>(person: &'a Timeline, area: &str, paid_on: &str, rules: &'a Rules) -> Payer<'a> {
    Payer {
        person,
        area: area.parse().unwrap(),
        paid_on: day(paid_on),
        transferred: false,
        entering: None,
        rules,
    }
}

/// First day insured, last day, first day entitled, months fixed + variable.
pub fn told(decision: &Decision) -> String {
    let Decision { period, entitled_begndate, waiting } = decision;
    let enddate = period.enddate.map(|end| end.to_string()).unwrap_or_default();
    let months = format!("{}+{}", waiting.fixed_months, waiting.variable_months);
    format!("{}..{enddate} from {entitled_begndate} {months}", period.begndate)
}

/// The document's number, out of the citation.
pub fn cites(decision: &Decision, document: &str) {
    assert!(
        decision.waiting.citation.contains(document),
        "{} does not cite {document}",
        decision.waiting.citation
    );
}
