//! All documents together, and the rule that decides.

use std::sync::Arc;

use chrono::NaiveDate;
use yizhan_terms::Area;

use crate::document::{Dated, Document, Families, Family};
use crate::read::load;

/// All documents together, later published ones last. Cheap to clone.
#[derive(Debug)]
pub struct Rules<F> {
    documents: Vec<Arc<Document<F>>>,
}

impl<F> Clone for Rules<F> {
    fn clone(&self) -> Self {
        Rules { documents: self.documents.clone() }
    }
}

impl<F> Default for Rules<F> {
    fn default() -> Self {
        Rules { documents: Vec::new() }
    }
}

/// No rule of this family is in force there on that day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoRule {
    /// The family's key.
    pub family: &'static str,
    /// Where.
    pub area: String,
    /// When.
    pub day: NaiveDate,
}

impl<F: Families> Rules<F> {
    /// The documents that come with the service. Reads them each time: [`RulesBook`](crate::RulesBook) keeps them.
    ///
    /// # Panics
    /// If one of them is not right, which a test of the service must find.
    #[expect(clippy::panic, reason = "what comes with the program is tested")]
    pub fn embedded() -> Rules<F> {
        let documents = F::embedded().iter().map(|(name, text)| match load(name, text) {
            Ok(document) => Arc::new(document),
            Err(problems) => panic!("{} that come with the service: {problems}", F::NAME),
        });
        Rules { documents: documents.collect() }
    }
}

impl<F> Rules<F> {
    /// With a document that goes before those already there.
    pub fn publish(&mut self, document: impl Into<Arc<Document<F>>>) {
        self.documents.push(document.into());
    }

    /// All of them.
    pub fn documents(&self) -> &[Arc<Document<F>>] {
        &self.documents
    }

    /// The rule that holds in an area on a day: the nearest area that has one, of several documents the latest published.
    ///
    /// # Errors
    /// Where no document speaks of it.
    pub fn find<R: Family<F>>(&self, area: &str, day: NaiveDate) -> Result<&Dated<R>, NoRule> {
        // Of what is no area, only the nation can know.
        let around = Area::parse(area).unwrap_or(Area::NATION).around();
        let found = around.into_iter().find_map(|around| {
            let documents = self.documents.iter().rev().filter(|document| document.area == around.as_str());
            let mut versions = documents.flat_map(|document| R::versions(&document.families));
            versions.find(|dated| dated.period.contains(day))
        });
        found.ok_or_else(|| NoRule { family: R::KEY, area: area.to_owned(), day })
    }

    /// A version of a document.
    pub fn version(&self, id: &str, version: &str) -> Option<&Document<F>> {
        let mut known = self.documents.iter();
        known.find(|known| known.id == id && known.version == version).map(Arc::as_ref)
    }

    /// The rule of this id, if its document is still known.
    pub fn by_id<R: Family<F>>(&self, id: &str) -> Option<&Dated<R>> {
        let documents = self.documents.iter().rev();
        documents.flat_map(|document| R::versions(&document.families)).find(|dated| dated.id == id)
    }
}
