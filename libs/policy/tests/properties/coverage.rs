//! The random policies and cases reach what the properties speak of. Without this, a change of
//! the generators could leave the properties true of nothing.

use std::collections::BTreeMap;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use rust_decimal::Decimal;
use yizhan_policy::model::CutOn;
use yizhan_policy::outcome::{Basis, LayerTrace, Step};
use yizhan_policy::{Case, settle};
use yizhan_terms::Treatment;

use crate::generate::everything;
use crate::support::scenarios;

const SCENARIOS: usize = 2200;

#[test]
fn random_cases_reach_every_step_of_the_engine() {
    let mut runner = TestRunner::deterministic();
    let strategy = scenarios(everything, 1);
    let mut reached: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..SCENARIOS {
        let scenario = strategy.new_tree(&mut runner).expect("a scenario").current();
        let case = &scenario.visits[0];
        let outcome = match settle(&scenario.policy, case) {
            Ok(outcome) => outcome,
            Err(refusal) => {
                *reached.entry(refusal.reason().code()).or_default() += 1;
                continue;
            }
        };
        let mut count = |what, happened: bool| *reached.entry(what).or_default() += usize::from(happened);
        count("settled", true);
        count("remote care, the same", is_remote(case, |one| one == Treatment::Same));
        count("remote prepay of the bill", outcome.extra_prepay.iter().any(|step| by_register(step)));
        count("split stay", outcome.layers.len() > scenario.policy.layers.len());
        count("not covered", outcome.not_covered.iter().any(|out| out.total_fen.0 > 0));
        let split = outcome.layers.len() > scenario.policy.layers.len();
        count("split stay with days", split && case.lines.iter().any(|line| line.day.is_some()));
        count("split stay not covered", split && !outcome.not_covered.is_empty());
        count("extra prepay", outcome.extra_prepay.is_some());
        count("account", outcome.account_own_fen.0 > 0);
        count("shared account", outcome.account_shared_fen.0 > 0);
        count("hospital", outcome.hospital_fen.0 > 0);
        count("lump sum", outcome.beside_bill_fen.0 > 0);
        count("over limit", outcome.parts.over_limit_fen.0 > 0);
        count("paid elsewhere", outcome.paid_elsewhere_fen.0 > 0 && outcome.fund_pay_fen.0 > 0);
        count("changes", !outcome.changes.is_empty());
        for (layer, trace) in scenario.policy.layers.iter().cycle().zip(&outcome.layers) {
            let absolute = matches!(
                &layer.benefit,
                yizhan_policy::model::Benefit::Scale { cut_on: CutOn::Absolute, .. }
            );
            count(
                "absolute bands with a deductible",
                absolute && trace.bands.len() > 1 && trace.charged() > Decimal::ZERO,
            );
            let net = layer.cost_cap.as_ref().is_some_and(|cap| cap.net);
            let kept_out = trace.cost_cap.as_ref().is_some_and(|cap| cap.kept_out_fen > Decimal::ZERO);
            count("cost limit above the deductible", net && kept_out && trace.charged() > Decimal::ZERO);
            let term = |name| {
                trace.terms.iter().any(|term| term.quantity.starts_with(name) && term.amount_fen.0 > 0)
            };
            count("cost above a limit", term("over_cap_cost"));
            count("in scope left", term("in_scope_left"));
            layer_steps(trace, &mut count);
        }
    }
    let expected = [
        ("settled", 500),
        ("POLICY_VALUE_UNKNOWN", 3),
        ("POLICY_NO_RULE", 5),
        ("CASE_MALFORMED", 5),
        ("REMOTE_NOT_PLACED", 5),
        ("REMOTE_RULE_MISSING", 5),
        ("remote care, the same", 50),
        ("remote prepay of the bill", 8),
        ("remote prepay of a layer", 8),
        ("remote points", 8),
        ("remote factor", 8),
        ("split stay", 50),
        ("split stay with days", 15),
        ("split stay not covered", 4),
        ("not covered", 20),
        ("extra prepay", 50),
        ("account", 60),
        ("shared account", 15),
        ("hospital", 30),
        ("lump sum", 30),
        ("over limit", 40),
        ("paid elsewhere", 20),
        ("cost limit above the deductible", 5),
        ("cost above a limit", 5),
        ("in scope left", 30),
        ("changes", 300),
        ("skipped", 300),
        ("paid", 400),
        ("several bands", 100),
        ("absolute bands with a deductible", 20),
        ("base factor", 30),
        ("prepay", 30),
        ("cost cap", 30),
        ("cap", 60),
        ("cap lifted", 10),
        ("deductible", 200),
        ("deductible factor", 40),
        ("less previous", 3),
        ("year cap", 40),
        ("adjusted", 100),
        ("adjusted twice", 20),
        ("minimum", 10),
        ("beyond the bill", 15),
    ];
    let missing: Vec<_> =
        expected.iter().filter(|(what, least)| reached.get(what).copied().unwrap_or(0) < *least).collect();
    assert!(missing.is_empty(), "seldom or never: {missing:?}\nof {reached:#?}");
}

fn is_remote(case: &Case, is: impl Fn(Treatment) -> bool) -> bool {
    case.visit.remote.as_ref().is_some_and(|rule| is(rule.treatment))
}

fn by_register(step: &Step<'_>) -> bool {
    matches!(step.cited, Basis::Remote(_))
}

fn layer_steps(trace: &LayerTrace<'_>, count: &mut impl FnMut(&'static str, bool)) {
    let step = |kind| trace.kept_out.iter().any(|step| step.kind == kind);
    let charged = |kind| trace.deductible.iter().flat_map(|it| &it.steps).any(|step| step.kind == kind);
    count("skipped", trace.skipped.is_some());
    count("paid", trace.paid_fen.0 > 0);
    count("several bands", trace.bands.len() > 1);
    count("base factor", step("base_factor"));
    count("prepay", step("prepay"));
    count("remote prepay of a layer", trace.kept_out.iter().any(by_register) && trace.paid_fen.0 > 0);
    let lowered = |kind| trace.adjustments.iter().any(|step| by_register(step) && step.kind == kind);
    count("remote points", lowered("points") && trace.paid_fen.0 > 0);
    count("remote factor", lowered("factor") && trace.paid_fen.0 > 0);
    count("cost cap", trace.cost_cap.as_ref().is_some_and(|cap| cap.kept_out_fen > Decimal::ZERO));
    count("cap", trace.cap.as_ref().is_some_and(|cap| cap.kept_out_fen > Decimal::ZERO));
    count("cap lifted", trace.cap.as_ref().is_some_and(|cap| cap.limit_fen.is_none()));
    count("deductible", trace.charged() > Decimal::ZERO);
    count("deductible factor", charged("deductible_factor"));
    count("less previous", charged("less_previous"));
    count("year cap", charged("year_cap"));
    count("adjusted", !trace.adjustments.is_empty() && trace.paid_fen.0 > 0);
    count("adjusted twice", trace.adjustments.len() > 1 && trace.paid_fen.0 > 0);
    count("minimum", trace.minimum.is_some());
    count("beyond the bill", trace.beyond_bill_fen.0 > 0);
}
