//! Somebody who moved within a policy year from one pooling area to another.

use yizhan_documents::{Map, rule};

use super::{Handling, handling};

rule! {
    /// What of a year's accumulators in the area that was left goes on in the new one, whose rule it is.
    pub struct Moves {
        /// Accumulators of the new area's policy that go on with what the other area's books say under the same name; `stays` is of every
        /// level.
        counts: Vec<String> = counts;
        /// What becomes of a visit where that area's books say something of the year that is not counted.
        otherwise: Handling = handling;
    }
}

fn counts(map: &Map, key: &str) -> Option<Vec<String>> {
    let listed = map.optional(key, |at| at.set_of(|at| at.text().map(str::to_owned)))?;
    Some(listed.unwrap_or_default())
}
