//! What differs between an expectation and what the engine answered.

use std::fmt;

use rust_decimal::Decimal;
use serde::Serialize;
use yizhan_documents::closest;
use yizhan_money::Fen;

use super::expect::Expect;
use crate::engine::Refusal;
use crate::identities::Amounts;
use crate::outcome::{LayerTrace, Outcome};

/// One thing that is not as expected. Amounts are written in yuan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The layer, where it is of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<String>,
    /// What: `paid`, `bands`, `deductible`, `over_cap`, `quality` of a layer, an amount of the visit, `old`, `refused`, `policy`, `identity`.
    pub what: &'static str,
    /// What was expected.
    pub expected: String,
    /// What came out.
    pub got: String,
}

impl Difference {
    /// No policy was found.
    pub(super) fn of_policy(none: String) -> Difference {
        Difference { layer: None, what: "policy", expected: "one that holds".to_owned(), got: none }
    }

    fn of_visit(what: &'static str, expected: impl Into<String>, got: impl Into<String>) -> Difference {
        Difference { layer: None, what, expected: expected.into(), got: got.into() }
    }

    fn of_layer(layer: &str, what: &'static str, expected: String, got: String) -> Difference {
        Difference { layer: Some(layer.to_owned()), what, expected, got }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(layer) = &self.layer {
            write!(f, "layer {layer}: ")?;
        }
        write!(f, "{} is {}, not {}", self.what, self.got, self.expected)
    }
}

/// Every difference.
pub(super) fn outcome(expect: &Expect, got: &Outcome<'_>) -> Vec<Difference> {
    let broken = Amounts::of(got).broken().into_iter();
    let mut differences: Vec<_> =
        broken.map(|identity| Difference::of_visit("identity", identity, "broken")).collect();
    if let Some(refused) = &expect.refused {
        differences.push(Difference::of_visit("refused", &refused.code, "settled"));
        return differences;
    }
    for (what, expected) in &expect.amounts {
        let got = amount(got, what);
        if got != *expected {
            differences.push(Difference::of_visit(what, expected.to_string(), got.to_string()));
        }
    }
    if let Some(expected) = &expect.old {
        let old: Vec<&str> = got.old.iter().map(|old| old.source).collect();
        if *expected != old {
            differences.push(Difference::of_visit("old", expected.join(", "), old.join(", ")));
        }
    }
    paid(expect, got, &mut differences);
    layers(expect, got, &mut differences);
    differences
}

/// An amount by its word in [`Expect::AMOUNTS`].
fn amount(got: &Outcome<'_>, what: &str) -> Fen {
    match what {
        "total" => got.parts.total_fen,
        "in_scope" => got.parts.in_scope_fen,
        "preself" => got.parts.pre_self_fen,
        "overlimit" => got.parts.over_limit_fen,
        "full_self" => got.parts.full_self_fen,
        "act_pay_dedc" => got.basic_deductible_fen(),
        "fund" => got.fund_pay_fen,
        "hospital" => got.hospital_fen,
        "person" => got.person_fen,
        "account" => got.account_own_fen + got.account_shared_fen,
        "cash" => got.cash_fen,
        _ => got.beside_bill_fen,
    }
}

/// Every layer's payment: those not named pay nothing.
fn paid(expect: &Expect, got: &Outcome<'_>, differences: &mut Vec<Difference>) {
    let by_layer = got.paid_by_layer();
    for (layer, paid) in &by_layer {
        let expected = expect.paid.get(*layer).copied().unwrap_or(Fen::ZERO);
        if *paid != expected {
            differences.push(Difference::of_layer(layer, "paid", expected.to_string(), paid.to_string()));
        }
    }
    for (layer, expected) in expect.paid.iter().filter(|(layer, _)| !by_layer.contains_key(layer.as_str())) {
        differences.push(Difference::of_layer(layer, "paid", expected.to_string(), no_layer(layer, got)));
    }
}

/// What is expected of single layers beside their payment.
fn layers(expect: &Expect, got: &Outcome<'_>, differences: &mut Vec<Difference>) {
    let mut check = |layer: &str, what, expected: String, of: &dyn Fn(&LayerTrace<'_>) -> String| {
        let told =
            got.layers.iter().find(|trace| trace.layer == layer).map_or_else(|| no_layer(layer, got), of);
        if told != expected {
            differences.push(Difference::of_layer(layer, what, expected, told));
        }
    };
    for (layer, amounts) in &expect.bands {
        let of = |trace: &LayerTrace<'_>| list(trace.bands.iter().map(|band| band.amount_fen));
        check(layer, "bands", list(amounts.iter().copied()), &of);
    }
    for (layer, amount) in &expect.deductible {
        check(layer, "deductible", yuan(*amount), &|trace| yuan(trace.charged()));
    }
    for (layer, amount) in &expect.over_cap {
        let of =
            |trace: &LayerTrace<'_>| yuan(trace.cap.as_ref().map_or(Decimal::ZERO, |cap| cap.kept_out_fen));
        check(layer, "over_cap", yuan(*amount), &of);
    }
    for (layer, mark) in &expect.quality {
        let of = |trace: &LayerTrace<'_>| match &trace.decided_by {
            Some(cited) => cited.quality.to_string(),
            None => "nothing decided".to_owned(),
        };
        check(layer, "quality", mark.to_string(), &of);
    }
}

fn no_layer(layer: &str, got: &Outcome<'_>) -> String {
    let hint = closest(layer, got.layers.iter().map(|trace| trace.layer));
    format!("of no layer of the policy{hint}")
}

/// An exact amount.
fn yuan(fen: Decimal) -> String {
    (fen / Decimal::ONE_HUNDRED).normalize().to_string()
}

fn list(amounts: impl Iterator<Item = Decimal>) -> String {
    format!("[{}]", amounts.map(yuan).collect::<Vec<_>>().join(", "))
}

/// The difference between an expectation and a refusal.
pub(super) fn refusal(expect: &Expect, refusal: &Refusal) -> Vec<Difference> {
    let (code, message) = (refusal.reason().code(), refusal.to_string());
    let told = || format!("{code}: {message}");
    let expected = match &expect.refused {
        None => "settled".to_owned(),
        Some(refused) if refused.code != code => refused.code.clone(),
        Some(refused) => match &refused.because {
            Some(because) if !message.contains(because.as_str()) => format!("because `{because}`"),
            _ => return Vec::new(),
        },
    };
    vec![Difference::of_visit("refused", expected, told())]
}
