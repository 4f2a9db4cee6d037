//! docs/OPERATIONS.md says of every feed that is followed what to do when its token is refused, for that follower.

use std::collections::BTreeSet;

use crate::sources::{code, crate_sources, prose, read};

/// What follows `marker` between quotation marks.
fn quoted<'a>(text: &'a str, marker: &str) -> Option<&'a str> {
    text.split_once(marker)?.1.split('"').nth(1)
}

/// Service and feed of everybody who follows, as the code has them.
fn followed() -> BTreeSet<(String, String)> {
    let sources = crate_sources();
    let mut found = BTreeSet::new();
    for (service, file, text) in &sources {
        for body in text.split("fn feed(&self) -> &'static str {").skip(1) {
            let body = body.split('}').next().unwrap_or_default().trim();
            let named = body.rsplit("::").next().unwrap_or_default();
            let constant = format!("const {named}: &str =");
            let of_service = sources.iter().filter(|(other, ..)| other == service);
            let feed = quoted(body, "")
                .or_else(|| of_service.clone().find_map(|(.., text)| quoted(text, &constant)));
            let feed = feed.unwrap_or_else(|| panic!("{service}, {file}: which feed is {body}?"));
            found.insert((service.clone(), feed.to_owned()));
        }
    }
    found
}

#[test]
fn every_follower_has_a_row() {
    let page = read("docs/OPERATIONS.md");
    let section = page.split_once("\n### A feed that refuses its token\n").map(|(_, rest)| rest);
    let section =
        section.and_then(|rest| rest.split("\n## ").next()).expect("the section that a runbook leads to");
    let rows = prose(section).filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| ")?.split(" | ").collect();
        let feed = code(cells.get(1)?).next()?;
        Some((cells[0].to_owned(), feed.to_owned()))
    });
    let rows: BTreeSet<(String, String)> = rows.collect();
    let followed: BTreeSet<_> = followed().into_iter().filter(|(service, _)| service != "runtime").collect();
    assert!(followed.len() > 8, "only {followed:?}");
    assert_eq!(rows, followed, "followers and the rows of the section");
}
