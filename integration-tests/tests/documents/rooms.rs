//! The plan of the house: rooms of a service and the arrows between them, which go one way.

use std::collections::{BTreeMap, BTreeSet};

use crate::sources::{crate_sources, read};

/// Files at the top of a service that belong to no feature: they put the rooms together, or lie below all of them.
const TOP: [&str; 8] = ["lib", "main", "app", "config", "routes", "migrations", "fields", "clients"];

const SERVICES: [&str; 5] = ["enrollment", "filing", "audit", "credit", "settlement"];

/// Who uses whom: a room, and the rooms whose items it names.
type Arrows = BTreeMap<String, BTreeSet<String>>;

#[test]
fn arrows_between_rooms_go_one_way() {
    for service in SERVICES {
        let mut left = arrows(service);
        while let Some(lowest) = left.iter().find(|(_, uses)| uses.is_empty()).map(|(room, _)| room.clone()) {
            left.remove(&lowest);
            left.values_mut().for_each(|uses| {
                uses.remove(&lowest);
            });
        }
        assert!(left.is_empty(), "{service}: rooms that use each other in a circle: {left:?}");
    }
}

#[test]
fn the_plan_in_numbers_is_counted() {
    let page = read("docs/ARCHITECTURE.md");
    for service in SERVICES {
        let arrows = arrows(service);
        let row = format!(
            "| {service} | {} | {} |",
            arrows.len(),
            arrows.values().map(BTreeSet::len).sum::<usize>()
        );
        assert!(page.contains(&row), "docs/ARCHITECTURE.md should have: {row}");
    }
}

fn arrows(service: &str) -> Arrows {
    let sources: Vec<(String, String)> = crate_sources()
        .into_iter()
        .filter(|(name, ..)| name == service)
        .map(|(_, file, text)| (file, text))
        .collect();
    let room = |file: &str| file.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned();
    let mut arrows: Arrows = sources
        .iter()
        .map(|(file, _)| room(file))
        .filter(|room| !TOP.contains(&room.as_str()))
        .map(|room| (room, BTreeSet::new()))
        .collect();
    let rooms: Vec<String> = arrows.keys().cloned().collect();
    for (file, text) in &sources {
        let from = room(file);
        let Some(uses) = arrows.get_mut(&from) else { continue };
        let named = named(text);
        uses.extend(rooms.iter().filter(|room| **room != from && named.contains(room.as_str())).cloned());
    }
    arrows
}

/// The modules at the top of the crate that a file names: what follows `crate::`, alone or in braces.
fn named(text: &str) -> BTreeSet<&str> {
    let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    let pieces = code.flat_map(|line| line.split("crate::").skip(1));
    pieces
        .flat_map(|piece| {
            let group = piece.strip_prefix('{').map(|group| group.split(',').collect());
            group.unwrap_or_else(|| vec![piece])
        })
        .map(|piece| {
            piece.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
        })
        .collect()
}
