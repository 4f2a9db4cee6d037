//! A policy with visits, and what is carried from one visit to the next.

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use proptest::prelude::*;
use yizhan_policy::case::Accumulated;
use yizhan_policy::{Case, Outcome, Policy};

use crate::generate::{Choices, document, tape, visits};

/// A random policy and visits of one person. Printed as what one would write by hand.
pub struct Scenario {
    pub policy: Policy,
    pub visits: Vec<Case>,
    /// For further choices of a property.
    pub more: Vec<u32>,
}

impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{}", document(&self.policy))?;
        for visit in &self.visits {
            writeln!(f, "{}", serde_json::to_string(visit).map_err(|_| fmt::Error)?)?;
        }
        write!(f, "{:?}", self.more)
    }
}

/// Random scenarios with so many visits.
pub fn scenarios(make: fn(&mut Choices) -> Policy, count: usize) -> impl Strategy<Value = Scenario> {
    let parts = (tape(400), tape(150 * count), tape(40));
    parts.prop_map(move |(policy, cases, more)| {
        let policy = make(&mut Choices::new(policy));
        let visits = visits(&mut Choices::new(cases), &policy, count);
        Scenario { policy, visits, more }
    })
}

/// So many cases, times `YIZHAN_PROPERTY_TIMES` for a long run. Without files of failures: a
/// failure prints its policy and case, which belong into a test of their own.
pub fn cases(count: u32) -> ProptestConfig {
    let times = std::env::var("YIZHAN_PROPERTY_TIMES").ok().and_then(|times| times.parse().ok()).unwrap_or(1);
    ProptestConfig {
        cases: count * times,
        failure_persistence: None,
        max_shrink_iters: 4_000,
        ..Default::default()
    }
}

/// What is accumulated, by policy year.
pub type Years = BTreeMap<NaiveDate, Accumulated>;

/// Adds what an outcome changed; `times` is -1 for a reversal.
pub fn carry(years: &mut Years, outcome: &Outcome<'_>, times: i64) {
    for change in &outcome.changes {
        let year = years.entry(change.policy_year).or_default();
        *year.entry(change.accumulator.to_string()).or_insert(0) += times * change.added;
    }
}

/// The case as it is settled when so much is accumulated.
pub fn given(case: &Case, years: &Years) -> Case {
    Case { accumulated: years.clone(), ..case.clone() }
}
