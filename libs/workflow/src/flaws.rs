//! What is wrong with a table: for the test that every table has.

use std::fmt::Debug;

use crate::table::{Step, To, Workflow};

impl<S, A, R, N> Workflow<S, A, R, N>
where
    S: Copy + PartialEq + Debug,
    A: Copy + PartialEq + Debug,
    R: Copy + PartialEq + Debug,
    N: Copy + PartialEq + Debug,
{
    /// Everything wrong with it, given all states there are; empty for a good one.
    pub fn flaws(&self, all: &[S]) -> Vec<String> {
        let mut flaws = Vec::new();
        let reached = self.reached();
        for state in all.iter().filter(|state| !reached.contains(state)) {
            flaws.push(format!("{state:?} is never reached"));
        }
        for state in all {
            let over = !self.steps.iter().any(|step| step.from.contains(state));
            if over != self.ends.contains(state) {
                flaws.push(format!("{state:?} {}", if over { "has no way out" } else { "is no end" }));
            }
        }
        for (at, step) in self.steps.iter().enumerate() {
            if step.from.is_empty() || step.by.is_empty() || matches!(step.to, To::OneOf([])) {
                flaws.push(format!("{:?}, row {at}, is no step", step.action));
            }
            if self.steps[..at].iter().any(|other| same(step, other)) {
                flaws.push(format!("{:?}, row {at}, repeats another", step.action));
            }
        }
        flaws
    }

    fn reached(&self) -> Vec<S> {
        let mut reached = self.begins.to_vec();
        let mut at = 0;
        while let Some(from) = reached.get(at).copied() {
            let steps = self.steps.iter().filter(|step| step.from.contains(&from));
            for state in steps.flat_map(|step| step.to.states(from)) {
                if !reached.contains(&state) {
                    reached.push(state);
                }
            }
            at += 1;
        }
        reached
    }
}

/// Whether somebody could take both, and nothing tells them apart.
fn same<S: PartialEq, A: PartialEq, R: PartialEq, N: PartialEq>(
    one: &Step<S, A, R, N>,
    other: &Step<S, A, R, N>,
) -> bool {
    one.action == other.action
        && one.needs == other.needs
        && one.from.iter().any(|state| other.from.contains(state))
        && one.by.iter().any(|role| other.by.contains(role))
}
