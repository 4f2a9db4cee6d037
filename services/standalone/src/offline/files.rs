//! The files that a command is given, and everything wrong with them.

use std::path::{Path, PathBuf};

use yizhan_documents::{Documents, Kind, Problem, Problems, decode, unreadable};
use yizhan_policy::{Policy, embedded, load};

/// A problem of a whole file, or of a line of it.
pub fn problem(file: &Path, line: usize, kind: Kind, message: impl Into<String>) -> Problem {
    let (file, path) = (file.display().to_string(), String::new());
    Problem { file, line, column: 1, path, kind, message: message.into() }
}

/// The same, where it is all that is wrong.
pub fn wrong(file: &Path, line: usize, kind: Kind, message: impl Into<String>) -> Problems {
    Problems(vec![problem(file, line, kind, message)])
}

/// What is not JSON, or not what is read from it.
pub fn not_json(file: &Path, line: usize, error: &serde_json::Error) -> Problems {
    let kind = if error.is_data() { Kind::InvalidValue } else { Kind::Syntax };
    wrong(file, line, kind, format!("not the JSON of a case: {error}"))
}

/// These files, and those of these folders that end so, in order of name.
pub fn of_folders(named: &[PathBuf], ends: &[&str]) -> Result<Vec<PathBuf>, Problems> {
    let mut all = Vec::new();
    for path in named {
        if !path.is_dir() {
            all.push(path.clone());
            continue;
        }
        let told = |error| unreadable(&path.display().to_string(), error);
        let entries = std::fs::read_dir(path).map_err(told)?.collect::<Result<Vec<_>, _>>().map_err(told)?;
        let mut found: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
        found.retain(|path| path.extension().is_some_and(|end| ends.iter().any(|one| end == *one)));
        if found.is_empty() {
            let message = format!("the folder holds no file of `.{}`", ends.join("`, `."));
            return Err(wrong(path, 1, Kind::FileUnreadable, message));
        }
        found.sort();
        all.extend(found);
    }
    Ok(all)
}

/// The text of a file.
pub fn text_of(file: &Path) -> Result<String, Problems> {
    let name = file.display().to_string();
    decode(&name, std::fs::read(file).map_err(|error| unreadable(&name, error))?)
}

/// The policy of a file.
pub fn policy(file: &Path) -> Result<Policy, Problems> {
    load(&file.display().to_string(), &text_of(file)?)
}

/// The policies of all files, or the problems of all of them.
pub fn policies(files: &[PathBuf]) -> Result<Vec<Policy>, Problems> {
    all(files.iter().map(|file| policy(file)))
}

/// The policies of these files that go together, or the embedded ones when none are given.
pub fn standing(files: &[PathBuf]) -> Result<Documents<Policy>, Problems> {
    let shipped = || all(embedded().iter().map(|(name, text)| load(name, text)));
    yizhan_policy::together(if files.is_empty() { shipped() } else { policies(files) }?)
}

/// All that were read, or all that is wrong.
pub fn all<T>(read: impl IntoIterator<Item = Result<T, Problems>>) -> Result<Vec<T>, Problems> {
    let (mut fine, mut problems) = (Vec::new(), Vec::new());
    for one in read {
        match one {
            Ok(one) => fine.push(one),
            Err(wrong) => problems.extend(wrong.0),
        }
    }
    if problems.is_empty() { Ok(fine) } else { Err(Problems(problems)) }
}

/// Both, or what is wrong with both.
pub fn both<A, B>(one: Result<A, Problems>, other: Result<B, Problems>) -> Result<(A, B), Problems> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(one), Err(other)) => Err(Problems([one.0, other.0].concat())),
        (Err(wrong), Ok(_)) | (Ok(_), Err(wrong)) => Err(wrong),
    }
}
