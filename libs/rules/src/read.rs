//! Reads a document and reports everything wrong with it at once, with line and column.

use std::cell::RefCell;
use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use yizhan_policy::load::form::{self, At, Kind, Map};
use yizhan_policy::load::{Problems, QUALITY_MARKS};

use crate::document::{Dated, Document, Families, Family};
use yizhan_policy::model::Period;

const HEAD: [&str; 5] = ["rules", "version", "title", "area", "sources"];

/// Reads a document. `file_name` only names it in problems.
///
/// # Errors
/// Everything wrong with it, in order of position.
pub fn load<F: Families>(file_name: &str, text: &str) -> Result<Document<F>, Problems> {
    form::read(file_name, text, |root| document(&root, text))
}

fn document<F: Families>(root: &At, text: &str) -> Option<Document<F>> {
    let keys: Vec<&str> = HEAD.iter().chain(F::KEYS).copied().collect();
    let map = root.map(&keys)?;
    let id = map.required("rules", |at| form::name(&at).map(str::to_owned));
    let version = map.required("version", |at| form::version(&at).map(str::to_owned));
    let title = map.required("title", |at| at.text().map(str::to_owned));
    let area = map.required("area", |at| form::digits(&at, 6, "an area (admdvs)"));
    let sources = map.required("sources", |at| sources(&at));
    let reader = Reader {
        name: format!("{}@{}", id.as_deref().unwrap_or_default(), version.as_deref().unwrap_or_default()),
        sources: sources.unwrap_or_default(),
        cited: RefCell::default(),
    };
    let families = F::read(&reader, &map);
    if !F::KEYS.iter().any(|family| map.get(family).is_some()) {
        return root.problem(Kind::MissingKey, format!("no rules: one of `{}`", F::KEYS.join("`, `")));
    }
    reader.report_unused(&map);
    Some(Document {
        id: id?,
        version: version?,
        title: title?,
        area: area?,
        digest: hex::encode(Sha256::digest(text.as_bytes())),
        families: families?,
    })
}

/// A published document that rules are cited from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What versions and rows call it.
    pub key: String,
    /// Title and number (文号).
    pub title: String,
}

/// Each source; one with a problem, which was reported, can still be cited.
fn sources(at: &At) -> Option<Vec<Source>> {
    let read = |(key, value): &(At, At)| -> Option<Source> {
        let map = value.map(&["title", "url", "quality"])?;
        let title = map.required("title", |at| at.text().map(str::to_owned));
        let _ = map.optional("url", |at| at.text());
        let _ = map.required("quality", |at| quality(&at));
        Some(Source { key: form::name(key)?.to_owned(), title: title.unwrap_or_default() })
    };
    Some(at.entries()?.iter().filter_map(read).collect())
}

fn quality(at: &At) -> Option<()> {
    let mark = at.text()?;
    if mark.chars().count() == 1 && QUALITY_MARKS.contains(mark) {
        return Some(());
    }
    at.problem(Kind::UnknownCode, format!("unknown quality mark; one of the letters {QUALITY_MARKS}"))
}

/// What surrounds the families of a document being read.
#[derive(Debug)]
pub struct Reader {
    name: String,
    sources: Vec<Source>,
    cited: RefCell<BTreeSet<String>>,
}

impl Reader {
    /// The sources the document declares.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The title of the source that is named here, which counts as cited; reports one that is not declared.
    pub fn citation(&self, at: &At) -> Option<String> {
        let name = at.text()?;
        self.cited.borrow_mut().insert(name.to_owned());
        let source = self.sources.iter().find(|source| source.key == name);
        if source.is_none() && self.sources.is_empty() {
            return None; // reported where they should have been declared
        }
        source
            .map(|source| source.title.clone())
            .or_else(|| at.problem(Kind::UnknownSource, format!("no source `{name}` is declared")))
    }

    /// The versions of one family; none if the document does not speak of it. `keys` are those of a version beside `from`,
    /// `to` and `source`; no two versions may hold on one day.
    pub fn family<F, R: Family<F>>(
        &self,
        map: &Map,
        keys: &[&str],
        read: impl Fn(&Reader, &Map) -> Option<R>,
    ) -> Option<Vec<Dated<R>>> {
        let Some(at) = map.get(R::KEY) else { return Some(Vec::new()) };
        let keys: Vec<&str> = ["from", "to", "source"].into_iter().chain(keys.iter().copied()).collect();
        let mut earlier: Vec<Period> = Vec::new();
        at.list_of(|version| {
            let map = version.map(&keys)?;
            let period = form::period(&map, None);
            let citation = map.required("source", |at| self.citation(&at));
            let rule = read(self, &map);
            let period = period?;
            if earlier.iter().any(|other| other.overlaps(&period)) {
                return version.problem(Kind::TableOverlap, "holds on days of an earlier version");
            }
            earlier.push(period);
            let id = format!("{}/{}/{}", self.name, R::KEY, period.from);
            Some(Dated { period, id, citation: citation?, rule: rule? })
        })
    }

    fn report_unused(&self, map: &Map) {
        let Some(entries) = map.get("sources").and_then(|at| at.entries()) else { return };
        for (key, _) in entries {
            if form::name(&key).is_some_and(|name| !self.cited.borrow().contains(name)) {
                key.problem::<()>(Kind::UnusedSource, "nothing cites this source");
            }
        }
    }
}
