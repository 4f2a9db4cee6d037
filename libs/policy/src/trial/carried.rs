//! What a person's cases come to under one policy, for the cases after them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use yizhan_money::Fen;

use super::Stored;
use crate::case::{Accumulated, Case};
use crate::outcome::Outcome;

/// Totals by policy year.
#[derive(Default)]
pub(super) struct Totals(BTreeMap<NaiveDate, Accumulated>);

impl Totals {
    pub fn add<'a>(&mut self, changes: impl Iterator<Item = (NaiveDate, &'a str, i64)>) {
        for (year, name, added) in changes {
            let year = self.0.entry(year).or_default();
            match year.get_mut(name) {
                Some(total) => *total = total.saturating_add(added),
                None => drop(year.insert(name.to_owned(), added)),
            }
        }
    }
}

/// What the books held before the case that came from none of the cases here: totals of before them, of other settlements between them.
pub(super) fn base(stored: &Stored, recorded: &Totals) -> BTreeMap<NaiveDate, Accumulated> {
    let mut base = stored.case.accumulated.clone();
    let Some(_) = &stored.added else { return base };
    let of_parts = |year: &NaiveDate, name: &str| {
        // What a case was settled on does not hold what earlier parts of its own stay added.
        let earlier = stored.case.earlier.as_ref().and_then(|earlier| earlier.changes.get(year));
        earlier.and_then(|year| year.get(name)).copied().unwrap_or_default()
    };
    for (year, totals) in &recorded.0 {
        let held = base.entry(*year).or_default();
        for (name, added) in totals {
            let added = added.saturating_sub(of_parts(year, name));
            let total = held.entry(name.clone()).or_default();
            *total = total.saturating_sub(added);
        }
    }
    base
}

/// What is carried under one policy.
#[derive(Default)]
pub(super) struct Carried {
    /// What the cases added.
    added: Totals,
    /// Totals that stood before the first case of a policy year, where later cases do not tell what they were settled on.
    opening: BTreeMap<NaiveDate, Accumulated>,
    /// Deductible of basic insurance of each stay, and of those before it by transfer.
    charged: BTreeMap<String, Fen>,
}

impl Carried {
    /// The case as it stands after those before it. `told`: what it was settled on is recorded with what those before it added.
    pub fn case(&mut self, case: &Case, base: BTreeMap<NaiveDate, Accumulated>, told: bool) -> Case {
        let base = if told { base } else { self.opened(base) };
        let mut case = Case { accumulated: base, ..case.clone() };
        for (year, totals) in &self.added.0 {
            let held = case.accumulated.entry(*year).or_default();
            for (name, added) in totals {
                let total = held.entry(name.clone()).or_default();
                *total = total.saturating_add(*added);
            }
        }
        case.accumulated.values_mut().for_each(|year| year.retain(|_, total| *total != 0));
        case.accumulated.retain(|_, year| !year.is_empty());
        if let Some(previous) = &mut case.visit.previous
            && let Some(charged) = self.charged.get(&previous.setl_id)
        {
            previous.deductible_fen = *charged;
        }
        case
    }

    /// A year to which cases here added something has begun: what is recorded of it now is partly theirs.
    fn opened(&mut self, base: BTreeMap<NaiveDate, Accumulated>) -> BTreeMap<NaiveDate, Accumulated> {
        let begins = base.into_iter().filter(|(year, _)| !self.added.0.contains_key(year));
        for (year, totals) in begins {
            self.opening.entry(year).or_insert(totals);
        }
        self.opening.clone()
    }

    pub fn settled(&mut self, stored: &Stored, case: &Case, outcome: &Outcome<'_>) {
        self.added.add(
            outcome
                .changes
                .iter()
                .map(|change| (change.policy_year, change.accumulator.as_ref(), change.added)),
        );
        self.charged.insert(stored.id.clone(), charged(case, outcome));
    }
}

/// What was charged since the first of stays that follow one another by transfer: what was charged before counts on where some of it was taken
/// off here, or nothing was charged.
fn charged(case: &Case, outcome: &Outcome<'_>) -> Fen {
    let this = outcome.basic_deductible_fen();
    let mut steps = outcome
        .layers
        .iter()
        .filter_map(|layer| layer.deductible.as_ref())
        .flat_map(|charged| &charged.steps);
    let taken_off = steps.any(|step| step.kind == "less_previous");
    let before = case.visit.previous.as_ref().filter(|before| before.transferred);
    let before = before.filter(|_| taken_off || this == Fen::ZERO);
    this + before.map_or(Fen::ZERO, |before| before.deductible_fen)
}
