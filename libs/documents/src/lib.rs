//! Documents that policy officers write, from the text to the row that decides. Pure: no I/O, no async, no clock.
//!
//! - [`read`] makes a tree of a YAML text whose every node knows its line and column. Whoever has a form of their own reads
//!   it with [`At`], [`Map`] and [`value`], and its authors are told everything that is wrong at once.
//! - [`Table`] and [`Row`] are dated decision tables. What rows ask is a vocabulary ([`Condition`]) of the document's own;
//!   who answers are [`Facts`].
//! - [`Document`] is a document by area that can be published. [`RulesDocument`] holds dated versions of families of rules:
//!
//! ```yaml
//! rules: zhuzhou-newborn
//! version: "1"
//! title: 株洲新生儿参保
//! area: "430200"
//! sources:
//!   doc: { title: 株医保发〔2026〕1号, quality: G }
//! newborn:
//!   - { from: 2026-01-01, source: doc, within_days: 180 }
//! ```
//!
//! A family (`newborn`) an area does not speak of is its city's, its province's, at last the nation's (100000); of several
//! documents of one area the latest published goes first.
//!
//! # A service with rules of its own
//!
//! ```
//! use yizhan_documents::{Map, Reader, Rules, families, value};
//!
//! /// 新生儿.
//! #[derive(Clone, Debug, PartialEq)]
//! pub struct Newborn {
//!     /// Paid within so many days after birth.
//!     pub within_days: i64,
//! }
//!
//! fn newborn(_reader: &Reader, map: &Map) -> Option<Newborn> {
//!     Some(Newborn { within_days: map.required("within_days", |at| value::whole(at, 0, 366))? })
//! }
//!
//! families! {
//!     /// What a document of entitlement rules may hold.
//!     pub struct Entitlement, called "待遇规则", embedded &[("100000-national.yaml", NATIONAL)] => {
//!         newborn: Newborn = "newborn", read newborn, keys ["within_days"];
//!     }
//! }
//!
//! const NATIONAL: &str = "
//! rules: national
//! version: '1'
//! title: 全国
//! area: '100000'
//! sources: { doc: { title: 国办发〔2024〕38号, quality: G } }
//! newborn: [{ from: 2025-01-01, source: doc, within_days: 90 }]
//! ";
//!
//! let rules = Rules::<Entitlement>::embedded();
//! let rule = rules.find::<Newborn>("430203".parse().unwrap(), "2026-05-01".parse().unwrap()).unwrap();
//! assert_eq!(rule.rule.within_days, 90);
//! assert_eq!(rule.id, "national@1/newborn/2025-01-01");
//! assert_eq!(rule.citation, "国办发〔2024〕38号");
//! ```
//!
//! Files of a folder are embedded with `include_dir!` and [`texts`]. A read function reports what is wrong to the place it
//! stands at and gives `None` then; what the key `source` of the version does is done for it, and rows with sources of their
//! own ask [`Reader::sources`].

pub mod calendar;
mod chinese;
mod condition;
mod document;
mod families;
mod node;
mod period;
mod problem;
mod range;
mod read;
mod region;
mod rules;
mod signs;
mod sink;
mod source;
mod suggest;
mod table;
mod treatment;
mod typed;
pub mod value;
mod yaml;

pub use chinese::chinese;
pub use condition::{Condition, Facts, Scope, condition_words, when};
pub use document::{Document, Documents, Head, digest, texts};
pub use families::{Dated, Families, Family, Reader};
pub use node::{At, Map};
pub use period::Period;
pub use problem::{Kind, Problem, Problems};
pub use range::Range;
pub use read::{RulesDocument, load};
pub use region::Region;
pub use rules::{NoRule, Rules};
pub use source::{QUALITY_MARKS, Source, SourceIndex, Sources};
pub use suggest::closest;
pub use table::{Ambiguous, Known, OTHERWISE, Row, Table, TableVersion, Values, decide};
pub use treatment::TREATMENT;
pub use typed::{decode, half_width, unreadable};

/// Largest document, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;
/// Deepest nesting.
pub const MAX_DEPTH: usize = 32;
/// Most rows in one version of a table.
pub const MAX_ROWS: usize = 300;
/// Most entries of any list or mapping.
pub const MAX_LIST: usize = 1000;
/// Longest text, in characters.
pub const MAX_TEXT: usize = 2000;
/// Problems reported of one document.
pub const MAX_PROBLEMS: usize = 500;

/// Reads a document of any form. `file_name` only names it in problems; `form` reads the root, and answers `None` only after
/// it has reported why.
///
/// # Errors
/// Everything wrong with it, in order of position.
pub fn read<T>(
    file_name: &str,
    text: &str,
    form: impl for<'a> FnOnce(At<'a>) -> Option<T>,
) -> Result<T, Problems> {
    read_with_findings(file_name, text, form).map(|(document, _)| document)
}

/// The same, with what was found that does not keep the document from being read, in order of position.
///
/// # Errors
/// Everything wrong with it, in order of position.
pub fn read_with_findings<T>(
    file_name: &str,
    text: &str,
    form: impl for<'a> FnOnce(At<'a>) -> Option<T>,
) -> Result<(T, Vec<Problem>), Problems> {
    read_joined(file_name, &[text], &[], form)
}

/// The same of several texts that are one document: what the later ones say under these keys, which are lists or mappings, stands behind what
/// the first says there; nothing else of them is read. Lines are those of each text.
///
/// # Errors
/// Everything wrong with it, in order of position.
pub fn read_joined<T>(
    file_name: &str,
    texts: &[&str],
    keys: &[&str],
    form: impl for<'a> FnOnce(At<'a>) -> Option<T>,
) -> Result<(T, Vec<Problem>), Problems> {
    let sink = sink::Sink::new(file_name);
    let mut root: Option<yaml::Node> = None;
    for text in texts {
        match (&mut root, yaml::read(text, &sink)) {
            (Some(root), Some(other)) => root.join(other, keys),
            (none, read) => *none = read,
        }
    }
    let document = root.and_then(|root| form(At::root(&root, &sink)));
    sink.finish(document)
}
