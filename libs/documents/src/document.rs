//! Documents that can be published, and all of them together.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use include_dir::Dir;
use sha2::{Digest, Sha256};
use yizhan_terms::{Area, Insutype};

use crate::period::Period;
use crate::problem::{Problem, Problems};

/// A document by area that can be published: once, and never changed.
pub trait Document: Sized + Send + Sync + 'static {
    /// What such documents are called, in Chinese: 待遇规则.
    const NAME: &'static str;

    /// Reads one. `file_name` only names it in problems.
    ///
    /// # Errors
    /// Everything wrong with it, in order of position.
    fn read(file_name: &str, text: &str) -> Result<Self, Problems>;

    /// What it is, without what it says.
    fn head(&self) -> Head<'_>;

    /// The documents that come with the program, as file name and text. They go before all that are published.
    fn embedded() -> &'static [(&'static str, &'static str)];

    /// What was found in it that did not keep it from being read: warnings, and what must not be published (any more) but was.
    fn findings(&self) -> Vec<Problem> {
        Vec::new()
    }

    /// What is wrong with publishing it beside those published before.
    fn conflicts(&self, _published: &Documents<Self>) -> Vec<Problem> {
        Vec::new()
    }

    /// What it says together with documents published before, where some stand beside others: each such is found by its own id and version,
    /// which no published document has.
    fn joined(&self, _published: &Documents<Self>) -> Vec<Self> {
        Vec::new()
    }
}

/// What a document is, without what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head<'d> {
    /// Its name, e.g. `national-entitlement`.
    pub id: &'d str,
    /// Its version: published once, never changed.
    pub version: &'d str,
    /// What it is called.
    pub title: &'d str,
    /// The areas it holds in.
    pub areas: &'d [Area],
    /// SHA-256 of its text, in hexadecimal.
    pub digest: &'d str,
    /// The scheme it is for; `None` for all.
    pub scheme: Option<Insutype>,
    /// When it is in force; `None` where its versions say so themselves.
    pub period: Option<Period>,
    /// Says why, when it is assembled from several areas and is no area's own.
    pub composite: Option<&'d str>,
}

/// All documents together, later published ones last. Cheap to clone.
#[derive(Debug)]
pub struct Documents<D> {
    documents: Vec<Arc<D>>,
    /// What several of them say together ([`Document::joined`]).
    joined: Vec<Arc<D>>,
}

impl<D> Clone for Documents<D> {
    fn clone(&self) -> Self {
        Documents { documents: self.documents.clone(), joined: self.joined.clone() }
    }
}

impl<D> Default for Documents<D> {
    fn default() -> Self {
        Documents { documents: Vec::new(), joined: Vec::new() }
    }
}

impl<D> Documents<D> {
    /// What several of them say together, in the order it came to be.
    pub fn joined(&self) -> &[Arc<D>] {
        &self.joined
    }

    /// All of them.
    pub fn documents(&self) -> &[Arc<D>] {
        &self.documents
    }
}

impl<D: Document> FromIterator<D> for Documents<D> {
    fn from_iter<I: IntoIterator<Item = D>>(documents: I) -> Self {
        let mut all = Documents::default();
        documents.into_iter().for_each(|document| all.publish(document));
        all
    }
}

impl<D: Document> Documents<D> {
    /// The documents that come with the program, read each time.
    ///
    /// # Panics
    /// If one of them is not right, which a test must find.
    #[expect(clippy::panic, reason = "the program's own documents are wrong: nothing can be decided")]
    pub fn embedded() -> Documents<D> {
        let read = |(name, text): &(&str, &str)| match D::read(name, text) {
            Ok(document) => document,
            Err(problems) => panic!("{} that come with the program: {problems}", D::NAME),
        };
        D::embedded().iter().map(read).collect()
    }

    /// With a document that goes before those already there.
    pub fn publish(&mut self, document: impl Into<Arc<D>>) {
        let document = document.into();
        for joined in document.joined(self) {
            let head = joined.head();
            if self.version(head.id, head.version).is_none() {
                self.joined.push(Arc::new(joined));
            }
        }
        self.documents.push(document);
    }

    /// A version of a document, or of what several say together.
    pub fn version(&self, id: &str, version: &str) -> Option<&Arc<D>> {
        let is = |head: Head| head.id == id && head.version == version;
        self.documents.iter().chain(&self.joined).find(|document| is(document.head()))
    }
}

/// SHA-256 of a document's text, in hexadecimal.
pub fn digest(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}

/// The documents in a folder (`*.yaml`), as file name and text, in order of name.
pub fn texts(folder: &Dir<'static>) -> Vec<(&'static str, &'static str)> {
    let named = folder.files().filter_map(|file| Some((file.path().to_str()?, file.contents_utf8()?)));
    let mut files: Vec<_> = named.filter(|(name, _)| name.ends_with(".yaml")).collect();
    files.sort_unstable();
    files
}
