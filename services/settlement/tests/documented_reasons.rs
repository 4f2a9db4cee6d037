//! docs/ERRORS.md names every stable reason that the sources can give, and none that they cannot.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Where reasons are given.
const SOURCES: &[&str] = &[
    "services/settlement/src",
    "services/enrollment/src",
    "services/filing/src",
    "libs/clients/src",
    "libs/runtime/src",
    "libs/rules/src",
    "libs/documents/src",
    "libs/policy/src/engine",
    "libs/policy/src/load",
];

/// Words in capitals that are no reasons.
const OTHERS: &[&str] = &[
    // Kinds of entries in the change logs.
    "SETTLED",
    "REVERSED",
    "DEPOSITED",
    "PERSON_CHANGED",
    "PERSON_MOVED",
    "FILING_CHANGED",
    // Documents of a transfer; prefixes of enumerations.
    "T2101",
    "T2102",
    "T2103",
    "TRANSFER_STATE_",
    "TRANSFER_ACTION_",
    "FILING_ACTION_",
    // Where a filing stands.
    "SUBMITTED",
    "ACCEPTED",
    "RETURNED",
    "IN_FORCE",
    "PROVISIONAL",
    "REJECTED",
    "WITHDRAWN",
    "CANCELLED",
    "REPLACED",
    "EXPIRED",
    "LAPSED",
    // How far a roster is.
    "STAGING",
    "ROWS",
    "ABSENCE",
    "DONE",
    "ABANDONED",
    // What the access log notes, and the parts of a person's register that can be granted.
    "UNMASKED",
    "RIGHTS",
    "BY_GRANT",
    "GIVEN",
    "GRANT_OF_ANOTHER",
    "COVERAGE",
    "IDENTITIES",
    "MEMBERSHIPS",
    "CONTRIBUTIONS",
    "BENEFITS",
    "SETTLEMENT",
    "SETTLEMENTS",
    "STATEMENT",
    "ACCUMULATORS",
    // Quality marks of sources; what loaders call nothing.
    "GHNRAOP",
    "NULL",
    // SQL, placeholders of types in it, Redis and signals.
    "RETURNING",
    "TRUE",
    "BYTES",
    "NUMBER",
    "TIME",
    "MGET",
    "SIGINT",
    "SIGTERM",
    // The project's own fund codes.
    "YZ0100",
    "YZ0200",
    "YZ0300",
];

#[test]
fn every_reason_is_documented() {
    let (errors, policy) = (read("docs/ERRORS.md"), read("docs/POLICY.md"));
    let missing: Vec<String> = reasons_in_sources()
        .into_iter()
        .filter(|reason| {
            let word = format!("`{reason}`");
            !errors.contains(&word) && !policy.contains(&word)
        })
        .collect();
    assert!(missing.is_empty(), "docs/ERRORS.md (or, for the loader, docs/POLICY.md) lacks {missing:?}");
}

#[test]
fn every_documented_reason_exists() {
    let known = reasons_in_sources();
    let errors = read("docs/ERRORS.md");
    let documented = errors.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let stale: Vec<&str> = documented.filter(|word| is_reason(word) && !known.contains(*word)).collect();
    assert!(stale.is_empty(), "docs/ERRORS.md names reasons that nothing gives: {stale:?}");
}

fn reasons_in_sources() -> BTreeSet<String> {
    let mut files = Vec::new();
    SOURCES.iter().for_each(|folder| rust_files(&root().join(folder), &mut files));
    assert!(files.len() > 50, "the sources are where this test looks for them");
    let mut reasons = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a source file can be read");
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        reasons.extend(text.split('"').filter(|word| is_reason(word)).map(str::to_owned));
    }
    reasons
}

/// UPPER_SNAKE of four characters or more. What stands between two quotes is a literal or the code between two literals;
/// such code never is one word.
fn is_reason(word: &str) -> bool {
    let upper = word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    word.len() >= 4
        && upper
        && word.starts_with(|c: char| c.is_ascii_uppercase())
        && !word.starts_with("YIZHAN_")
        && !OTHERS.contains(&word)
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a source folder can be read") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            files.push(path);
        }
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("a document can be read")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
