//! The engine and the reference calculator agree; identities hold; order does not matter.

use std::collections::BTreeMap;

use proptest::prelude::*;
use yizhan_money::{Fen, MAX_FEN};
use yizhan_policy::identities::Amounts;
use yizhan_policy::{Case, Outcome, Policy, explain, explain_outcome, load, settle};

use crate::generate::{Choices, document, everything, without_places};
use crate::reference::{self, Answer, FourParts, Fraction};
use crate::support::{Scenario, carry, cases, given, scenarios};

proptest! {
    #![proptest_config(cases(2500))]

    #[test]
    fn the_engine_answers_what_the_reference_answers(scenario in scenarios(everything, 2)) {
        settle_one_after_the_other(&scenario.policy, &scenario)?;
    }
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn a_document_is_settled_as_the_policy_it_was_written_from(scenario in scenarios(everything, 1)) {
        let text = document(&scenario.policy);
        let loaded = load("random.yaml", &text);
        prop_assert!(loaded.is_ok(), "{}", loaded.unwrap_err());
        let loaded = loaded.unwrap();
        settle_one_after_the_other(&loaded, &scenario)?;
        prop_assert!(!explain(&loaded).is_empty());
        if let Ok(outcome) = settle(&loaded, &scenario.visits[0]) {
            prop_assert!(!explain_outcome(&loaded, &outcome).is_empty());
        }
        prop_assert_eq!(without_places(loaded), without_places(scenario.policy));
    }
}

proptest! {
    #![proptest_config(cases(1200))]

    #[test]
    fn identities_hold_and_nobody_pays_a_negative_share(scenario in scenarios(everything, 1)) {
        let Ok(outcome) = settle(&scenario.policy, &scenario.visits[0]) else { return Ok(()) };
        prop_assert_eq!(Amounts::of(&outcome).broken(), Vec::<&str>::new());
        let in_bill: Fen = outcome.layers.iter().filter(|layer| !layer.beside_bill).map(|layer| layer.paid_fen).sum();
        prop_assert!(in_bill <= outcome.parts.total_fen);
        let all = [
            outcome.person_fen,
            outcome.account_own_fen,
            outcome.account_shared_fen,
            outcome.cash_fen,
            outcome.beside_bill_fen,
        ];
        let shares = outcome.layers.iter().flat_map(|layer| [layer.paid_fen, layer.left_fen, layer.beyond_bill_fen]);
        prop_assert!(shares.chain(all).all(|share| share >= Fen::ZERO));
        prop_assert!(outcome.changes.iter().all(|change| change.added > 0));
    }

    /// Amounts of 16 digits are accepted: they are settled as exactly as small ones, or refused.
    #[test]
    fn the_largest_bills_are_settled_as_well(scenario in scenarios(everything, 1)) {
        let mut case = scenario.visits[0].clone();
        let mut left = MAX_FEN;
        for line in &mut case.lines {
            line.amount_fen = Fen(left - left / 3);
            left /= 3;
        }
        if let Ok(outcome) = settle(&scenario.policy, &case) {
            prop_assert_eq!(Amounts::of(&outcome).broken(), Vec::<&str>::new());
        }
    }

    #[test]
    fn the_order_of_lines_does_not_matter(scenario in scenarios(everything, 1)) {
        let case = &scenario.visits[0];
        let mut order: Vec<usize> = (0..case.lines.len()).collect();
        let mut choices = Choices::new(scenario.more.clone());
        for number in (1..order.len()).rev() {
            order.swap(number, choices.below(number + 1));
        }
        let lines = order.iter().map(|number| case.lines[*number].clone()).collect();
        let shuffled = Case { lines, ..case.clone() };
        let (Ok(straight), Ok(mut other)) = (settle(&scenario.policy, case), settle(&scenario.policy, &shuffled)) else {
            prop_assert_eq!(settle(&scenario.policy, case).is_ok(), settle(&scenario.policy, &shuffled).is_ok());
            return Ok(());
        };
        other.lines.sort_by_key(|line| case.lines.iter().position(|one| one.id == line.id));
        prop_assert_eq!(straight, other);
    }

    #[test]
    fn the_same_case_gives_the_same_outcome(scenario in scenarios(everything, 1)) {
        let (policy, case) = (scenario.policy.clone(), scenario.visits[0].clone());
        let first = settle(&policy, &case);
        let again = settle(&scenario.policy, &scenario.visits[0]);
        prop_assert_eq!(&first, &again);
        let bytes = |outcome: &Outcome<'_>| serde_json::to_string(outcome).expect("an outcome is JSON");
        if let (Ok(first), Ok(again)) = (first, again) {
            prop_assert_eq!(bytes(&first), bytes(&again));
        }
    }
}

fn settle_one_after_the_other(policy: &Policy, scenario: &Scenario) -> Result<(), TestCaseError> {
    let mut years = scenario.visits[0].accumulated.clone();
    for visit in &scenario.visits {
        let case = given(visit, &years);
        if let Some(outcome) = agreed(policy, &case)? {
            carry(&mut years, &outcome, 1);
        }
    }
    Ok(())
}

/// The outcome of both, or `None` when both refuse for the same reason.
fn agreed<'a>(policy: &'a Policy, case: &'a Case) -> Result<Option<Outcome<'a>>, TestCaseError> {
    match (settle(policy, case), reference::settle(policy, case)) {
        (Ok(outcome), Ok(answer)) => {
            compare(&outcome, &answer)?;
            Ok(Some(outcome))
        }
        (Err(refusal), Err(code)) => {
            prop_assert_eq!(refusal.reason().code(), code, "{}", refusal);
            Ok(None)
        }
        (outcome, answer) => {
            Err(TestCaseError::fail(format!("one refuses: {outcome:?}\nreference: {answer:?}")))
        }
    }
}

fn compare(outcome: &Outcome<'_>, answer: &Answer) -> Result<(), TestCaseError> {
    let lines = outcome.lines.iter().map(|line| FourParts {
        full_self: line.parts.full_self_fen.0,
        over_limit: line.parts.over_limit_fen.0,
        pre_self: line.parts.pre_self_fen.0,
        in_scope: line.parts.in_scope_fen.0,
    });
    prop_assert_eq!(lines.collect::<Vec<_>>(), answer.lines.clone(), "four parts");

    prop_assert_eq!(outcome.layers.len(), answer.layers.len());
    for (layer, expected) in outcome.layers.iter().zip(&answer.layers) {
        prop_assert_eq!(layer.applied, expected.applied, "{} applies", layer.layer);
        prop_assert_eq!(layer.policy_year, expected.policy_year);
        prop_assert_eq!(Fraction::of(layer.base_fen), expected.base, "what enters {}", layer.layer);
        prop_assert_eq!(Fraction::of(layer.charged()), expected.charged, "deductible of {}", layer.layer);
        prop_assert_eq!(layer.paid_fen.0, expected.paid, "paid by {}", layer.layer);
        prop_assert_eq!(layer.left_fen.0, expected.left, "left after {}", layer.layer);
    }

    let changes = outcome.changes.iter();
    let added: BTreeMap<_, _> =
        changes.map(|change| ((change.policy_year, change.accumulator.to_string()), change.added)).collect();
    prop_assert_eq!(added.len(), outcome.changes.len(), "an accumulator changes once");
    prop_assert_eq!(added, answer.added.clone(), "accumulators");

    let header = |outcome: &Outcome<'_>| {
        [
            outcome.fund_pay_fen,
            outcome.hospital_fen,
            outcome.beside_bill_fen,
            outcome.person_fen,
            outcome.account_own_fen,
            outcome.account_shared_fen,
            outcome.cash_fen,
        ]
        .map(|fen| fen.0)
    };
    let expected = [
        answer.funds,
        answer.hospital,
        answer.beside_bill,
        answer.person,
        answer.account_own,
        answer.account_shared,
        answer.cash,
    ];
    prop_assert_eq!(header(outcome), expected, "funds, hospital, beside, person, own, shared, cash");
    Ok(())
}
