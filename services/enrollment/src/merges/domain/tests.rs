use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use yizhan_terms::Insutype;

use super::*;
use crate::person::domain::timeline::PersonFacts;
use crate::person::domain::timeline::examples::*;
use crate::register::domain::eligibility::{Question, answer};

fn record(coverages: impl IntoIterator<Item = Coverage>) -> Timeline {
    let mut timeline = person("1980-01-01");
    coverages.into_iter().for_each(|coverage| {
        timeline.put(coverage);
    });
    timeline
}

fn ended(insutype: &str, begndate: &str, enddate: &str) -> Coverage {
    Coverage { state: CoverageState::Ended, ..coverage(insutype, begndate, enddate) }
}

fn merged(keep: &Timeline, other: &Timeline) -> Result<Merged, Vec<String>> {
    let contradictions = |found: Vec<Contradiction>| found.iter().map(Contradiction::to_string).collect();
    merge(("K", keep), ("M", other)).map_err(contradictions)
}

#[test]
fn what_does_not_contradict_moves() {
    let keep = record([coverage("310", "2020-01-01", "2021-12-31"), coverage("510", "2020-01-01", "")]);
    let other = record([coverage("390", "2022-01-01", "2022-12-31"), coverage("510", "2020-01-01", "")]);
    let merged = merged(&keep, &other).unwrap();
    assert_eq!((merged.moved, merged.equal), (1, 1));
    assert_eq!(merged.kept.coverages.len(), 3);
    assert_eq!(merged.tombstone.merged_into.as_deref(), Some("K"));
    assert_eq!(merged.tombstone.person, other.person);
    assert!(merged.tombstone.coverages.is_empty() && merged.kept.merged_into.is_none());
}

#[test]
fn a_death_that_one_record_knew_of_ends_what_the_other_held() {
    let keep = record([coverage("310", "2020-01-01", "")]);
    let mut other = record([]);
    other.person.die_date = "2024-03-31".parse().ok();
    let kept = merged(&keep, &other).unwrap().kept;
    assert_eq!(kept.coverages[0].period, period("2020-01-01", "2024-03-31"));
    assert_eq!(merged(&other, &keep).unwrap().kept.coverages, kept.coverages);
}

#[test]
fn what_contradicts_is_named_all_at_once() {
    let identity = |enddate: &str| Identity {
        psn_idet_type: "2303".to_owned(),
        name: "低保".to_owned(),
        period: period("2024-01-01", enddate),
        department: String::new(),
    };
    let mut keep = record([coverage("310", "2020-01-01", ""), coverage("510", "2020-01-01", "")]);
    let mut other = record([coverage("390", "2022-01-01", "2022-12-31"), coverage("510", "2021-01-01", "")]);
    keep.put(identity("2024-12-31"));
    other.put(identity(""));
    keep.person.die_date = "2024-05-01".parse().ok();
    other.person = PersonFacts {
        gend: "2".to_owned(),
        brdy: "1980-01-02".parse().unwrap(),
        die_date: "2024-05-02".parse().ok(),
        ..other.person
    };
    assert_eq!(
        merged(&keep, &other).unwrap_err(),
        [
            "person brdy",
            "person gend",
            "person die_date",
            "coverage 310@2020-01-01 390@2022-01-01",
            "coverage 510@2020-01-01 510@2021-01-01",
            "identity 2024-01-01",
        ]
    );
}

#[test]
fn a_pause_is_a_scheme_and_an_end_is_none() {
    let paused = Coverage { state: CoverageState::Paused, ..coverage("310", "2021-01-01", "") };
    let keep = record([coverage("310", "2020-01-01", "2020-12-31"), paused]);
    let other = record([coverage("310", "2022-01-01", "2022-12-31")]);
    assert_eq!(merged(&keep, &other).unwrap_err(), ["coverage 310@2021-01-01 310@2022-01-01"]);

    let keep = record([coverage("310", "2020-01-01", "2020-12-31"), ended("310", "2021-01-01", "")]);
    let other = record([
        ended("310", "2019-01-01", "2021-12-31"),
        coverage("310", "2022-01-01", "2022-12-31"),
        ended("310", "2023-01-01", ""),
    ]);
    let kept = merged(&keep, &other).unwrap().kept;
    let days: Vec<(Period, CoverageState)> = kept.coverages.iter().map(|c| (c.period, c.state)).collect();
    assert_eq!(
        days,
        [
            (period("2019-01-01", "2019-12-31"), CoverageState::Ended),
            (period("2020-01-01", "2020-12-31"), CoverageState::Normal),
            (period("2021-01-01", "2021-12-31"), CoverageState::Ended),
            (period("2022-01-01", "2022-12-31"), CoverageState::Normal),
            (period("2023-01-01", ""), CoverageState::Ended),
        ]
    );
}

#[test]
fn nobody_shares_an_account_with_themselves() {
    let share = |sharer: &str, begndate: &str, enddate: &str| AccountShare {
        sharer_psn_no: sharer.to_owned(),
        period: period(begndate, enddate),
        kinship: None,
        consent: None,
        withdrawn: None,
    };
    let (mut keep, mut other) = (record([]), record([]));
    keep.put(share("M", "2024-01-01", ""));
    keep.put(share("X", "2024-01-01", ""));
    other.put(share("K", "2024-02-01", ""));
    other.put(share("Y", "2024-02-01", ""));
    let kept = merged(&keep, &other).unwrap().kept;
    assert_eq!(kept.account_shares, [share("X", "2024-01-01", ""), share("Y", "2024-02-01", "")]);

    let mut third = record([]);
    third.put(share("M", "2024-01-01", ""));
    third.put(share("K", "2024-01-01", "2024-06-30"));
    third.put(share("M", "2024-07-01", "2024-07-31"));
    third.put(share("K", "2024-07-01", ""));
    rename_sharer(&mut third, "M", "K");
    assert_eq!(third.account_shares, [share("K", "2024-01-01", ""), share("K", "2024-07-01", "")]);
}

#[test]
fn a_death_only_one_record_knows_is_kept() {
    let mut other = record([]);
    other.person.die_date = "2024-05-01".parse().ok();
    assert_eq!(merged(&record([]), &other).unwrap().kept.person.die_date, other.person.die_date);
}

/// First day of the random records.
fn start() -> NaiveDate {
    "2023-12-01".parse().unwrap()
}

/// A record with at most one basic scheme on a day, and supplements: stretches one behind the other with gaps.
fn random_record() -> impl Strategy<Value = Timeline> {
    let schemes = prop_oneof![Just("310"), Just("390"), Just("310"), Just("510")];
    let states = prop_oneof![
        3 => Just(CoverageState::Normal),
        1 => Just(CoverageState::Paused),
        2 => Just(CoverageState::Ended),
    ];
    let stretch = (0u64..30, 0u64..60, schemes, states, 0u64..20);
    (prop::collection::vec(stretch, 0..6), any::<bool>()).prop_map(|(stretches, last_is_open)| {
        let mut day = start();
        let mut timeline = person("1980-01-01");
        let count = stretches.len();
        for (at, (gap, length, insutype, state, waiting)) in stretches.into_iter().enumerate() {
            let begndate = day + Days::new(gap);
            let enddate = begndate + Days::new(length);
            let open = last_is_open && at + 1 == count;
            timeline.put(Coverage {
                state,
                period: Period { begndate, enddate: (!open).then_some(enddate) },
                entitled_begndate: (waiting > 10).then(|| begndate + Days::new(waiting)),
                ..coverage(insutype, "2024-01-01", "")
            });
            day = enddate + Days::new(1);
        }
        timeline
    })
}

fn basic_on(timeline: &Timeline, day: NaiveDate) -> Vec<&Coverage> {
    let basic = |c: &&Coverage| c.insutype.is_basic() && c.period.contains(day);
    timeline.coverages.iter().filter(basic).collect()
}

fn entitled(timeline: &Timeline, day: NaiveDate, insutype: Option<&str>) -> bool {
    let insutype = insutype.and_then(Insutype::from_code);
    let question = Question { as_of: day, insutype, med_type: None, dise_codg: None, place: None };
    answer(timeline, &question).refusal.is_none()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// No day of entitlement is lost or won, no day has two basic schemes, and stretches of one scheme do not overlap; a merge is
    /// refused only where a day shows why.
    #[test]
    fn merged_persons_keep_every_day_once(keep in random_record(), other in random_record()) {
        let days = || (0..500u64).map(|days| start() + Days::new(days));
        match merge(("K", &keep), ("M", &other)) {
            Ok(merged) => {
                for day in days() {
                    for insutype in [None, Some("510")] {
                        let before = entitled(&keep, day, insutype) || entitled(&other, day, insutype);
                        prop_assert_eq!(entitled(&merged.kept, day, insutype), before, "{} {:?}", day, insutype);
                    }
                    let real: Vec<_> =
                        basic_on(&merged.kept, day).into_iter().filter(|c| c.state != CoverageState::Ended).collect();
                    prop_assert!(real.len() <= 1, "{day}: {real:?}");
                    for insutype in ["310", "390", "510"] {
                        let of_one = merged.kept.coverages.iter();
                        let of_one = of_one.filter(|c| c.insutype.code() == insutype && c.period.contains(day)).count();
                        prop_assert!(of_one <= 1, "{day} {insutype}");
                    }
                }
                prop_assert!(!days().any(|day| entitled(&merged.tombstone, day, None)));
            }
            Err(_) => {
                let real = |timeline: &Timeline, day: NaiveDate| -> Vec<Insutype> {
                    let held = timeline.coverages.iter().filter(|c| c.period.contains(day));
                    held.filter(|c| c.state != CoverageState::Ended).map(|c| c.insutype).collect()
                };
                let clash = days().any(|day| {
                    let (ours, theirs) = (real(&keep, day), real(&other, day));
                    let basic = |held: &[Insutype]| held.iter().any(|c| c.is_basic());
                    basic(&ours) && basic(&theirs) || ours.iter().any(|c| theirs.contains(c))
                });
                prop_assert!(clash);
            }
        }
    }
}
