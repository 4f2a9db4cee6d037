//! Which kinds of care a policy speaks of: care that it does not speak of is refused, not paid nothing.

use chrono::NaiveDate;
use yizhan_terms::{Care, Payer};

use super::refusal::Refusal;
use crate::model::{Condition, Layer, Policy};

/// Refuses care that the policy leaves to papers which did not publish it, and care that it does not speak of.
pub(super) fn check(policy: &Policy, care: Care, day: NaiveDate) -> Result<(), Refusal> {
    let id = || policy.id.clone();
    if let Some((_, reason)) = policy.not_published.iter().find(|(left, _)| *left == care) {
        return Err(Refusal::CareNotPublished { policy: id(), care, reason: reason.clone() });
    }
    let covered = match &policy.covers {
        Some(covers) => covers.contains(&care),
        None => has_layer(policy, care, Some(day)),
    };
    if covered { Ok(()) } else { Err(Refusal::CareNotCovered { policy: id(), care, day }) }
}

/// Whether a layer covers such care, on the day or ever. Where basic insurance pays anything, a layer of it is asked for: what comes after it
/// often names no care, and would answer for all of it.
pub(crate) fn has_layer(policy: &Policy, care: Care, day: Option<NaiveDate>) -> bool {
    let has_basic = policy.layers.iter().any(|layer| layer.payer == Payer::Basic);
    let mut layers = policy.layers.iter().filter(|layer| !has_basic || layer.payer == Payer::Basic);
    layers.any(|layer| day.is_none_or(|day| layer.period.contains(day)) && layer.may_cover(care))
}

impl Layer {
    /// Whether its `when` lets such care in.
    pub(crate) fn may_cover(&self, care: Care) -> bool {
        self.when.iter().all(|asked| !matches!(asked, Condition::Care(any) if !any.contains(&care)))
    }
}
