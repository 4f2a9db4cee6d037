use proptest::prelude::*;

use super::*;

fn scheme() -> Ranking {
    let indicator = |code: &str, dimension, worst: i64, best: i64| Indicator {
        code: code.into(),
        dimension,
        weight: Decimal::from(30),
        worst: worst.into(),
        best: best.into(),
    };
    Ranking {
        survey_weight: Decimal::from(40),
        satisfied_from: 4,
        min_answers: 30,
        indicators: vec![
            indicator("service", Dimension::Service, 50, 100),
            indicator("violations", Dimension::FundSafety, 100, 0),
        ],
    }
}

fn hospital(code: &str, service: i64, violations: i64, satisfied: u32, others: u32) -> Measured {
    let values = [("service", service), ("violations", violations)];
    Measured {
        code: code.into(),
        values: values.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect(),
        answers: [others, 0, 0, satisfied, 0],
    }
}

fn told(ranked: &[Ranked]) -> Vec<(String, String, [usize; 3])> {
    let tell = |one: &Ranked| {
        (one.code.clone(), format!("{:.2}", one.score), [one.rank, one.best_rank, one.worst_rank])
    };
    ranked.iter().map(tell).collect()
}

#[test]
fn ties_share_a_rank_and_differences_by_chance_are_shown_as_such() {
    let all = vec![
        // 15 + 15 of 30 each, and 24 of 40: exactly the same twice.
        hospital("H3", 75, 50, 60, 40),
        hospital("H2", 75, 50, 60, 40),
        // Two more satisfied of a hundred mean nothing.
        hospital("H1", 75, 50, 62, 38),
        // All satisfied, the best values and beyond.
        hospital("H4", 110, -5, 100, 0),
        hospital("H5", 0, 500, 0, 100),
    ];
    let (ranked, unranked) = rank(&scheme(), all);
    assert_eq!(unranked, []);
    let expected = [
        ("H4", "100.00", [1, 1, 1]),
        ("H1", "54.80", [2, 2, 4]),
        ("H2", "54.00", [3, 2, 4]),
        ("H3", "54.00", [3, 2, 4]),
        ("H5", "0.00", [5, 5, 5]),
    ];
    let expected = expected.map(|(code, score, places)| (code.to_owned(), score.to_owned(), places));
    assert_eq!(told(&ranked), expected);
}

#[test]
fn nobody_is_ranked_by_a_guess() {
    let few = hospital("H1", 75, 50, 29, 0);
    let mut lacking = hospital("H2", 75, 50, 60, 0);
    lacking.values.remove("violations");
    let (ranked, unranked) = rank(&scheme(), vec![few, lacking, hospital("H3", 75, 50, 30, 0)]);
    assert_eq!(told(&ranked)[0].2, [1, 1, 1]);
    let missing = vec!["violations".to_owned()];
    let expected = [
        Unranked { code: "H1".into(), missing: vec![], answers: 29 },
        Unranked { code: "H2".into(), missing, answers: 60 },
    ];
    assert_eq!(unranked, expected);
}

#[test]
fn a_trial_says_who_moves_and_how_far() {
    let all =
        vec![hospital("H1", 100, 100, 50, 50), hospital("H2", 50, 0, 70, 30), hospital("H3", 75, 60, 60, 40)];
    let (before, _) = rank(&scheme(), all.clone());
    assert_eq!(moves(&before, &before), []);
    assert_eq!(stability_index(&before, &before), Some(Decimal::ZERO));
    let mut draft = scheme();
    draft.indicators[0].weight = Decimal::from(60);
    draft.indicators[1].weight = Decimal::ZERO;
    let (after, _) = rank(&draft, all);
    let codes: Vec<_> = moves(&before, &after)
        .into_iter()
        .map(|one| (one.code, one.places.map(|place| place.unwrap().0)))
        .collect();
    assert_eq!(codes, [("H1".to_owned(), [3, 1]), ("H2".to_owned(), [1, 3])]);
    assert!(stability_index(&before, &after).unwrap() > Decimal::new(25, 2), "all three bands are others");
    assert_eq!(stability_index(&before, &[]), None);
}

proptest! {
    #[test]
    fn a_rank_is_within_its_bounds(all in prop::collection::vec((0_i64..120, 0_i64..120, 0_u32..300, 30_u32..60), 1..40)) {
        let named = all.into_iter().enumerate();
        let all = named.map(|(number, (service, violations, satisfied, others))| hospital(&format!("H{number:02}"), service, violations, satisfied, others));
        let (ranked, unranked) = rank(&scheme(), all.collect());
        prop_assert!(unranked.is_empty());
        for one in &ranked {
            prop_assert!(1 <= one.best_rank && one.best_rank <= one.rank && one.rank <= one.worst_rank && one.worst_rank <= ranked.len());
            let rounding = Decimal::new(1, 2);
            prop_assert!(one.interval.0 <= one.score + rounding && one.score <= one.interval.1 + rounding);
            prop_assert!(Decimal::ZERO <= one.score && one.score <= Decimal::ONE_HUNDRED);
        }
    }
}
