//! What the entries of an institution come to by a scheme, as trials compare it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use yizhan_proto::credit::v1::Entry;
use yizhan_rules::months::last_of_year;

use super::domain::facts::{Facts, as_of};
use super::domain::score::score;
use super::domain::standing::Standing;
use super::propose::add_figures;
use crate::schemes::scorecard::Scorecard;

/// A score by a scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The grade.
    pub grade: String,
    /// Two digits.
    pub score: Decimal,
    /// What each indicator adds, by its code; below zero of a deduction.
    pub parts: BTreeMap<String, Decimal>,
}

/// The score of a year by what an area entered until a day, with what feeds say of what nobody imported; `None` of who is not assessed.
pub fn judge(
    entries: &[Entry],
    (scheme, year): (&Scorecard, i32),
    figures: Option<&BTreeMap<String, Decimal>>,
    day: NaiveDate,
) -> Option<Judged> {
    let area = entries.first()?.poolarea_no.as_str();
    let stands = as_of(entries, area, day);
    let stands: Vec<&Entry> = stands.iter().collect();
    if Standing::of(&stands).lacks(scheme.min_months, last_of_year(year), day).is_some() {
        return None;
    }
    let mut facts = Facts::of(&stands, scheme, year);
    add_figures(&mut facts, figures, scheme);
    let scored = score(&facts, scheme).ok()?;
    Some(Judged {
        grade: scored.grade(scheme).to_owned(),
        score: scored.score,
        parts: scored.parts.iter().map(|part| (part.indicator.to_owned(), part.points)).collect(),
    })
}
