//! The published documents that values are cited from.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::node::At;
use crate::problem::Kind;
use crate::suggest::closest;
use crate::value::{name, whole};

/// Quality marks of sources.
pub const QUALITY_MARKS: &str = "GHNRAOP";

/// Years a source may be of.
const FIRST_YEAR: i64 = 1949;
const LAST_YEAR: i64 = 9999;

/// Place of a source in the list of its document.
pub type SourceIndex = usize;

/// A published document that values are cited from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Key used by the versions and rows of the document.
    pub id: String,
    /// Title, document number (文号) or description of the page.
    pub title: String,
    /// Address, when the source has one.
    pub url: Option<String>,
    /// Quality mark: G government, H hospital insurance office, N newspaper, R local portal,
    /// A aggregator, O open-source compilation; P an assumption of the project's own.
    pub quality: char,
    /// The last year its values were published for; `None`: it does not say, and nothing is told of its age.
    pub of: Option<i32>,
}

/// The sources a document declares, and which of them were cited so far. One that could not be read can still be cited, so
/// that its uses are not reported as well.
#[derive(Default)]
pub struct Sources<'a> {
    declared: Vec<(At<'a>, Option<Source>)>,
    cited: RefCell<BTreeSet<SourceIndex>>,
}

impl<'a> Sources<'a> {
    /// Reads the mapping of sources.
    pub fn read(at: &At<'a>) -> Option<Sources<'a>> {
        let entries = at.entries()?;
        if entries.is_empty() {
            return at.problem(Kind::EmptyList, "nothing is declared here");
        }
        let declared = entries.into_iter().map(|(key, value)| {
            let source = source(&key, &value);
            (key, source)
        });
        Some(Sources { declared: declared.collect(), cited: RefCell::default() })
    }

    /// The source named here, which counts as cited; reports one that is not declared. Where none could be read nothing is
    /// said: it was reported where they should have been declared.
    pub fn cite(&self, at: &At) -> Option<SourceIndex> {
        let name = at.text()?;
        if self.declared.is_empty() {
            return None;
        }
        let known = || self.declared.iter().map(|(key, _)| key.raw().unwrap_or_default());
        let Some(index) = known().position(|known| known == name) else {
            let message = format!("no source `{name}` is declared{}", closest(name, known()));
            return at.problem(Kind::UnknownSource, message);
        };
        self.cited.borrow_mut().insert(index);
        Some(index)
    }

    /// Title and number of a source; empty where it could not be read.
    pub fn title(&self, index: SourceIndex) -> &str {
        let source = self.declared.get(index).and_then(|(_, source)| source.as_ref());
        source.map_or("", |source| &source.title)
    }

    /// The titles of all.
    pub fn titles(&self) -> Vec<String> {
        (0..self.declared.len()).map(|index| self.title(index).to_owned()).collect()
    }

    /// Reports those that nothing cites.
    pub fn report_unused(&self) {
        let cited = self.cited.borrow();
        for (_, (key, _)) in self.declared.iter().enumerate().filter(|(index, _)| !cited.contains(index)) {
            let name = key.raw().unwrap_or_default();
            key.problem::<()>(Kind::UnusedSource, format!("nothing cites the source `{name}`"));
        }
    }

    /// All of them, if all could be read.
    pub fn finish(self) -> Option<Vec<Source>> {
        self.declared.into_iter().map(|(_, source)| source).collect()
    }
}

fn source(key: &At, at: &At) -> Option<Source> {
    let id = name(key);
    let map = at.map(&["title", "url", "quality", "of"])?;
    let title = map.required("title", |at| at.text());
    let url = map.optional("url", |at| url(&at));
    let quality = map.required("quality", |at| quality(&at));
    let of = map
        .optional("of", |at| whole(at, FIRST_YEAR, LAST_YEAR))
        .map(|of| of.and_then(|year| i32::try_from(year).ok()));
    Some(Source { id: id?.to_owned(), title: title?.to_owned(), url: url?, quality: quality?, of: of? })
}

fn url(at: &At) -> Option<String> {
    let text = at.text()?;
    if text.starts_with("https://") || text.starts_with("http://") {
        return Some(text.to_owned());
    }
    at.problem(Kind::InvalidValue, format!("`{text}` is not an address: http://… or https://…"))
}

fn quality(at: &At) -> Option<char> {
    let text = at.text()?;
    let mark = QUALITY_MARKS.chars().find(|mark| text.chars().eq([*mark]));
    mark.or_else(|| {
        let message = format!("unknown quality mark `{text}`; one of the letters {QUALITY_MARKS}");
        at.problem(Kind::UnknownCode, message)
    })
}
