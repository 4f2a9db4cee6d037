//! Files, reasons and tables that documents and comments name exist.

use crate::sources::{code, documents, files, prose, read};

/// A file of the repository that is named in a document is there, under the end of some path.
#[test]
fn files_that_are_named_exist() {
    let known = files();
    let exists = |name: &str| {
        known
            .iter()
            .any(|path| path == name || path.ends_with(&format!("/{}", name.trim_start_matches("../"))))
    };
    let mut missing = Vec::new();
    for (document, text) in documents() {
        let named = prose(&text).flat_map(code).filter(|word| is_file(word));
        missing.extend(named.filter(|name| !exists(name)).map(|name| format!("{document}: {name}")));
    }
    assert!(missing.is_empty(), "files that are not there:\n{}", missing.join("\n"));
}

fn is_file(word: &str) -> bool {
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-'));
    plain && [".rs", ".proto", ".yaml", ".py"].iter().any(|end| word.len() > end.len() && word.ends_with(end))
}

/// The pages for readers name no reason that docs/ERRORS.md does not explain.
#[test]
fn reasons_that_are_named_are_explained() {
    let explained = read("docs/ERRORS.md") + &read("docs/POLICY.md") + &contract();
    let pages = [
        "README.md",
        "README.zh-CN.md",
        "docs/LIMITS.md",
        "docs/OPERATIONS.md",
        "docs/INTEGRATION.md",
        "docs/FILING.md",
    ];
    let mut unknown = Vec::new();
    for page in pages {
        let text = read(page);
        let named = prose(&text).flat_map(code).filter(|word| is_reason(word));
        unknown.extend(named.filter(|word| !explained.contains(*word)).map(|word| format!("{page}: {word}")));
    }
    assert!(unknown.is_empty(), "reasons that docs/ERRORS.md does not explain:\n{}", unknown.join("\n"));
}

fn is_reason(word: &str) -> bool {
    let upper = word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    upper && word.contains('_') && !["YIZHAN_", "OTEL_"].iter().any(|variable| word.starts_with(variable))
}

fn contract() -> String {
    files().iter().filter(|path| path.ends_with(".proto")).map(|path| read(path)).collect()
}

/// A comment that refers to a table of docs/CODES.md names one that is there.
#[test]
fn tables_of_codes_that_are_named_exist() {
    let codes = read("docs/CODES.md");
    let headings: Vec<&str> = codes.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let mut missing = Vec::new();
    for path in files().iter().filter(|path| path.ends_with(".rs") && !path.ends_with("documents/names.rs")) {
        let text = read(path);
        let named = text.split("docs/CODES.md, ").skip(1);
        let names = named
            .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default());
        let unknown = names.filter(|name| !headings.iter().any(|heading| heading.contains(name)));
        missing.extend(unknown.map(|name| format!("{path}: {name}")));
    }
    assert!(missing.is_empty(), "tables that docs/CODES.md does not have:\n{}", missing.join("\n"));
}
