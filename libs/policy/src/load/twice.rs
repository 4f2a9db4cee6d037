//! Bases that count the same cost twice, or take a payment away that is taken away already.

use rust_decimal::Decimal;
use yizhan_documents::{At, Kind};

use super::silent::{apart, left_over_of, parts_of};
use crate::model::{Layer, LayerIndex, Quantity, Term};

/// Checks the base of a layer, which stands at this place.
pub(super) fn check(at: &At, layers: &[Layer], layer: LayerIndex) {
    let terms = &layers[layer].base.terms;
    let items = at.find("base").and_then(|(_, base)| base.list()).unwrap_or_default();
    for (later, (term, at)) in terms.iter().zip(&items).enumerate() {
        let earlier = &terms[..later];
        if let Some(first) = earlier.iter().find(|first| counted_twice(layers, terms, first, term)) {
            let (first, second) = (first.quantity.name(layers), term.quantity.name(layers));
            let message =
                format!("`{second}` has cost in it that `{first}` counts already: the base counts it twice");
            at.finding(Kind::CountedTwice, message);
        }
        if let Some(why) = taken_twice(layers, terms, later) {
            let message =
                format!("takes away `{}`, which `{why}` takes away already", term.quantity.name(layers));
            at.finding(Kind::CountedTwice, message);
        }
    }
}

fn is_added(term: &Term) -> bool {
    term.times.is_sign_positive()
}

/// Whether two added terms may count one cost, and more of it than there is.
fn counted_twice(layers: &[Layer], terms: &[Term], first: &Term, second: &Term) -> bool {
    let taken =
        |added: &Term| terms.iter().any(|less| less.quantity == added.quantity && -less.times >= added.times);
    is_added(first)
        && is_added(second)
        && first.times + second.times > Decimal::ONE
        && first.at_most.is_none()
        && second.at_most.is_none()
        && !taken(first)
        && !taken(second)
        && !apart(first.lines.as_ref(), second.lines.as_ref())
        && meet(layers, first.quantity, second.quantity)
}

/// Whether two quantities may have a cost in common.
fn meet(layers: &[Layer], one: Quantity, other: Quantity) -> bool {
    let of = |quantity| match quantity {
        Quantity::Paid(of) => Some(of),
        other => left_over_of(other),
    };
    // What a layer paid and the several reasons why it did not pay the rest do not meet.
    if one != other && of(one).is_some() && of(one) == of(other) {
        return false;
    }
    let parts = parts_of(layers, one);
    parts_of(layers, other).iter().any(|part| parts.contains(part))
}

/// What takes away already what this term takes away.
fn taken_twice(layers: &[Layer], terms: &[Term], index: usize) -> Option<String> {
    let term = terms.get(index).filter(|term| !is_added(term))?;
    let same = |earlier: &&Term| !is_added(earlier) && earlier.quantity == term.quantity;
    let most = terms.iter().filter(|term| is_added(term)).map(|term| term.times).max().unwrap_or_default();
    let before = terms[..index].iter().filter(same).map(|earlier| -earlier.times).sum::<Decimal>();
    if !before.is_zero() && before - term.times > most {
        return Some(format!("less: {}", term.quantity.name(layers)));
    }
    let Quantity::Paid(of) = term.quantity else { return None };
    let earlier = &layers[of];
    let without = |added: &&Term| match added.quantity {
        Quantity::Remaining => !earlier.benefit.beside_bill(),
        Quantity::InScopeLeft => !earlier.benefit.beside_bill() && earlier.pays_in_scope(),
        _ => false,
    };
    let found = terms.iter().filter(|term| is_added(term)).find(without)?;
    Some(format!("add: {}", found.quantity.name(layers)))
}
