//! The nearest area decides, then the latest published; days outside every version are nobody's.

use chrono::NaiveDate;
use yizhan_documents::{NoRule, Rules, load};

use crate::support::{Newborn, Table, Test, document};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn within(rules: &Rules<Test>, area: &str, on: &str) -> i64 {
    rules.find::<Newborn>(area.parse().unwrap(), day(on)).unwrap().rule.within_days
}

#[test]
fn the_nearest_area_that_speaks_of_the_day_decides() {
    let rules = Rules::<Test>::embedded();
    assert_eq!(within(&rules, "430203", "2026-01-01"), 120);
    assert_eq!(within(&rules, "430203", "2026-07-01"), 90, "the province says nothing any more");
    assert_eq!(within(&rules, "360100", "2026-01-01"), 90);
    assert_eq!((within(&rules, "360100", "2024-12-31"), within(&rules, "360100", "2025-01-01")), (30, 90));
    let none = rules.find::<Newborn>("430203".parse().unwrap(), day("2023-12-31")).unwrap_err();
    assert_eq!(none, NoRule { family: "newborn", area: "430203".parse().unwrap(), day: day("2023-12-31") });
}

#[test]
fn the_latest_published_goes_first() {
    let mut rules = Rules::<Test>::embedded();
    for (version, days) in [("1", 150), ("2", 180)] {
        rules.publish(load("x.yaml", &document("x", version, "430200", days)).unwrap());
    }
    assert_eq!(within(&rules, "430281", "2026-01-01"), 180);
    assert_eq!(within(&rules, "430300", "2026-01-01"), 120, "another city");
    assert_eq!(within(&rules, "430281", "2025-12-31"), 90, "before it: the nation's");
    assert_eq!(rules.by_id::<Newborn>("x@1/newborn/2026-01-01").unwrap().rule.within_days, 150);
    assert_eq!(rules.by_id::<Newborn>("x@3/newborn/2026-01-01"), None);
    assert!(rules.version("x", "2").is_some() && rules.version("x", "3").is_none());
}

#[test]
fn a_rule_is_cited_and_so_are_its_rows() {
    let rules = Rules::<Test>::embedded();
    let table = rules.find::<Table>("360100".parse().unwrap(), day("2026-01-01")).unwrap();
    assert_eq!((table.citation.as_str(), table.id.as_str()), ("甲", "nation@1/table/2025-01-01"));
    assert_eq!(table.rule.rows, [("乙".to_owned(), 1)]);
}
