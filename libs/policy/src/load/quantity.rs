//! Quantities of the bill and of earlier layers, and the base they add up to.

use rust_decimal::Decimal;

use yizhan_documents::value::{digits, ratio};
use yizhan_documents::{At, Kind, closest, condition_words};

use super::names::Names;
use crate::model::{AtMost, Base, LayerIndex, LineFilter, Quantity, Term};

/// Parts of the bill, as the document names them.
pub(crate) const PARTS: &[(&str, Quantity)] = &[
    ("total", Quantity::Total),
    ("in_scope", Quantity::InScope),
    ("preself", Quantity::PreSelf),
    ("overlimit", Quantity::OverLimit),
    ("full_self", Quantity::FullSelf),
];

/// What is known of the visit beside the parts of its bill.
const OF_VISIT: &[(&str, Quantity)] = &[
    ("remaining", Quantity::Remaining),
    ("in_scope_left", Quantity::InScopeLeft),
    ("paid_elsewhere", Quantity::PaidElsewhere),
];

/// What can be asked of an earlier layer, as `paid.LAYER`.
type OfLayer = fn(LayerIndex) -> Quantity;
const OF_LAYER: &[(&str, OfLayer)] = &[
    ("paid", Quantity::Paid),
    ("deductible", Quantity::DeductibleOf),
    ("over_cost_cap", Quantity::OverCostCap),
    ("over_cap", Quantity::OverCap),
    ("over_cap_cost", Quantity::OverCapCost),
];

/// Reads what enters the layer of this number.
pub(super) fn base(at: At, names: &Names, layer: LayerIndex) -> Option<Base> {
    at.list_of(|at| term(&at, names, layer)).map(|terms| Base { terms })
}

fn term(at: &At, names: &Names, layer: LayerIndex) -> Option<Term> {
    let map = at.map(&["add", "less", "times", "lines", "at_most"])?;
    let sign = map.one_of(&["add", "less"]);
    let quantity = sign.and_then(|sign| map.required(sign, |at| quantity(&at, names, layer)));
    let times = map.optional("times", ratio);
    let lines = map.optional("lines", |at| line_filter(&at));
    let at_most = map.optional("at_most", |at| at_most(&at, names, layer));
    let (quantity, times, lines, at_most) = (quantity?, times?.unwrap_or(Decimal::ONE), lines?, at_most?);
    let of_lines = quantity == Quantity::PaidElsewhere || PARTS.iter().any(|(_, part)| *part == quantity);
    if lines.is_some() && !of_lines {
        let message =
            "`lines` chooses lines of the bill: it goes with a part of the bill or `paid_elsewhere` only";
        return map.key("lines").and_then(|key| key.problem(Kind::NotAPart, message));
    }
    Some(Term { quantity, times: if sign? == "less" { -times } else { times }, lines, at_most })
}

fn quantity(at: &At, names: &Names, layer: LayerIndex) -> Option<Quantity> {
    let text = at.text()?;
    if let Some((_, quantity)) = PARTS.iter().chain(OF_VISIT).find(|(name, _)| *name == text) {
        return Some(*quantity);
    }
    let of_layer = text.split_once('.').and_then(|(what, earlier)| {
        OF_LAYER.iter().find(|(name, _)| *name == what).map(|(_, quantity)| (quantity, earlier))
    });
    match of_layer {
        Some((quantity, earlier)) => names.earlier_layer(earlier, layer, at).map(quantity),
        None => {
            let hint = closest(text, PARTS.iter().chain(OF_VISIT).map(|(name, _)| *name));
            at.problem(Kind::UnknownCode, format!("unknown quantity `{text}`{hint}"))
        }
    }
}

/// `{ of: deductible.basic }`, or `{ part: 50%, of: total }`: the smaller of the term and this.
fn at_most(at: &At, names: &Names, layer: LayerIndex) -> Option<AtMost> {
    let map = at.map(&["part", "of"])?;
    let part = map.optional("part", ratio);
    let of = map.required("of", |at| quantity(&at, names, layer));
    Some(AtMost { part: part?.unwrap_or(Decimal::ONE), of: of? })
}

/// A part of the bill, or its total.
pub(super) fn part_of_bill(at: &At) -> Option<Quantity> {
    let text = at.text()?;
    let part = PARTS.iter().find(|(name, _)| *name == text).map(|(_, part)| *part);
    part.or_else(|| {
        at.problem(Kind::NotAPart, format!("`{text}` is not a part of the bill; {}", part_names()))
    })
}

fn part_names() -> String {
    let names: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
    format!("one of: {}", names.join(", "))
}

pub(super) fn line_filter(at: &At) -> Option<LineFilter> {
    const KEYS: &[&str] = &["list_type", "label", "not_label"];
    let map = at.map(KEYS)?;
    if KEYS.iter().all(|key| map.get(key).is_none()) {
        return at
            .problem(Kind::MissingKey, "`lines` chooses nothing: one of `list_type`, `label`, `not_label`");
    }
    let list_types = map.optional("list_type", |at| at.set_of(|at| digits(&at, 3, "a list_type")));
    let labels = map.optional("label", condition_words);
    let not_labels = map.optional("not_label", condition_words);
    Some(LineFilter {
        list_types: list_types?.unwrap_or_default(),
        labels: labels?.unwrap_or_default(),
        not_labels: not_labels?.unwrap_or_default(),
    })
}
