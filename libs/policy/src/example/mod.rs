//! Cases with what must come out of them: one person, visits one after the other. `yizhan policy test`, the cases beside shipped
//! documents and the conformance tests are read, settled and compared by this one module.

mod compare;
mod expect;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use yizhan_terms::{Area, Insutype};

pub use compare::Difference;
pub use expect::{Expect, Refused};

use crate::case::{Account, Accumulated, Case, Counted, Line, PaidElsewhere, Person, Visit};
use crate::engine::policy_year;
use crate::model::Policy;
use crate::outcome::Outcome;
use crate::{explain_outcome, explain_stopped, settle_as_far};

/// A person's visits, and what is expected of each.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// Its name in the file: `id`, or else `title`, or the number of the case.
    pub id: String,
    /// Id of the published worked example it is.
    pub example: Option<String>,
    /// Where the numbers were published.
    pub source: Option<String>,
    /// The policy it names: a file beside it, or `shipped/NAME`. Without one it is found by area, scheme and day.
    pub policy: Option<String>,
    /// Pooling area; that of the named policy where the case says none.
    pub area: Option<Area>,
    /// Scheme; that of the named policy where the case says none.
    pub scheme: Option<Insutype>,
    /// Line of the file it stands on.
    pub line: usize,
    /// Who.
    pub person: Person,
    /// The visits, each of which finds what those before it accumulated. Never empty.
    pub visits: Vec<ExpectedVisit>,
}

/// A visit, and what must come out.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpectedVisit {
    /// Where and when.
    pub visit: Visit,
    /// What was done.
    pub lines: Vec<Line>,
    /// What others paid of the bill already.
    pub paid_elsewhere: Vec<PaidElsewhere>,
    /// The personal accounts that may pay.
    pub account: Account,
    /// What was accumulated before, beside what earlier visits of the case added.
    pub given: Given,
    /// What must come out; `None` only where a case is settled, not tested.
    pub expect: Option<Expect>,
}

/// Totals that a case begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Of the policy year of the visit.
    pub this_year: Accumulated,
    /// By policy year.
    pub years: BTreeMap<NaiveDate, Accumulated>,
}

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tested {
    /// [`Example::id`]
    pub case: String,
    /// Visits that were settled or refused.
    pub visits: usize,
    /// What is not as expected; empty when all is.
    pub differences: Vec<VisitDifference>,
    /// How the visits that differ came about, in words, for who asks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub explained: Vec<String>,
}

/// A difference, and at which visit of the case; the first is 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VisitDifference {
    /// Number of the visit.
    pub visit: usize,
    /// What differs.
    #[serde(flatten)]
    pub difference: Difference,
}

impl Example {
    /// Settles the visits one after the other, each with what the earlier ones accumulated, and compares. `policy_of` tells the policy of a
    /// visit; what it cannot tell is a difference.
    pub fn test<'p>(
        &self,
        policy_of: impl Fn(&Example, NaiveDate) -> Result<&'p Policy, String>,
        explain: bool,
    ) -> Tested {
        let mut carried = BTreeMap::new();
        let mut tested = Tested {
            case: self.id.clone(),
            visits: self.visits.len(),
            differences: vec![],
            explained: vec![],
        };
        for (index, visit) in self.visits.iter().enumerate() {
            let (differences, words) = match policy_of(self, visit.visit.end) {
                Ok(policy) => visit.test(policy, &self.case(policy, visit, &carried), &mut carried, explain),
                Err(none) => (vec![Difference::of_policy(none)], None),
            };
            tested.explained.extend(words);
            let of_visit = |difference| VisitDifference { visit: index + 1, difference };
            tested.differences.extend(differences.into_iter().map(of_visit));
        }
        tested
    }

    /// The engine's case of a visit.
    pub fn case(
        &self,
        policy: &Policy,
        visit: &ExpectedVisit,
        carried: &BTreeMap<NaiveDate, Accumulated>,
    ) -> Case {
        Case {
            area: self.area.unwrap_or(policy.areas[0]),
            scheme: self.scheme.unwrap_or(policy.schemes[0]),
            person: self.person.clone(),
            visit: visit.visit.clone(),
            lines: visit.lines.clone(),
            paid_elsewhere: visit.paid_elsewhere.clone(),
            accumulated: visit.given.beside(carried, policy_year(policy, visit.visit.end)),
            account: visit.account.clone(),
            counted: Counted::Claims,
            earlier: None,
        }
    }
}

impl ExpectedVisit {
    fn test(
        &self,
        policy: &Policy,
        case: &Case,
        carried: &mut BTreeMap<NaiveDate, Accumulated>,
        explain: bool,
    ) -> (Vec<Difference>, Option<String>) {
        let settled = settle_as_far(policy, case);
        if let Ok(outcome) = &settled {
            carry(outcome, carried);
        }
        let differences = self.expect.as_ref().map_or_else(Vec::new, |expect| expect.compare(&settled));
        let asked = explain && !differences.is_empty();
        let words = asked.then(|| match &settled {
            Ok(outcome) => explain_outcome(policy, outcome),
            Err(stopped) => explain_stopped(policy, stopped),
        });
        (differences, words)
    }
}

/// Adds what a visit accumulated.
fn carry(outcome: &Outcome<'_>, carried: &mut BTreeMap<NaiveDate, Accumulated>) {
    for change in &outcome.changes {
        let year = carried.entry(change.policy_year).or_default();
        *year.entry(change.accumulator.to_string()).or_default() += change.added;
    }
}

impl Given {
    /// These totals and what was carried.
    fn beside(
        &self,
        carried: &BTreeMap<NaiveDate, Accumulated>,
        this_year: NaiveDate,
    ) -> BTreeMap<NaiveDate, Accumulated> {
        let mut all = carried.clone();
        let years = self.years.iter().map(|(year, totals)| (*year, totals));
        for (year, totals) in years.chain([(this_year, &self.this_year)]) {
            for (name, total) in totals {
                *all.entry(year).or_default().entry(name.clone()).or_default() += total;
            }
        }
        all
    }
}
