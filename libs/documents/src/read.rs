//! Reads a document of rules and reports everything wrong with it at once, with line and column.

use yizhan_terms::Area;

use crate::document::{Document, Head, digest};
use crate::families::{Families, Reader};
use crate::node::At;
use crate::problem::{Kind, Problems};
use crate::source::Sources;
use crate::value;

const HEAD: [&str; 5] = ["rules", "version", "title", "area", "sources"];

/// One document, with the families of rules `F`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesDocument<F> {
    /// Its name, e.g. `national-entitlement`.
    pub id: String,
    /// Its version: published once, never changed.
    pub version: String,
    /// What it is called.
    pub title: String,
    /// The area it holds in.
    pub area: Area,
    /// SHA-256 of its text, in hexadecimal.
    pub digest: String,
    /// Its rules.
    pub families: F,
}

impl<F: Families> Document for RulesDocument<F> {
    const NAME: &'static str = F::NAME;

    fn read(file_name: &str, text: &str) -> Result<Self, Problems> {
        load(file_name, text)
    }

    fn head(&self) -> Head<'_> {
        Head {
            id: &self.id,
            version: &self.version,
            title: &self.title,
            areas: std::slice::from_ref(&self.area),
            digest: &self.digest,
            scheme: None,
            period: None,
            composite: None,
        }
    }

    fn embedded() -> &'static [(&'static str, &'static str)] {
        F::embedded()
    }
}

/// Reads a document of rules. `file_name` only names it in problems.
///
/// # Errors
/// Everything wrong with it, in order of position.
pub fn load<F: Families>(file_name: &str, text: &str) -> Result<RulesDocument<F>, Problems> {
    crate::read(file_name, text, |root| document(&root, text))
}

fn document<F: Families>(root: &At, text: &str) -> Option<RulesDocument<F>> {
    let keys: Vec<&str> = HEAD.iter().chain(F::KEYS).copied().collect();
    let map = root.map(&keys)?;
    let id = map.required("rules", |at| value::name(&at).map(str::to_owned));
    let version = map.required("version", |at| value::version(&at).map(str::to_owned));
    let title = map.required("title", |at| at.text().map(str::to_owned));
    let area = map.required("area", |at| value::area(&at, "an area (admdvs)"));
    let sources = map.required("sources", |at| Sources::read(&at));
    let reader = Reader {
        name: format!("{}@{}", id.as_deref().unwrap_or_default(), version.as_deref().unwrap_or_default()),
        sources: sources.unwrap_or_default(),
    };
    let families = F::read(&reader, &map);
    if !F::KEYS.iter().any(|family| map.get(family).is_some()) {
        return root.problem(Kind::MissingKey, format!("no rules: one of `{}`", F::KEYS.join("`, `")));
    }
    reader.sources.report_unused();
    Some(RulesDocument {
        id: id?,
        version: version?,
        title: title?,
        area: area?,
        digest: digest(text),
        families: families?,
    })
}
