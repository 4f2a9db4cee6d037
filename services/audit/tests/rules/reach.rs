//! Which document holds where and when.

use yizhan_audit::rules::{Life, Rulebook, Stage};

use crate::support::{book, day, line, lines, visit, with};

/// Versions that find a line of X1 on a day.
fn finding(book: &Rulebook, on: &str) -> Vec<(String, Life)> {
    let visit = with(visit(), |visit| {
        line(visit, "X1").day = day(on);
        (visit.begin, visit.end) = (day("2026-01-01"), day("2026-12-31"));
    });
    let found = book.check(&visit, &[], Stage::After);
    found.iter().map(|found| (found.rule.version.clone(), found.rule.life)).collect()
}

fn never(keys: &str) -> String {
    format!("kind: never\npoints: [{{ code: X1 }}]\n{keys}")
}

#[test]
fn the_nearest_area_and_the_latest_version_decide() {
    let nation = never("version: nation");
    let province = never("version: province\narea: \"430000\"\nfrom: 2026-03-01\nto: 2026-06-30");
    let city = never("version: city\narea: \"430200\"\nfrom: 2026-06-01\nlife: retired");
    let later = never("version: later\nfrom: 2026-02-01");
    let active = |version: &str| vec![(version.to_owned(), Life::Active)];
    let hunan = book(&[&nation, &province, &city, &later], "430200");
    assert_eq!(finding(&hunan, "2026-01-31"), active("nation"));
    assert_eq!(finding(&hunan, "2026-02-01"), active("later"));
    assert_eq!(finding(&hunan, "2026-03-01"), active("province"));
    assert_eq!(finding(&hunan, "2026-06-01"), []);
    let elsewhere = book(&[&nation, &province, &city, &later], "330200");
    assert_eq!(finding(&elsewhere, "2026-06-01"), active("later"));
}

/// What is tried out stands beside what is in force, until something nearer or later is in force.
#[test]
fn shadows_and_drafts() {
    let nation = never("version: nation");
    let shadow = never("version: shadow\nlife: shadow");
    let both = vec![("nation".to_owned(), Life::Active), ("shadow".to_owned(), Life::Shadow)];
    assert_eq!(finding(&book(&[&nation, &shadow], "430200"), "2026-05-10"), both);
    assert_eq!(finding(&book(&[&shadow, &nation], "430200"), "2026-05-10"), both[..1]);
    let draft = never("version: draft\nlife: draft");
    assert_eq!(finding(&book(&[&nation, &draft], "430200"), "2026-05-10"), both[..1]);
    let trial = Rulebook::trial(std::sync::Arc::new(crate::support::read(&draft)));
    assert_eq!(finding(&trial, "2026-05-10"), [("draft".to_owned(), Life::Draft)]);
}

#[test]
fn a_line_of_defence_asks_its_own_rules() {
    let book = book(&[&never("stages: [事后]")], "430200");
    let visit = with(visit(), |visit| lines(visit, &["X1"]));
    assert_eq!(book.check(&visit, &[], Stage::During), []);
    assert_eq!(book.check(&visit, &[], Stage::After).len(), 1);
}
