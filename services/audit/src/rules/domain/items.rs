//! Items as documents name them: codes, prefixes of codes, names of the catalogue; and where a code is looked up without walking over all.

use std::collections::HashMap;

use yizhan_documents::{At, Kind};

use super::Line;

/// A code or a name, or what codes begin with (`XA02BC*`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// All of it.
    Exact(Box<str>),
    /// Its beginning.
    Prefix(Box<str>),
}

impl Pattern {
    /// Reads one.
    pub fn read(at: &At) -> Option<Pattern> {
        let text = at.text()?;
        let (prefix, is_prefix) = text.strip_suffix('*').map_or((text, false), |prefix| (prefix, true));
        if prefix.contains('*') || (prefix.is_empty() && !is_prefix) {
            return at
                .problem(Kind::InvalidValue, format!("`{text}` is no code: a * stands at its end only"));
        }
        Some(if is_prefix { Pattern::Prefix(prefix.into()) } else { Pattern::Exact(prefix.into()) })
    }
}

/// What is found by the texts that patterns match.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Index {
    exact: HashMap<Box<str>, Vec<u32>>,
    prefixes: HashMap<Box<str>, Vec<u32>>,
    /// How long prefixes are.
    lengths: Vec<usize>,
}

impl Index {
    /// `value` is found by what this pattern matches.
    pub fn insert(&mut self, pattern: &Pattern, value: u32) {
        match pattern {
            Pattern::Exact(text) => self.exact.entry(text.clone()).or_default().push(value),
            Pattern::Prefix(text) => {
                self.prefixes.entry(text.clone()).or_default().push(value);
                if let Err(at) = self.lengths.binary_search(&text.len()) {
                    self.lengths.insert(at, text.len());
                }
            }
        }
    }

    /// What is found by a text.
    pub fn find<'i>(&'i self, text: &'i str) -> impl Iterator<Item = u32> + 'i {
        let cut = |length: &usize| self.prefixes.get(text.get(..*length)?);
        let prefixes = self.lengths.iter().filter_map(cut);
        self.exact.get(text).into_iter().chain(prefixes).flatten().copied()
    }
}

/// Some items.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Items {
    patterns: Vec<Pattern>,
    index: Index,
}

impl Items {
    /// Reads one, or a list.
    pub fn read(at: &At) -> Option<Items> {
        let patterns = match at.is_list() {
            true => at.set_of(|at| Pattern::read(&at))?,
            false => vec![Pattern::read(at)?],
        };
        let mut index = Index::default();
        patterns.iter().for_each(|pattern| index.insert(pattern, 0));
        Some(Items { patterns, index })
    }

    /// As the document names them.
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// Those that are names, or beginnings of names: what is not ASCII.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let texts = self.patterns.iter().map(|pattern| match pattern {
            Pattern::Exact(text) | Pattern::Prefix(text) => text.as_ref(),
        });
        texts.filter(|text| !text.is_ascii())
    }

    /// Whether a code or name is among them.
    pub fn has(&self, text: &str) -> bool {
        self.index.find(text).next().is_some()
    }

    /// Whether a line is of one of them.
    pub fn are_of(&self, line: &Line) -> bool {
        self.has(&line.code) || (!line.name.is_empty() && self.has(&line.name))
    }
}

/// Names of a list that are printed; the rest is counted.
const PRINTED: usize = 5;

impl Items {
    /// As people read it: the first few.
    pub fn words(&self) -> String {
        let word = |pattern: &Pattern| match pattern {
            Pattern::Exact(text) => text.to_string(),
            Pattern::Prefix(text) => format!("{text}*"),
        };
        let mut words = self.patterns.iter().take(PRINTED).map(word).collect::<Vec<_>>().join("、");
        if self.patterns.len() > PRINTED {
            words.push_str(&format!(" 等 {} 项", self.patterns.len()));
        }
        words
    }
}
