//! docs/ERRORS.md says what the table says. `YIZHAN_WRITE=1` writes it anew.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use yizhan_reasons::{DocumentFault, Entry, ErrorKind, Reason, Told};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/ERRORS.md");

#[test]
fn the_page_is_written_from_the_table() {
    let page =
        include_str!("page.md").replace("{{reasons}}", &reasons()).replace("{{documents}}", &documents());
    if std::env::var_os("YIZHAN_WRITE").is_some() {
        fs::write(PAGE, &page).unwrap();
    }
    let written = fs::read_to_string(PAGE).unwrap();
    let differs = page.lines().zip(written.lines()).find(|(line, was)| line != was);
    assert!(
        page == written,
        "docs/ERRORS.md is not what the table says: {differs:?}; YIZHAN_WRITE=1 writes it"
    );
}

#[test]
fn a_name_is_one_reason_in_capitals_with_texts() {
    let mut names = BTreeSet::new();
    for reason in Reason::ALL {
        let entry = reason.entry().unwrap();
        assert!(names.insert(entry.code), "{} twice", entry.code);
        assert_eq!(Reason::from_code(entry.code), Some(*reason));
        assert!(entry.code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'), "{}", entry.code);
        assert!(entry.text.chars().any(|c| c as u32 > 0x2E80), "{} has no Chinese text", entry.code);
        let refusal = matches!(entry.told, Told::Refusal(_));
        assert_eq!(!entry.cure.is_empty() && !entry.retry.is_empty(), refusal, "{}", entry.code);
        assert!(!entry.from.is_empty() && !entry.means.is_empty(), "{}", entry.code);
    }
}

/// A reason that nothing gives is no reason.
#[test]
fn every_reason_is_given_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut sources = String::new();
    for folder in ["libs", "services"] {
        for package in fs::read_dir(root.join(folder)).unwrap() {
            let package = package.unwrap().path();
            if !package.ends_with("reasons") {
                read_all(&package.join("src"), &mut sources);
            }
        }
    }
    let given = |reason: &&Reason| {
        let name = format!("Reason::{reason:?}");
        sources
            .match_indices(&name)
            .any(|(at, _)| !sources[at + name.len()..].starts_with(char::is_alphanumeric))
    };
    let never: Vec<&Reason> = Reason::ALL.iter().filter(|reason| !given(reason)).collect();
    assert!(never.is_empty(), "no source gives {never:?}");
}

fn read_all(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

fn reasons() -> String {
    let entries: Vec<&Entry> = Reason::ALL.iter().filter_map(|reason| reason.entry()).collect();
    let mut sections: Vec<&str> = entries.iter().map(|entry| entry.section).collect();
    sections.dedup();
    let mut page = String::new();
    for section in sections {
        let of_section: Vec<&Entry> =
            entries.iter().copied().filter(|entry| entry.section == section).collect();
        writeln!(page, "## {section}\n").unwrap();
        refusals(&of_section, &mut page);
        for (told, title) in [(Told::Why, "Why"), (Told::Row, "Rows"), (Told::Violation, "Violations")] {
            others(&of_section, told, title, &mut page);
        }
    }
    page.trim_end().to_owned()
}

fn refusals(entries: &[&Entry], page: &mut String) {
    let rows: Vec<(&&Entry, ErrorKind)> = entries
        .iter()
        .filter_map(|entry| match entry.told {
            Told::Refusal(kind) => Some((entry, kind)),
            _ => None,
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    page.push_str("| reason | code | from | what it means | what to do | retry | text |\n|---|---|---|---|---|---|---|\n");
    for (Entry { code, from, means, cure, retry, text, .. }, kind) in rows {
        writeln!(page, "| `{code}` | {} | {from} | {means} | {cure} | {retry} | {text} |", name(kind))
            .unwrap();
    }
    page.push('\n');
}

fn others(entries: &[&Entry], told: Told, title: &str, page: &mut String) {
    let rows: Vec<&&Entry> = entries.iter().filter(|entry| entry.told == told).collect();
    if rows.is_empty() {
        return;
    }
    writeln!(page, "{title}:\n\n| reason | where | what is wrong | text |\n|---|---|---|---|").unwrap();
    for Entry { code, from, means, text, .. } in rows {
        writeln!(page, "| `{code}` | {from} | {means} | {text} |").unwrap();
    }
    page.push('\n');
}

fn documents() -> String {
    let mut page = String::from("| code | what |\n|---|---|\n");
    for fault in DocumentFault::ALL {
        writeln!(page, "| `{}` | {} |", fault.code(), fault.means()).unwrap();
    }
    page.trim_end().to_owned()
}

/// As gRPC writes it: `FAILED_PRECONDITION`.
fn name(kind: ErrorKind) -> String {
    let mut name = String::new();
    for letter in format!("{kind:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}
