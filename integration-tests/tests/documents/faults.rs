//! docs/FAULTS.md names tests that exist.

use crate::sources::{code, files, prose, read};

#[test]
fn tests_that_are_named_exist() {
    let text = read("docs/FAULTS.md");
    let named: Vec<&str> =
        prose(&text).filter(|line| line.starts_with('|') || line.starts_with('(')).flat_map(code).collect();
    let named: Vec<(&str, &str)> = named.iter().filter_map(|name| name.split_once("::")).collect();
    assert!(named.len() > 20, "only {named:?}");
    let sources: Vec<String> = files().into_iter().filter(|path| path.ends_with(".rs")).collect();
    let missing: Vec<String> = named
        .into_iter()
        .filter(|(file, test)| {
            let of_the_file = sources.iter().filter(|path| path.ends_with(&format!("/{file}.rs")));
            !of_the_file.map(|path| read(path)).any(|text| text.contains(&format!("fn {test}(")))
        })
        .map(|(file, test)| format!("{file}::{test}"))
        .collect();
    assert!(missing.is_empty(), "tests that docs/FAULTS.md names and that are not there: {missing:?}");
}
