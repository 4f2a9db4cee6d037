//! 连续参保、零报销激励: by how much a yearly limit is raised (国办发〔2024〕38号).

use std::collections::BTreeSet;

use chrono::Datelike;
use rust_decimal::Decimal;

use super::accumulators::Totals;
use super::facts::Facts;
use crate::case::{Accumulated, Continuity};
use crate::keys::Key;
use crate::model::{AccumulatorIndex, Books, Plus};
use crate::outcome::RaiseTrace;

/// The raise of a limit of which so much is used; nothing where enrollment told of none.
pub(super) fn raise<'a>(
    plus: Plus,
    (limit, used): (Decimal, Decimal),
    facts: &Facts<'a>,
    totals: &Totals<'a>,
) -> Option<RaiseTrace<'a>> {
    let told = facts.case.person.continuity.as_ref()?;
    let mut zero_claim = told.zero_claim_years.clone();
    if let Some(books) = plus.books {
        let books = InBooks { books, facts, totals };
        zero_claim.extend(told.open_years.iter().filter(|year| !books.hold_claims(**year)));
        if let Some(drawn) = books.last_drawn().filter(|_| told.use_clears) {
            zero_claim.retain(|year| *year > drawn);
        }
    }
    let raise_fen = raise_of(told, &zero_claim, limit);
    (!raise_fen.is_zero()).then(|| RaiseTrace {
        raise_fen,
        zero_claim_years: zero_claim.into_iter().collect(),
        open_without_fen: (limit - used).max(Decimal::ZERO),
        rule: &told.rule,
        citation: &told.citation,
    })
}

/// Years in a row and years without a claim together, within the limits: in yuan, and as a part of the cap, rounded down.
fn raise_of(told: &Continuity, zero_claim: &BTreeSet<i32>, limit: Decimal) -> Decimal {
    let years = Decimal::from(zero_claim.len());
    let all = told.years_fen.decimal() + told.per_zero_claim_year_fen.decimal() * years;
    let within = told.limit_fen.map_or(all, |most| all.min(most.decimal()));
    within.min((limit * Decimal::new(i64::from(told.limit_permille), 3)).floor())
}

/// What the person's accumulators say of calendar years, as far as they lie before the day.
struct InBooks<'f, 'a> {
    books: Books,
    facts: &'f Facts<'a>,
    totals: &'f Totals<'a>,
}

impl InBooks<'_, '_> {
    fn hold_claims(&self, year: i32) -> bool {
        let of_year = self.facts.case.accumulated.iter().filter(|(first, _)| first.year() == year);
        of_year.map(|(_, totals)| self.sum(self.books.claims, totals)).any(|sum| sum > 0)
    }

    /// The last year up to the day's own in which the raise was drawn on.
    fn last_drawn(&self) -> Option<i32> {
        let this = self.facts.day.year();
        if self.totals.now(self.books.drawn) > 0 {
            return Some(this);
        }
        let years = self.facts.case.accumulated.iter().filter(|(first, _)| first.year() <= this);
        years
            .filter(|(_, totals)| self.sum(self.books.drawn, totals) > 0)
            .map(|(first, _)| first.year())
            .max()
    }

    /// All levels together, where the accumulator keeps them apart.
    fn sum(&self, accumulator: AccumulatorIndex, totals: &Accumulated) -> i64 {
        let name = &self.facts.policy.accumulators[accumulator].name;
        let is_it = |key: &str| Key::of(key).name == name;
        totals.iter().filter(|(key, _)| is_it(key)).map(|(_, total)| total).sum()
    }
}
