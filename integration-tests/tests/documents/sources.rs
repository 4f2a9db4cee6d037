//! The repository as these tests read it.

use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the repository is where it is")
}

/// Every file of the repository by its path in it, but for what is built, installed or recorded.
pub fn files() -> Vec<String> {
    let root = root();
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder can be read") {
        let path = entry.expect("an entry can be read").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let built = ["target", "data", ".git"].contains(&name.as_ref());
        if path.is_dir() && !built {
            collect(root, &path, found);
        } else if path.is_file() {
            let inside = path.strip_prefix(root).expect("it lies in the repository");
            found.push(inside.to_string_lossy().into_owned());
        }
    }
}

/// The text of a file.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every document with its text.
pub fn documents() -> Vec<(String, String)> {
    let documents = files().into_iter().filter(|path| path.ends_with(".md"));
    documents.map(|path| (path.clone(), read(&path))).collect()
}

/// The lines of a document outside its ``` blocks.
pub fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// What stands between backticks.
pub fn code(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The sources of a crate of `libs` or `services`, with the crate's name and the path below `src`.
pub fn crate_sources() -> Vec<(String, String, String)> {
    let sources = files().into_iter().filter(|path| path.ends_with(".rs"));
    sources
        .filter_map(|path| {
            let mut parts = path.splitn(4, '/');
            let house = parts.next().filter(|house| ["libs", "services"].contains(house))?;
            let (name, src, inside) = (parts.next()?, parts.next()?, parts.next()?);
            let wanted = src == "src" && name != "testkit" && name != "standalone" && !house.is_empty();
            wanted.then(|| (name.to_owned(), inside.to_owned(), read(&path)))
        })
        .collect()
}
