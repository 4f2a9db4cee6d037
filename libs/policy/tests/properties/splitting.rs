//! A bill split into two visits, and a larger bill.
//!
//! What must hold is said of policies for which it follows from the tables:
//! - where everything is counted per year (deductible, how far the scale reached, limit), two
//!   visits together get what one visit would: the only difference is rounding;
//! - where the deductible is per visit and the scale's ratios rise, two visits never get more.

use proptest::prelude::*;
use rust_decimal::Decimal;
use yizhan_money::Fen;
use yizhan_policy::case::{Line, Visit};
use yizhan_policy::model::CutOn;
use yizhan_policy::{Case, Policy, settle};

use crate::generate::{Choices, bands, chain_of_yearly_scales, one_scale, rising_bands};
use crate::support::{Years, carry, cases, given, scenarios};

fn any_scale(choices: &mut Choices) -> Policy {
    let (cut_on, bands) = (choices.pick(&[CutOn::Net, CutOn::Absolute]), bands(choices));
    one_scale(choices, cut_on, bands)
}

fn rising_scale(choices: &mut Choices) -> Policy {
    let bands = rising_bands(choices);
    one_scale(choices, CutOn::Net, bands)
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn split_over_a_year_a_bill_gets_the_same(scenario in scenarios(chain_of_yearly_scales, 1)) {
        let whole = in_scope_only(&scenario.visits[0]);
        let (first, second) = split(&whole, &mut Choices::new(scenario.more.clone()));
        let at_once = paid(&scenario.policy, &[&whole]);
        let in_two = paid(&scenario.policy, &[&first, &second]);
        // One fen of a layer's own rounding, and what the layers before it differ by, which is
        // what enters it more or less.
        let mut allowed = 1;
        let mut differed = 0;
        for (layer, (whole, two)) in at_once.iter().zip(&in_two).enumerate() {
            let difference = (whole - two).abs();
            prop_assert!(difference <= allowed, "layer {layer}: {whole} at once, {two} in two visits");
            differed += difference;
            allowed = 1 + differed;
        }
    }

    #[test]
    fn a_deductible_per_visit_and_rising_ratios_make_splitting_worth_nothing(scenario in scenarios(rising_scale, 1)) {
        let whole = in_scope_only(&scenario.visits[0]);
        let (first, second) = split(&whole, &mut Choices::new(scenario.more.clone()));
        let at_once = paid(&scenario.policy, &[&whole])[0];
        let in_two = paid(&scenario.policy, &[&first, &second])[0];
        prop_assert!(in_two <= at_once + 1, "{at_once} at once, {in_two} in two visits");
    }

    #[test]
    fn a_larger_bill_is_never_paid_less(scenario in scenarios(any_scale, 1)) {
        let mut choices = Choices::new(scenario.more.clone());
        let smaller = with_classes(&scenario.visits[0], &["01", "02"]);
        let mut larger = smaller.clone();
        let Some(line) = larger.lines.first_mut() else { return Ok(()) };
        line.amount_fen += Fen(choices.amount(5_000_000));
        let (less, more) = (paid(&scenario.policy, &[&smaller])[0], paid(&scenario.policy, &[&larger])[0]);
        prop_assert!(less <= more, "{less} of the smaller bill, {more} of the larger");
    }
}

/// What each layer pays of these visits, settled one after the other.
fn paid(policy: &Policy, visits: &[&Case]) -> Vec<i64> {
    let mut years = Years::new();
    let mut paid = vec![0; policy.layers.len()];
    for visit in visits {
        let case = given(visit, &years);
        let outcome = settle(policy, &case).expect("nothing in these policies is unknown");
        paid.iter_mut().zip(&outcome.layers).for_each(|(paid, layer)| *paid += layer.paid_fen.0);
        carry(&mut years, &outcome, 1);
    }
    paid
}

/// The case with all its cost in scope.
fn in_scope_only(case: &Case) -> Case {
    with_classes(case, &["01"])
}

/// The case with lines of these classes, whose 先行自付 is known, and with all its days covered: of a day before the policy is in force it
/// would be refused.
fn with_classes(case: &Case, classes: &[&str]) -> Case {
    let line = |(line, class): (&Line, &&str)| {
        let prepay = if *class == "01" { Decimal::ZERO } else { line.prepay.unwrap_or(Decimal::new(1, 1)) };
        Line {
            class: (*class).to_owned(),
            prepay: Some(prepay),
            ceiling_fen: None,
            paid_elsewhere_fen: Fen::ZERO,
            ..line.clone()
        }
    };
    let lines = case.lines.iter().zip(classes.iter().cycle()).map(line).collect();
    let visit = Visit { not_covered: Vec::new(), ..case.visit.clone() };
    Case { lines, visit, paid_elsewhere: Vec::new(), ..case.clone() }
}

/// Every line in two, somewhere.
fn split(whole: &Case, choices: &mut Choices) -> (Case, Case) {
    let (mut first, mut second) = (whole.clone(), whole.clone());
    for (one, other) in first.lines.iter_mut().zip(&mut second.lines) {
        let part = Fen(choices.between(0, one.amount_fen.0));
        (one.amount_fen, other.amount_fen) = (part, other.amount_fen - part);
    }
    (first, second)
}
