//! Every relative link of every document leads to a file, and every anchor to a heading.

use std::collections::BTreeMap;
use std::path::Path;

use crate::sources::{documents, prose, root};

#[test]
fn every_link_leads_somewhere() {
    let headings: BTreeMap<String, Vec<String>> = documents()
        .into_iter()
        .map(|(path, text)| (path, prose(&text).filter_map(anchor).collect()))
        .collect();
    let mut broken = Vec::new();
    for (document, text) in documents() {
        let links = prose(&text).flat_map(targets).filter(|link| !link.contains("://"));
        broken.extend(links.filter_map(|link| leads_nowhere(&document, link, &headings)));
    }
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
}

fn leads_nowhere(document: &str, link: &str, headings: &BTreeMap<String, Vec<String>>) -> Option<String> {
    let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
    let folder = Path::new(document).parent().unwrap_or(Path::new(""));
    let target = if file.is_empty() { root().join(document) } else { root().join(folder).join(file) };
    let Ok(target) = target.canonicalize() else { return Some(format!("{document}: {link}")) };
    let inside = target.strip_prefix(root()).ok()?.to_string_lossy().into_owned();
    let there = anchor
        .is_none_or(|anchor| headings.get(&inside).is_some_and(|all| all.iter().any(|one| one == anchor)));
    (!there).then(|| format!("{document}: {link}: no such heading"))
}

/// The targets of the links of a line: what follows `](`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}

/// The anchor of a heading, as GitHub makes it.
fn anchor(line: &str) -> Option<String> {
    let title = line.strip_prefix('#')?.trim_start_matches('#').strip_prefix(' ')?;
    let kept = title.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    Some(kept.map(|c| if c == ' ' { '-' } else { c }).flat_map(char::to_lowercase).collect())
}
