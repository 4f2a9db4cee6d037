//! Rows of a decision table for documents that are no policies, with the conditions and the checks of
//! policies: `rows: [ { when: { filing: [referral], in_province: false }, points: -10, source: card } ]`.

use super::names::{Declared, Names, Used};
use super::node::At;
use super::problem::Kind;
use super::suggest::closest;
use super::table::{Scope, Values, rows};
use crate::model::{Row, SourceIndex};

/// What the rows of one table may say. Rows of equal rank that can match the same case, and rows that
/// no case can match, are reported as in policies; which row decides, [`crate::decide`] answers.
pub struct DecisionRows<'f, T> {
    /// What rows may ask, out of [`super::form::CONDITIONS`]; anything else is reported as misplaced. `nth`
    /// counts visits by a policy's accumulators, which other documents do not have.
    pub conditions: &'f [&'f str],
    /// Key and title of the published documents that rows may cite. Empty only where they could not be
    /// read, which was reported.
    pub sources: &'f [(String, String)],
    /// What a row cites that names no `source` of its own: its place in `sources`.
    pub source: Option<SourceIndex>,
    /// How the value of a row is written.
    pub values: &'f Values<T>,
}

impl<T> DecisionRows<'_, T> {
    /// Reads the list of rows. [`Row::source`] is a place in `sources`, [`Row::when`] holds the
    /// conditions, [`Row::value`] what the paper gives or why it does not.
    pub fn read<'a>(&self, at: &At<'a>) -> Option<Vec<Row<T>>> {
        let declared =
            |(key, _): &(String, String)| Declared { name: key.clone(), at: at.clone(), value: None };
        let names = Names {
            sources: self.sources.iter().map(declared).collect(),
            accumulators: Vec::new(),
            layers: Vec::new(),
            used: Used::default(),
        };
        let scope =
            Scope { names: &names, period: None, when: Vec::new(), layer: 0, conditions: self.conditions };
        rows(at, Some(self.source), &scope, self.values)
    }
}

/// The place in `sources` of the key that stands here.
pub fn source(at: &At, sources: &[(String, String)]) -> Option<SourceIndex> {
    let key = at.text()?;
    sources.iter().position(|(name, _)| name == key).or_else(|| {
        let hint = closest(key, sources.iter().map(|(name, _)| name.as_str()));
        at.problem(Kind::UnknownSource, format!("no source `{key}` is declared{hint}"))
    })
}
