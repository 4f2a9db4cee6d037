//! The personal account pays the person's share last.

use yizhan_money::Fen;

use crate::case::Case;
use crate::model::{AccountRules, Layer, Policy, Quantity};
use crate::outcome::{LayerTrace, Parts};

/// What the accounts pay.
pub(super) struct Paid {
    pub own: Fen,
    pub shared: Fen,
}

/// The own account first, then the relative's, up to what they may pay of the person's share that nobody paid elsewhere. What the own account paid in earlier parts of the stay it goes on
/// paying, as far as it may.
pub(super) fn pay(
    policy: &Policy,
    case: &Case,
    parts: &Parts,
    layers: &[LayerTrace<'_>],
    (person, elsewhere): (Fen, Fen),
) -> Paid {
    let account = &case.account;
    let taken = case.earlier.as_ref().map_or(Fen::ZERO, |earlier| earlier.account_own_fen);
    if !account.used && taken == Fen::ZERO {
        return Paid { own: Fen::ZERO, shared: Fen::ZERO };
    }
    let rules = &policy.account;
    let barred = (barred(rules, parts) - paid_for_barred(policy, layers)).at_least_zero();
    // As a payer would: of the parts it may pay first.
    let allowed = (person - barred - elsewhere).at_least_zero();
    let open = if account.used { account.own_fen } else { Fen::ZERO };
    let own = (open + taken).min(allowed);
    let shared =
        if account.used && rules.sharing { account.shared_fen.min(allowed - own) } else { Fen::ZERO };
    Paid { own, shared }
}

/// The parts of the bill the account may not pay.
fn barred(rules: &AccountRules, parts: &Parts) -> Fen {
    let by_part = [
        (Quantity::InScope, parts.in_scope_fen),
        (Quantity::PreSelf, parts.pre_self_fen),
        (Quantity::OverLimit, parts.over_limit_fen),
        (Quantity::FullSelf, parts.full_self_fen),
    ];
    if rules.pays.contains(&Quantity::Total) {
        return Fen::ZERO;
    }
    by_part.iter().filter(|(part, _)| !rules.pays.contains(part)).map(|(_, amount)| *amount).sum()
}

/// What payers paid of the barred parts: those whose base adds nothing else, as a commercial
/// product for out-of-catalogue drugs. Any other payer counts as paying the other parts first.
fn paid_for_barred(policy: &Policy, layers: &[LayerTrace<'_>]) -> Fen {
    let of_policy = policy.layers.iter().cycle().zip(layers);
    let barred_only =
        of_policy.filter(|(layer, trace)| !trace.beside_bill && adds_barred_only(&policy.account, layer));
    barred_only.map(|(_, trace)| trace.paid_fen).sum()
}

fn adds_barred_only(rules: &AccountRules, layer: &Layer) -> bool {
    const PARTS: &[Quantity] =
        &[Quantity::InScope, Quantity::PreSelf, Quantity::OverLimit, Quantity::FullSelf];
    let mut added = layer.base.terms.iter().filter(|term| term.times.is_sign_positive());
    added.all(|term| PARTS.contains(&term.quantity) && !rules.pays.contains(&term.quantity))
}
