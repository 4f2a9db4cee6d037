//! Care away from home: what the filing register says never pays more than at home.
//!
//! That a treatment takes effect where the document says, or is refused, is compared with the
//! reference calculator (`agreement`).

use proptest::prelude::*;
use rust_decimal::Decimal;
use yizhan_documents::Known;
use yizhan_money::Fen;
use yizhan_policy::case::RemoteRule;
use yizhan_policy::model::{Adjust, CutOn, Policy, Prepay};
use yizhan_policy::{Case, settle};
use yizhan_terms::Filing;
use yizhan_terms::Treatment;

use crate::generate::{Choices, bands, everything, one_scale};
use crate::support::{cases, scenarios};

proptest! {
    #![proptest_config(cases(1200))]

    /// 同比例: as if the document had no place for the register's rule at all.
    #[test]
    fn the_same_rate_pays_what_is_paid_at_home(scenario in scenarios(everything, 1)) {
        prop_assume!(!says_nothing_by_filing(&scenario.policy));
        let away = with(&scenario.visits[0], Treatment::Same);
        let mut asked_nobody = away.clone();
        asked_nobody.visit.remote = None;
        let home = without_places(&scenario.policy);
        let (away, home) = (settle(&scenario.policy, &away), settle(&home, &asked_nobody));
        let Ok(mut away) = away else {
            prop_assert_eq!(away.unwrap_err(), home.unwrap_err());
            return Ok(());
        };
        prop_assert!(away.remote.take().is_some());
        prop_assert_eq!(Ok(away), home);
    }

    #[test]
    fn the_more_is_taken_off_the_less_is_paid(scenario in scenarios(any_scale_with_places, 1)) {
        let case = &scenario.visits[0];
        let mut choices = Choices::new(scenario.more.clone());
        let fund = |treatment| settle(&scenario.policy, &with(case, treatment)).map(|outcome| outcome.fund_pay_fen);
        let Ok(same) = fund(Treatment::Same) else { return Ok(()) };
        let of = |make: fn(Decimal) -> Treatment, number| fund(make(number)).expect("it has a place");
        let (less, more) = two(&mut choices, 0, 100);
        let by_points = [same, of(Treatment::Points, -less), of(Treatment::Points, -more)];
        let (low, high) = two(&mut choices, 0, 1000);
        let (low, high) = (low / Decimal::from(1000), high / Decimal::from(1000));
        let by_factor = [same, of(Treatment::Factor, high), of(Treatment::Factor, low)];
        let by_prepay = [same, of(Treatment::Prepay, low), of(Treatment::Prepay, high)];
        for paid in [by_points, by_factor, by_prepay] {
            prop_assert!(paid.is_sorted_by(|more, less| more >= less), "{paid:?}");
        }
        let none = [Treatment::Points(-Decimal::ONE_HUNDRED), Treatment::Factor(Decimal::ZERO), Treatment::Prepay(Decimal::ONE)];
        for treatment in none {
            prop_assert_eq!(fund(treatment), Ok(Fen::ZERO));
        }
        let nothing_off = [Treatment::Points(Decimal::ZERO), Treatment::Factor(Decimal::ONE), Treatment::Prepay(Decimal::ZERO)];
        for treatment in nothing_off {
            prop_assert_eq!(fund(treatment), Ok(same));
        }
    }
}

/// Its table of extra 先行自付 leaves something to the register by saying that nothing is published.
fn says_nothing_by_filing(policy: &Policy) -> bool {
    let Some(Prepay::Table(table)) = &policy.extra_prepay else { return false };
    let mut rows = table.versions.iter().flat_map(|version| &version.rows);
    rows.any(|row| matches!(row.value, Known::Unknown(_)))
}

/// One scale with both places; the prepay of the bill or of the layer.
fn any_scale_with_places(choices: &mut Choices) -> Policy {
    let (cut_on, bands) = (choices.pick(&[CutOn::Net, CutOn::Absolute]), bands(choices));
    let mut policy = one_scale(choices, cut_on, bands);
    policy.layers[0].adjust.push(Adjust::Remote);
    match choices.chance(50) {
        false => policy.extra_prepay = Some(Prepay::Remote),
        true => policy.layers[0].prepay = Some(Prepay::Remote),
    }
    policy
}

fn with(case: &Case, treatment: Treatment) -> Case {
    let mut case = case.clone();
    if case.visit.filing == Filing::Local {
        case.visit.filing = Filing::Referral;
    }
    case.visit.remote = Some(RemoteRule { treatment, rule: "R1".to_owned(), citation: "办法".to_owned() });
    case
}

fn without_places(policy: &Policy) -> Policy {
    let mut policy = policy.clone();
    policy.extra_prepay.take_if(|prepay| prepay.is_remote());
    for layer in &mut policy.layers {
        layer.prepay.take_if(|prepay| prepay.is_remote());
        layer.adjust.retain(|adjust| *adjust != Adjust::Remote);
        layer.same_when_remote = false;
    }
    policy
}

/// Two numbers, the lower first.
fn two(choices: &mut Choices, lowest: i64, highest: i64) -> (Decimal, Decimal) {
    let (a, b) = (choices.between(lowest, highest), choices.between(lowest, highest));
    (Decimal::from(a.min(b)), Decimal::from(a.max(b)))
}
