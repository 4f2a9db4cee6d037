//! What a document says that could pay wrong money without a word: told when it is read, where it stands.

use yizhan_documents::{At, Kind, Known, Map, Region};
use yizhan_terms::{Care, Fund, Insutype};

use super::{fed, slips, twice};
use crate::engine::has_layer;
use crate::model::{Band, Benefit, Condition, Layer, LayerIndex, LineFilter, Policy, Quantity, Ratio, Term};

/// Checks a policy that was read from this mapping.
pub(super) fn check(map: &Map, policy: &Policy) {
    if !policy.is_product() {
        check_covers(map, policy);
    }
    let layers = map.get("layers").and_then(|at| at.list()).unwrap_or_default();
    for (number, at) in layers.iter().enumerate() {
        let index = policy.foreign_layers() + number;
        policy.schemes.iter().for_each(|scheme| check_fund(at, &policy.layers[index], *scheme));
        check_paid_again(at, index, &policy.layers);
        twice::check(at, &policy.layers, index);
    }
    fed::check(map, policy);
    slips::check(&map.at, policy);
}

/// Care that nobody speaks of is refused: better to know it before somebody needs it.
fn check_covers(map: &Map, policy: &Policy) {
    let covers = policy.covers.as_deref();
    if let (Some(covers), Some(at)) = (covers, map.get("covers")) {
        let named = |care: &Care| policy.layers.iter().any(|layer| names(layer, *care));
        let left_out = Care::ALL.iter().filter(|care| !covers.contains(care) && named(care));
        for care in left_out.filter(|care| !left(policy, **care)) {
            let message = format!("a layer names `{}`, which is not among these", care.code());
            at.problem::<()>(Kind::CoversDiffers, message);
        }
        for care in covers.iter().filter(|care| left(policy, **care)) {
            let message = format!("`{}` stands in `not_published` too", care.code());
            at.problem::<()>(Kind::CoversDiffers, message);
        }
        return;
    }
    let at = map.key("layers").unwrap_or_else(|| map.at.clone());
    for care in Care::ALL.iter().filter(|care| !left(policy, **care) && !has_layer(policy, **care, None)) {
        let message = format!(
            "no layer covers `{}` ({}): such cases are refused. Write in `covers` which care this document settles, or in \
             `not_published` that its papers do not say",
            care.code(),
            care.label()
        );
        at.finding(Kind::CareNotSaid, message);
    }
}

fn left(policy: &Policy, care: Care) -> bool {
    policy.not_published.iter().any(|(left, _)| *left == care)
}

/// Whether a layer asks for such care by name.
fn names(layer: &Layer, care: Care) -> bool {
    layer.when.iter().any(|asked| matches!(asked, Condition::Care(any) if any.contains(&care)))
}

/// The funds of employees and of residents are two.
fn check_fund(at: &At, layer: &Layer, scheme: Insutype) {
    let of_residents = match layer.fund_pay_type {
        Fund::EmployeePool | Fund::CivilServants | Fund::LargeCosts | Fund::Enterprise => false,
        Fund::ResidentPool | Fund::CriticalIllness => true,
        _ => return,
    };
    if of_residents == scheme.is_of_residents() {
        return;
    }
    let (fund, scheme) = (layer.fund_pay_type, scheme.code());
    let message = format!("{} ({}) is no fund of scheme {scheme}", fund.code(), fund.label());
    let at = at.find("fund_pay_type").map_or_else(|| at.clone(), |(_, value)| value);
    at.finding(Kind::FundOfOtherScheme, message);
}

/// A base that counts what an earlier layer may have paid pays it again, unless it takes that away or the document says that it is meant so.
fn check_paid_again(at: &At, index: LayerIndex, layers: &[Layer]) {
    let layer = &layers[index];
    let again = (0..index).filter(|earlier| {
        !layer.counts_paid.contains(earlier)
            && may_both_apply(&layers[*earlier], layer)
            && pays_again(layers, *earlier, layer)
    });
    let again: Vec<&str> = again.map(|earlier| layers[earlier].id.as_str()).collect();
    if again.is_empty() {
        return;
    }
    let less: Vec<String> = again.iter().map(|id| format!("`{{ less: paid.{id} }}`")).collect();
    let message = format!(
        "counts cost that `{}` may have paid, and would pay it again: add {}, or say that the paper counts it with `counts_paid: [{}]`",
        again.join("`, `"),
        less.join(", "),
        again.join(", ")
    );
    let at = at.find("base").map_or_else(|| at.clone(), |(key, _)| key);
    at.finding(Kind::PaidAgain, message);
}

fn may_both_apply(earlier: &Layer, later: &Layer) -> bool {
    may_pay(earlier)
        && may_pay(later)
        && earlier.period.overlaps(&later.period)
        && Region::default().and(&earlier.when).and(&later.when).is_possible()
}

/// Whether some row pays anything: of a layer that says what is not published, or counts visits, none does.
pub(super) fn may_pay(layer: &Layer) -> bool {
    let bands = match &layer.benefit {
        Benefit::Scale { bands, .. } => bands,
        Benefit::ByItem { .. } => return true,
        // Beside the bill.
        Benefit::LumpSum { .. } | Benefit::PerDay { .. } | Benefit::PerItem { .. } => return false,
    };
    // What is added to a ratio of zero is paid.
    let pays = |band: &Band| {
        !layer.adjust.is_empty()
            || !matches!(band.ratio, Known::Value(Ratio::Fixed(ratio)) if ratio.is_zero())
    };
    let mut rows = bands.versions.iter().flat_map(|version| &version.rows);
    rows.any(|row| matches!(&row.value, Known::Value(bands) if bands.iter().any(pays)))
}

/// Whether the base counts what the earlier layer may have paid, and does not take it away.
fn pays_again(layers: &[Layer], earlier: LayerIndex, later: &Layer) -> bool {
    let added = || later.base.terms.iter().filter(|term| term.times.is_sign_positive());
    let most = added().map(|term| term.times).max().unwrap_or_default();
    let taken_away =
        later.base.terms.iter().any(|term| term.quantity == Quantity::Paid(earlier) && -term.times >= most);
    let of_earlier = &layers[earlier].base.terms;
    let paid = || of_earlier.iter().filter(|term| term.times.is_sign_positive());
    !taken_away && added().any(|term| paid().any(|paid| counts(layers, term, paid, earlier)))
}

/// Whether a term may count cost that another one, of the earlier layer, brought in.
fn counts(layers: &[Layer], term: &Term, paid: &Term, earlier: LayerIndex) -> bool {
    match (term.quantity, left_over_of(term.quantity)) {
        // What all layers left, or what was paid, on purpose.
        (Quantity::Remaining | Quantity::InScopeLeft | Quantity::Paid(_), _) => false,
        // What the layer did not pay it did not pay; nor do the several reasons why meet.
        (_, Some(of)) if of == earlier => false,
        (quantity, Some(of)) if left_over_of(paid.quantity) == Some(of) && quantity != paid.quantity => false,
        _ => {
            let parts = parts_of(layers, paid.quantity);
            parts_of(layers, term.quantity).iter().any(|part| parts.contains(part))
                && !apart(term.lines.as_ref(), paid.lines.as_ref())
        }
    }
}

/// The layer of whose not paying a quantity tells.
pub(super) fn left_over_of(quantity: Quantity) -> Option<LayerIndex> {
    match quantity {
        Quantity::OverCap(of)
        | Quantity::OverCapCost(of)
        | Quantity::OverCostCap(of)
        | Quantity::DeductibleOf(of) => Some(of),
        _ => None,
    }
}

const PARTS: [Quantity; 4] = [Quantity::InScope, Quantity::PreSelf, Quantity::OverLimit, Quantity::FullSelf];

/// The parts of the bill that a quantity comes from.
pub(super) fn parts_of(layers: &[Layer], quantity: Quantity) -> Vec<Quantity> {
    match quantity {
        Quantity::Total | Quantity::Remaining | Quantity::PaidElsewhere => PARTS.to_vec(),
        Quantity::InScopeLeft => vec![Quantity::InScope],
        Quantity::Paid(of)
        | Quantity::DeductibleOf(of)
        | Quantity::OverCostCap(of)
        | Quantity::OverCap(of)
        | Quantity::OverCapCost(of) => {
            let added = layers[of].base.terms.iter().filter(|term| term.times.is_sign_positive());
            added.flat_map(|term| parts_of(layers, term.quantity)).collect()
        }
        part => vec![part],
    }
}

/// Whether no line is counted by both.
pub(super) fn apart(one: Option<&LineFilter>, other: Option<&LineFilter>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return false };
    let types = |filter: &LineFilter| !filter.list_types.is_empty();
    let other_types = types(one) && types(other) && !shares(&one.list_types, &other.list_types);
    let barred = |wanted: &LineFilter, bars: &LineFilter| {
        !wanted.labels.is_empty() && wanted.labels.iter().all(|label| bars.not_labels.contains(label))
    };
    other_types || barred(one, other) || barred(other, one)
}

fn shares(one: &[String], other: &[String]) -> bool {
    one.iter().any(|value| other.contains(value))
}
