//! Timelines, and what other tests make them of.

use super::super::entry::Put;
use super::*;
use examples::*;

/// Persons and entries for tests.
pub mod examples {
    use super::super::*;

    pub fn period(begndate: &str, enddate: &str) -> Period {
        Period { begndate: begndate.parse().unwrap(), enddate: enddate.parse().ok() }
    }

    pub fn person(brdy: &str) -> Timeline {
        Timeline::of(PersonFacts {
            psn_name_masked: "张*".to_owned(),
            gend: "1".to_owned(),
            brdy: brdy.parse().unwrap(),
            die_date: None,
        })
    }

    pub fn coverage(insutype: &str, begndate: &str, enddate: &str) -> Coverage {
        let insutype = Insutype::from_code(insutype).unwrap();
        let coverage = Coverage::normal(insutype, "11".to_owned(), period(begndate, enddate));
        Coverage { poolarea_no: Area::parse("430200"), ..coverage }
    }

    pub fn product(category: &str, series: &str, begndate: &str, enddate: &str) -> Membership {
        Membership {
            kind: MembershipKind::Commercial,
            category: category.to_owned(),
            series: series.to_owned(),
            period: period(begndate, enddate),
            since_year: None,
            department: String::new(),
        }
    }
}

#[test]
fn putting_the_same_again_changes_nothing() {
    let mut timeline = person("1980-01-01");
    let coverage = coverage("310", "2024-01-01", "");
    assert_eq!(timeline.put(coverage.clone()), Put::Created);
    assert_eq!(timeline.put(coverage.clone()), Put::Unchanged);
    let ended = Coverage { period: period("2024-01-01", "2024-06-30"), ..coverage };
    assert_eq!(timeline.put(ended.clone()), Put::Updated);
    assert_eq!(timeline.coverages, [ended]);
}

#[test]
fn stretches_of_one_scheme_must_not_overlap() {
    let mut timeline = person("1980-01-01");
    let first = coverage("310", "2024-01-01", "2024-06-30");
    timeline.put(first.clone());
    timeline.put(coverage("390", "2024-01-01", ""));
    assert_eq!(timeline.overlapping(&first), None);
    assert_eq!(timeline.overlapping(&coverage("310", "2024-06-30", "")), Some(&first));
    assert_eq!(timeline.overlapping(&coverage("310", "2024-07-01", "")), None);
}

#[test]
fn membership_counts_back_while_unbroken() {
    let mut timeline = person("1980-01-01");
    for year in [2018, 2020, 2021] {
        timeline.put(product(
            &format!("惠衢保{year}"),
            "惠衢保",
            &format!("{year}-01-01"),
            &format!("{year}-12-31"),
        ));
    }
    timeline.put(product("其他", "其他", "2019-01-01", "2019-12-31"));
    let current = timeline.memberships.iter().find(|m| m.category == "惠衢保2021").unwrap().clone();
    assert_eq!(timeline.member_since(&current), 2020);
    timeline.put(product("惠衢保2019", "惠衢保", "2019-01-01", "2019-12-31"));
    assert_eq!(timeline.member_since(&current), 2018);
    let told = Membership {
        since_year: Some(2015),
        ..product("惠衢保2018", "惠衢保", "2018-01-01", "2018-12-31")
    };
    timeline.put(told);
    assert_eq!(timeline.member_since(&current), 2015);
}
