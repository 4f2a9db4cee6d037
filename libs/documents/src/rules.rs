//! All documents of rules together, and the rule that decides.

use chrono::NaiveDate;
use yizhan_terms::Area;

use crate::document::Documents;
use crate::families::{Dated, Family};
use crate::read::RulesDocument;

/// All documents of rules together, later published ones last.
pub type Rules<F> = Documents<RulesDocument<F>>;

/// No rule of this family is in force there on that day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoRule {
    /// The family's key.
    pub family: &'static str,
    /// Where.
    pub area: Area,
    /// When.
    pub day: NaiveDate,
}

impl<F> Documents<RulesDocument<F>> {
    /// The rule that holds in an area on a day: the nearest area that has one, of several documents the latest published.
    ///
    /// # Errors
    /// Where no document speaks of it.
    pub fn find<R: Family<F>>(&self, area: Area, day: NaiveDate) -> Result<&Dated<R>, NoRule> {
        let found = area.around().find_map(|around| {
            let documents = self.documents().iter().rev().filter(|document| document.area == around);
            let mut versions = documents.flat_map(|document| R::versions(&document.families));
            versions.find(|dated| dated.period.contains(day))
        });
        found.ok_or(NoRule { family: R::KEY, area, day })
    }

    /// The rule of this id, if its document is still known.
    pub fn by_id<R: Family<F>>(&self, id: &str) -> Option<&Dated<R>> {
        let documents = self.documents().iter().rev();
        documents.flat_map(|document| R::versions(&document.families)).find(|dated| dated.id == id)
    }
}
