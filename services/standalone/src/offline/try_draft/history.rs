//! What was settled, read person by person: of a million cases one person's are in memory, and a number for each person who was read.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use yizhan_documents::{Kind, Problems, unreadable};
use yizhan_policy::Policy;
use yizhan_policy::example::Example;
use yizhan_policy::load::load_cases;
use yizhan_policy::trial::Stored;

use super::super::files;

/// Longest line, in bytes: a bill of 10,000 lines is shorter.
const MAX_LINE: u64 = 8 * 1024 * 1024;
/// Most cases of one person.
const MAX_OF_PERSON: usize = 10_000;

/// What is kept while files are read one after the other.
#[derive(Default)]
pub struct History {
    cases: Vec<Stored>,
    /// Persons who were read, as numbers: two cases of one person may not be apart.
    done: HashSet<u64>,
    hasher: RandomState,
}

impl History {
    /// Reads a file, and hands over each person's cases when the next person's begin.
    pub fn read(
        &mut self,
        file: &Path,
        draft: &Policy,
        person: &mut impl FnMut(Vec<Stored>),
    ) -> Result<(), Problems> {
        if file.extension().is_some_and(|end| end == "yaml") {
            for example in load_cases(&file.display().to_string(), &files::text_of(file)?)? {
                for stored in stored(file, &example, draft) {
                    let taken = self.take(stored, person);
                    taken.map_err(|(kind, message)| files::wrong(file, example.line, kind, message))?;
                }
            }
            return Ok(());
        }
        let unreadable = |error| unreadable(&file.display().to_string(), error);
        let mut lines = BufReader::new(File::open(file).map_err(unreadable)?);
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            match (&mut lines).take(MAX_LINE).read_until(b'\n', &mut line).map_err(unreadable)? {
                0 => break,
                _ if line.trim_ascii().is_empty() => {}
                _ if !line.ends_with(b"\n") && line.len() as u64 == MAX_LINE => {
                    let message = format!("a line of more than {MAX_LINE} bytes");
                    return Err(files::wrong(file, number, Kind::TooLarge, message));
                }
                _ => {
                    let stored = serde_json::from_slice(&line);
                    let stored = stored.map_err(|error| files::not_json(file, number, &error))?;
                    let taken = self.take(stored, person);
                    taken.map_err(|(kind, message)| files::wrong(file, number, kind, message))?;
                }
            }
        }
        Ok(())
    }

    /// Hands over the cases of the last person.
    pub fn finish(&mut self, person: &mut impl FnMut(Vec<Stored>)) {
        if !self.cases.is_empty() {
            person(std::mem::take(&mut self.cases));
        }
    }

    fn take(&mut self, stored: Stored, person: &mut impl FnMut(Vec<Stored>)) -> Result<(), (Kind, String)> {
        let same = self.cases.last().is_some_and(|last| last.person == stored.person);
        if !same {
            self.finish(person);
            if !self.done.insert(self.hasher.hash_one(&stored.person)) {
                let id = &stored.id;
                let message =
                    format!("case {id}: cases of its person stand apart; sort the history by person");
                return Err((Kind::DuplicateValue, message));
            }
        } else if self.cases.len() >= MAX_OF_PERSON {
            return Err((Kind::TooLarge, format!("more than {MAX_OF_PERSON} cases of one person")));
        }
        self.cases.push(stored);
        Ok(())
    }
}

/// Cases written by hand: each case of the file is a person, whose visits find what those before them added.
fn stored(file: &Path, example: &Example, draft: &Policy) -> Vec<Stored> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let of_visit = |(index, visit)| Stored {
        person: format!("{name} {}", example.id),
        id: format!("{} {}", example.id, index + 1),
        case: example.case(draft, visit, &BTreeMap::new()),
        added: Some(BTreeMap::new()),
    };
    example.visits.iter().enumerate().map(of_visit).collect()
}
