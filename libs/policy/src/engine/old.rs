//! Values that are older than the policy year they are applied in.

use chrono::Datelike;

use crate::model::Policy;
use crate::outcome::{LayerTrace, OldValue};

/// The sources of a year before that decided something of what entered a layer, each once.
pub(super) fn values<'a>(policy: &'a Policy, layers: &[LayerTrace<'a>]) -> Vec<OldValue<'a>> {
    let mut old: Vec<OldValue<'a>> = Vec::new();
    // Of what nothing entered, nothing was decided.
    let decided =
        layers.iter().filter(|layer| layer.applied && !(layer.base_fen.is_zero() && layer.paid_fen.0 == 0));
    for layer in decided {
        let policy_year = layer.policy_year.year();
        for cited in layer.citations() {
            let source = policy.sources.iter().find(|source| source.id == cited.source);
            let Some((source, of)) = source.and_then(|source| Some((source, source.of?))) else { continue };
            if of < policy_year && old.iter().all(|known| known.source != source.id) {
                old.push(OldValue { source: &source.id, title: &source.title, of, policy_year });
            }
        }
    }
    old
}
