//! What differs between an expectation and what the engine answered.

use rust_decimal::Decimal;
use yizhan_money::Fen;
use yizhan_policy::identities::Amounts;
use yizhan_policy::outcome::LayerTrace;
use yizhan_policy::{Outcome, Refusal};

use super::form::{Expect, Yuan};

/// Every difference, in words.
pub fn outcome(expect: &Expect, got: &Outcome<'_>) -> Vec<String> {
    let mut differences: Vec<String> =
        Amounts::of(got).broken().into_iter().map(|identity| format!("does not hold: {identity}")).collect();
    if let Some(code) = &expect.refused {
        differences.push(format!("settled, though {code} was expected"));
        return differences;
    }
    let amounts = [
        ("total", expect.total, got.parts.total_fen),
        ("in_scope", expect.in_scope, got.parts.in_scope_fen),
        ("preself", expect.preself, got.parts.pre_self_fen),
        ("overlimit", expect.overlimit, got.parts.over_limit_fen),
        ("full_self", expect.full_self, got.parts.full_self_fen),
        ("act_pay_dedc", expect.act_pay_dedc, got.basic_deductible_fen()),
        ("fund", expect.fund, got.fund_pay_fen),
        ("person", expect.person, got.person_fen),
        ("account", expect.account, got.account_own_fen + got.account_shared_fen),
        ("cash", expect.cash, got.cash_fen),
        ("beside_bill", expect.beside_bill, got.beside_bill_fen),
    ];
    for (name, expected, got) in amounts {
        if let Some(Yuan(expected)) = expected.filter(|expected| expected.0 != got) {
            differences.push(format!("{name} is {got}, not {expected}"));
        }
    }
    let old: Vec<&str> = got.old.iter().map(|old| old.source).collect();
    if let Some(expected) = expect.old.as_ref().filter(|expected| **expected != old) {
        differences.push(format!("old are {old:?}, not {expected:?}"));
    }
    paid(expect, got, &mut differences);
    layers(expect, got, &mut differences);
    differences
}

/// Every layer's payment: those not named pay nothing.
fn paid(expect: &Expect, got: &Outcome<'_>, differences: &mut Vec<String>) {
    let by_layer = got.paid_by_layer();
    for (layer, paid) in &by_layer {
        let expected = expect.paid.get(*layer).map_or(Fen::ZERO, |expected| expected.0);
        if *paid != expected {
            differences.push(format!("layer {layer} pays {paid}, not {expected}"));
        }
    }
    for layer in expect.paid.keys().filter(|layer| !by_layer.contains_key(layer.as_str())) {
        differences.push(format!("there is no layer {layer}"));
    }
}

/// What is expected of single layers beside their payment.
fn layers(expect: &Expect, got: &Outcome<'_>, differences: &mut Vec<String>) {
    let mut check = |layer: &str, what: &str, expected: String, got: Option<String>| match got {
        Some(got) if got == expected => {}
        Some(got) => differences.push(format!("{what} of {layer}: {got}, not {expected}")),
        None => differences.push(format!("there is no layer {layer}")),
    };
    for (layer, amounts) in &expect.bands {
        let of = |trace: &LayerTrace<'_>| {
            let amounts: Vec<Decimal> = trace.bands.iter().map(|band| band.amount_fen.normalize()).collect();
            format!("{amounts:?} fen")
        };
        let expected: Vec<Decimal> = amounts.iter().map(|amount| amount.0.decimal()).collect();
        check(layer, "bands", format!("{expected:?} fen"), traced(got, layer).map(of));
    }
    for (layer, amount) in &expect.deductible {
        let of = |trace: &LayerTrace<'_>| {
            fen(trace.deductible.as_ref().map_or(Decimal::ZERO, |deductible| deductible.charged_fen))
        };
        check(layer, "deductible", fen(amount.0.decimal()), traced(got, layer).map(of));
    }
    for (layer, amount) in &expect.over_cap {
        let of =
            |trace: &LayerTrace<'_>| fen(trace.cap.as_ref().map_or(Decimal::ZERO, |cap| cap.kept_out_fen));
        check(layer, "over the cap", fen(amount.0.decimal()), traced(got, layer).map(of));
    }
    for (layer, mark) in &expect.quality {
        let of = |trace: &LayerTrace<'_>| match &trace.decided_by {
            Some(cited) => cited.quality.to_string(),
            None => "nothing decided".to_owned(),
        };
        check(layer, "quality", mark.to_string(), traced(got, layer).map(of));
    }
}

fn traced<'o, 'a>(got: &'o Outcome<'a>, layer: &str) -> Option<&'o LayerTrace<'a>> {
    got.layers.iter().find(|trace| trace.layer == layer)
}

fn fen(amount: Decimal) -> String {
    format!("{} fen", amount.normalize())
}

/// The difference between an expectation and a refusal.
pub fn refusal(expect: &Expect, refusal: &Refusal) -> Vec<String> {
    let message = refusal.to_string();
    match (&expect.refused, &expect.because) {
        (None, _) => vec![format!("refused: {} {message}", refusal.reason().code())],
        (Some(code), _) if code != refusal.reason().code() => {
            vec![format!("refused with {}, not {code}: {message}", refusal.reason().code())]
        }
        (_, Some(because)) if !message.contains(because.as_str()) => {
            vec![format!("refused, but does not say `{because}`: {message}")]
        }
        _ => Vec::new(),
    }
}
