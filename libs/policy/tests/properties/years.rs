//! What a year may cost at most, whatever the visits; and reversals.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, Months, NaiveDate};
use proptest::prelude::*;
use rust_decimal::Decimal;
use yizhan_documents::Known;
use yizhan_money::round_half_up;
use yizhan_policy::model::{Cap, DeductibleAmount, Layer, Per, Span, Table};
use yizhan_policy::outcome::LayerTrace;
use yizhan_policy::{Case, Policy, settle};

use crate::generate::{Choices, everything, with_fixed_limits};
use crate::support::{Years, carry, cases, given, scenarios};

proptest! {
    #![proptest_config(cases(800))]

    /// Over any visits of a year: no layers together pay more than the limit they share, no
    /// more cost enters than a cost limit lets in, no deductible is charged above its amount
    /// or its yearly limit. And the same of what is limited per visit, at every visit.
    #[test]
    fn no_limit_is_passed_over_any_visits(scenario in scenarios(with_fixed_limits, 5)) {
        let policy = &scenario.policy;
        let (mut years, mut in_year) = (Years::new(), Used::new());
        for visit in &scenario.visits {
            let case = given(visit, &years);
            let Ok(outcome) = settle(policy, &case) else { continue };
            let mut in_visit = Used::new();
            for (layer, trace) in policy.layers.iter().cycle().zip(&outcome.layers) {
                note(&mut in_year, &mut in_visit, policy, layer, &case, trace);
            }
            within_limits(&in_visit)?;
            within_limits(&in_year)?;
            carry(&mut years, &outcome, 1);
        }
    }

    /// A reversal takes back what its visit added, also while later visits stand. What is left
    /// is what the visits that stand added; and the person is settled as if the reversed
    /// visits had never been.
    #[test]
    fn what_is_reversed_is_restored(scenario in scenarios(everything, 4)) {
        let mut choices = Choices::new(scenario.more.clone());
        let cases: Vec<_> = scenario.visits.iter().collect();
        let (mut years, mut standing) = (Years::new(), Vec::new());
        for case in cases {
            let now = given(case, &years);
            let Ok(outcome) = settle(&scenario.policy, &now) else { continue };
            let before = years.clone();
            carry(&mut years, &outcome, 1);
            for change in &outcome.changes {
                let known = |years: &Years| years.get(&change.policy_year)
                    .and_then(|year| year.get(change.accumulator.as_ref())).copied().unwrap_or(0);
                prop_assert_eq!(known(&before), change.before);
                prop_assert_eq!(known(&years), change.before + change.added);
            }
            let mut restored = years.clone();
            carry(&mut restored, &outcome, -1);
            prop_assert_eq!(without_zeros(&restored), without_zeros(&before));
            let again = given(case, &restored);
            prop_assert_eq!(settle(&scenario.policy, &again), Ok(outcome));

            standing.push(now);
            if choices.chance(40) {
                let reversed = standing.remove(choices.below(standing.len()));
                let outcome = settle(&scenario.policy, &reversed).expect("it was settled before");
                carry(&mut years, &outcome, -1);
            }
        }
        let mut folded = Years::new();
        for case in &standing {
            carry(&mut folded, &settle(&scenario.policy, case).expect("it was settled before"), 1);
        }
        prop_assert_eq!(without_zeros(&years), without_zeros(&folded));
        let (by_steps, by_fold) = (given(&scenario.visits[0], &years), given(&scenario.visits[0], &folded));
        prop_assert_eq!(settle(&scenario.policy, &by_steps), settle(&scenario.policy, &by_fold));
    }
}

/// What is limited: how much was used, in fen, and the limit. Accumulators count whole fen; what
/// the parts of one visit use is added up exactly.
type Used = BTreeMap<(String, NaiveDate), (Decimal, Decimal)>;

fn note(
    in_year: &mut Used,
    in_visit: &mut Used,
    policy: &Policy,
    layer: &Layer,
    case: &Case,
    trace: &LayerTrace<'_>,
) {
    let day = case.visit.values_day();
    // A stay split by days reaches the last day of each of its policy years but the last.
    let next = trace.policy_year + Months::new(12);
    let day = if day < next { day } else { next - Days::new(1) };
    let mut count =
        |(accumulator, time): (Option<usize>, &str), what: &str, amount: Decimal, limit: Decimal| {
            let per_year = accumulator.map(|index| &policy.accumulators[index]);
            let (used, key) = match per_year {
                Some(one) if one.by_level => (
                    &mut *in_year,
                    (format!("{} {time} at {}", one.name, case.visit.level.code()), trace.policy_year),
                ),
                Some(one) => (&mut *in_year, (format!("{} {time}", one.name), trace.policy_year)),
                None => (&mut *in_visit, (format!("{what} of {}", layer.id), case.visit.end)),
            };
            let amount = if per_year.is_some() { round_half_up(amount).decimal() } else { amount };
            let known = used.entry(key).or_insert((Decimal::ZERO, limit));
            *known = (known.0 + amount, known.1.max(limit));
        };
    if let Some((cap, limit)) = limited(&layer.cap) {
        let (time, times) = time_of(cap, day);
        count((cap.used, &time), "paid", trace.paid_fen.decimal(), limit * times);
    }
    if let Some((cap, limit)) = limited(&layer.cost_cap) {
        let below = if cap.net { trace.charged() } else { Decimal::ZERO };
        let (time, times) = time_of(cap, day);
        count((cap.used, &time), "cost", trace.base_fen - below, limit * times);
    }
    if let Some(deductible) = &layer.deductible {
        let charged = trace.charged();
        let DeductibleAmount::Fixed(amount) = only(&deductible.amount) else { return };
        let amount = amount.fen;
        let Known::Value(per) = deductible.per else { return };
        match (per, &deductible.year_cap) {
            (Per::Year, Some(cap)) => {
                count((deductible.used, "year"), "deductible", charged, amount.min(*only(cap)))
            }
            (Per::Visit, Some(cap)) => count((deductible.used, "year"), "deductible", charged, *only(cap)),
            (Per::Year, None) => count((deductible.used, "year"), "deductible", charged, amount),
            (Per::Visit, None) => {}
        }
        if per == Per::Visit {
            count((None, ""), "deductible", charged, amount);
        }
    }
}

/// The month, the quarter or the year that a limit is of, and how often it may be used in it.
fn time_of(cap: &Cap, day: NaiveDate) -> (String, Decimal) {
    let time = match cap.carry.unwrap_or(cap.per) {
        Span::Month => format!("month {}", day.month()),
        Span::Quarter => format!("quarter {}", day.month().div_ceil(3)),
        Span::Year => "year".to_owned(),
    };
    let months = match cap.carry {
        Some(Span::Year) => 12,
        Some(_) => 3,
        None => 1,
    };
    (time, Decimal::from(months))
}

fn within_limits(used: &Used) -> Result<(), TestCaseError> {
    for (what, (amount, limit)) in used {
        prop_assert!(amount <= limit, "{what:?}: {amount} above {limit}");
    }
    Ok(())
}

fn limited(cap: &Option<Cap>) -> Option<(&Cap, Decimal)> {
    cap.as_ref().and_then(|cap| Some((cap, only(&cap.amount).as_ref()?.fen)))
}

/// The one value of a table that says the same for everybody.
fn only<T>(table: &Table<T>) -> &T {
    match &table.versions[0].rows[0].value {
        Known::Value(value) => value,
        Known::Unknown(why) => panic!("fixed limits are known: {why}"),
    }
}

fn without_zeros(years: &Years) -> Years {
    let mut years = years.clone();
    years.values_mut().for_each(|year| year.retain(|_, total| *total != 0));
    years.retain(|_, year| !year.is_empty());
    years
}
