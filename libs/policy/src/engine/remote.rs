//! Care away from home: what the filing register says, where the policy lets it take effect.

use yizhan_terms::{Filing, Treatment};

use super::facts::Facts;
use super::refusal::Refusal;
use super::table::is_unknown_by_filing;
use crate::case::RemoteRule;
use crate::model::{Adjust, Layer, Prepay};
use crate::outcome::{Basis, RemoteCited, Step};

/// A visit away from home is settled only where the policy says what happens to it: never is the register's
/// rule silently left out, nor a visit paid as at home because the register was not asked.
pub(super) fn check_placed(facts: &Facts<'_>) -> Result<(), Refusal> {
    let (policy, visit) = (facts.policy, &facts.case.visit);
    if visit.filing == Filing::Local {
        return Ok(());
    }
    let paying: Vec<&Layer> =
        policy.layers.iter().filter(|layer| pays_by_scale(layer) && facts.applies(layer)).collect();
    let first = is_of_bill(facts);
    let Some(rule) = &visit.remote else {
        let leaves_it_to_the_register = first || paying.iter().any(|layer| layer.has_remote_place());
        if leaves_it_to_the_register {
            return Err(Refusal::RemoteRuleMissing { policy: policy.id.clone(), filing: visit.filing });
        }
        return Ok(());
    };
    let placed = match rule.treatment {
        Treatment::Same => true,
        Treatment::Prepay(_) => first || paying.iter().any(|layer| layer.takes_remote_prepay()),
        Treatment::Points(_) | Treatment::Factor(_) => paying.iter().any(|layer| layer.adjusts_remote()),
    };
    // Where nothing is paid, nothing can be lowered.
    if placed || paying.is_empty() || paying.iter().any(|layer| layer.same_when_remote) {
        return Ok(());
    }
    Err(Refusal::RemoteNotPlaced {
        policy: policy.id.clone(),
        treatment: rule.treatment.name(),
        rule: rule.rule.clone(),
        day: facts.day,
    })
}

/// Whether the extra 先行自付 of the bill is what the register says: by `remote`, or by a table whose row says only that nothing is published
/// about care filed so, as documents wrote before the register was asked. What it told the patient is settled is not refused for that.
pub(super) fn is_of_bill(facts: &Facts<'_>) -> bool {
    let policy = facts.policy;
    let told = facts.case.visit.remote.is_some();
    match &policy.extra_prepay {
        None => false,
        Some(Prepay::Remote) => true,
        // A layer that takes the register's prepay takes it alone.
        Some(Prepay::Table(table)) => {
            let elsewhere = policy.layers.iter().any(Layer::takes_remote_prepay);
            told && !elsewhere && is_unknown_by_filing(table, facts)
        }
    }
}

/// The extra 先行自付 that the register's rule makes, if it makes one.
pub(super) fn prepay<'a>(kind: &'static str, rule: Option<&'a RemoteRule>) -> Option<Step<'a>> {
    let rule = rule.filter(|rule| matches!(rule.treatment, Treatment::Prepay(_)))?;
    step(kind, rule)
}

/// The points or the factor that the register's rule changes ratios by, if it changes them.
pub(super) fn ratio<'a>(rule: Option<&'a RemoteRule>) -> Option<Step<'a>> {
    let rule = rule.filter(|rule| matches!(rule.treatment, Treatment::Points(_) | Treatment::Factor(_)))?;
    step(rule.treatment.name(), rule)
}

fn step<'a>(kind: &'static str, rule: &'a RemoteRule) -> Option<Step<'a>> {
    let cited = Basis::Remote(RemoteCited::of(rule));
    rule.treatment.ratio().map(|value| Step { kind, value, cited })
}

fn pays_by_scale(layer: &Layer) -> bool {
    !layer.benefit.beside_bill()
}

impl Layer {
    fn has_remote_place(&self) -> bool {
        self.takes_remote_prepay() || self.adjusts_remote()
    }

    fn takes_remote_prepay(&self) -> bool {
        self.prepay.as_ref().is_some_and(Prepay::is_remote)
    }

    fn adjusts_remote(&self) -> bool {
        self.adjust.iter().any(|adjust| matches!(adjust, Adjust::Remote))
    }
}
