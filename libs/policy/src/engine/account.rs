//! The personal account pays the person's share last.

use yizhan_money::Fen;

use crate::case::Account;
use crate::model::{AccountRules, Quantity};
use crate::outcome::Parts;

/// What the accounts pay.
pub(super) struct Paid {
    pub own: Fen,
    pub shared: Fen,
}

/// The own account first, then the relative's, up to what they may pay.
pub(super) fn pay(rules: &AccountRules, account: &Account, parts: &Parts, person: Fen) -> Paid {
    if !account.used {
        return Paid { own: Fen::ZERO, shared: Fen::ZERO };
    }
    let allowed = (person - barred(rules, parts)).at_least_zero();
    let own = account.own_fen.min(allowed);
    let shared = if rules.sharing { account.shared_fen.min(allowed - own) } else { Fen::ZERO };
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
