//! The table, cut by cut; and what must never happen, tried on random histories.

use proptest::prelude::*;

use super::*;
use crate::person::domain::basic_schemes::doubled;
use crate::person::domain::timeline::examples::{coverage, person};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Each stretch as `310 state begin..end change`.
fn told(person: &Timeline) -> Vec<String> {
    let end = |held: &Coverage| held.period.enddate.map(|end| end.to_string()).unwrap_or_default();
    let tell = |held: &Coverage| {
        let period = format!("{}..{}", held.period.begndate, end(held));
        format!("{} {:?} {period} {}", held.insutype, held.state, held.psn_chg_type)
    };
    person.coverages.iter().map(tell).collect()
}

/// docs: psn_chg_type × standing; everything that is not listed is refused, and says what would be allowed.
#[test]
fn the_table_is_complete() {
    let all = [NotInsured, Normal, Paused, Frozen, Ended];
    let allowed = |standing: Standing| -> Vec<&str> {
        TRANSITIONS.iter().filter(|row| row.from.contains(&standing)).map(|row| row.code).collect()
    };
    assert_eq!(
        all.map(allowed),
        [
            vec!["11", "13", "14"],
            vec!["21", "22", "23", "24", "25", "27", "31"],
            vec!["12", "21", "23", "24", "27", "31"],
            vec!["32"],
            vec!["11", "12", "13", "14"],
        ]
    );
    for row in &TRANSITIONS {
        assert_eq!(Change::from_code(row.code), Some(row.change));
        assert_eq!(row.change.code(), row.code);
    }
    let mut codes: Vec<_> = TRANSITIONS.iter().map(|row| row.code).collect();
    codes.dedup();
    assert_eq!(codes.len(), TRANSITIONS.len());
}

#[test]
fn nobody_is_insured_before_birth_or_after_death() {
    let mut born = person("1980-01-01");
    let unborn = begin(&mut born, coverage("310", "1979-12-31", ""), Change::Enrol).unwrap_err();
    assert_eq!(unborn, Refused::OutsideLife(day("1980-01-01")));
    begin(&mut born, coverage("310", "2025-01-01", ""), Change::Enrol).unwrap();
    end_by_death(&mut born, day("2026-02-28"));
    let before = born.clone();
    let dead = begin(&mut born, coverage("310", "2026-03-01", ""), Change::Resume).unwrap_err();
    assert_eq!((dead, &born), (Refused::OutsideLife(day("2026-02-28")), &before));
    let year = coverage("510", "2026-01-01", "2026-12-31");
    begin(&mut born, year, Change::Enrol).unwrap();
    assert_eq!(told(&born)[1], "510 Normal 2026-01-01..2026-02-28 11", "up to the day of death");
}

#[test]
fn a_refusal_names_the_state_and_what_may_happen() {
    let mut person = person("1980-01-01");
    begin(&mut person, coverage("310", "2025-01-01", ""), Change::Enrol).unwrap();
    turn(&mut person, Insutype::Employee, day("2025-03-01"), Change::Freeze, Set::default()).unwrap();
    let before = person.clone();
    let refused =
        turn(&mut person, Insutype::Employee, day("2025-04-01"), Change::Pause, Set::default()).unwrap_err();
    assert_eq!(refused, Refused::NotFrom(Frozen, vec!["32"]));
    assert_eq!(person, before);
    let refused = end(&mut person, Insutype::Resident, day("2025-04-01"), Change::End).unwrap_err();
    assert_eq!(refused, Refused::NotFrom(NotInsured, vec!["11", "13", "14"]));
}

#[test]
fn a_life_in_one_scheme() {
    let mut person = person("1964-02-29");
    begin(&mut person, coverage("310", "2023-01-01", ""), Change::Enrol).unwrap();
    turn(&mut person, Insutype::Employee, day("2024-03-01"), Change::Pause, Set::default()).unwrap();
    begin(&mut person, coverage("310", "2024-05-01", ""), Change::Resume).unwrap();
    turn(&mut person, Insutype::Employee, day("2025-01-01"), Change::Freeze, Set::default()).unwrap();
    turn(&mut person, Insutype::Employee, day("2025-02-01"), Change::Unfreeze, Set::default()).unwrap();
    let retired = Set { psn_type: Some("1201".into()), ..Set::default() };
    turn(&mut person, Insutype::Employee, day("2025-06-01"), Change::Retire, retired).unwrap();
    end(&mut person, Insutype::Employee, day("2026-01-01"), Change::End).unwrap();
    assert_eq!(
        told(&person),
        [
            "310 Normal 2023-01-01..2024-02-29 11",
            "310 Paused 2024-03-01..2024-04-30 22",
            "310 Normal 2024-05-01..2024-12-31 12",
            "310 Frozen 2025-01-01..2025-01-31 31",
            "310 Normal 2025-02-01..2025-05-31 32",
            "310 Normal 2025-06-01..2025-12-31 25",
        ]
    );
    assert_eq!(person.coverages.last().unwrap().psn_type, "1201");
    assert_eq!(standing(&person, Insutype::Employee, day("2026-01-01")), Ended);
    begin(&mut person, coverage("310", "2026-03-01", ""), Change::Resume).unwrap();
    assert_eq!(standing(&person, Insutype::Employee, day("2026-02-28")), Ended);
}

#[test]
fn unfreezing_gives_back_what_was_frozen() {
    let mut person = person("1980-01-01");
    begin(&mut person, coverage("310", "2025-01-01", ""), Change::Enrol).unwrap();
    turn(&mut person, Insutype::Employee, day("2025-02-01"), Change::Pause, Set::default()).unwrap();
    turn(&mut person, Insutype::Employee, day("2025-03-01"), Change::Freeze, Set::default()).unwrap();
    turn(&mut person, Insutype::Employee, day("2025-04-01"), Change::Unfreeze, Set::default()).unwrap();
    assert_eq!(standing(&person, Insutype::Employee, day("2025-04-01")), Paused);
}

#[test]
fn a_second_basic_scheme_is_refused_and_a_supplement_is_not() {
    let mut person = person("1980-01-01");
    begin(&mut person, coverage("310", "2025-01-01", ""), Change::Enrol).unwrap();
    let refused = begin(&mut person, coverage("390", "2026-01-01", "2026-12-31"), Change::Enrol).unwrap_err();
    assert!(matches!(refused, Refused::SecondBasicScheme(held) if held.insutype == Insutype::Employee));
    begin(&mut person, coverage("510", "2025-01-01", ""), Change::Enrol).unwrap();
    end(&mut person, Insutype::Employee, day("2026-01-01"), Change::End).unwrap();
    begin(&mut person, coverage("390", "2026-01-01", "2026-12-31"), Change::Enrol).unwrap();
    // The pause ended with the scheme; resuming it now would double.
    let refused = begin(&mut person, coverage("310", "2026-06-01", ""), Change::Resume).unwrap_err();
    assert!(matches!(refused, Refused::SecondBasicScheme(held) if held.insutype == Insutype::Resident));
}

#[test]
fn death_ends_everything_the_day_after() {
    let mut person = person("1950-01-01");
    begin(&mut person, coverage("390", "2025-01-01", "2025-12-31"), Change::Enrol).unwrap();
    begin(&mut person, coverage("390", "2026-01-01", "2026-12-31"), Change::Resume).unwrap();
    end_by_death(&mut person, day("2025-02-28"));
    assert_eq!(
        told(&person),
        ["390 Normal 2025-01-01..2025-02-28 11", "390 Ended 2026-01-01..2026-12-31 21"]
    );
    assert_eq!(person.person.die_date, Some(day("2025-02-28")));
}

#[derive(Clone, Debug)]
struct Step {
    insutype: Insutype,
    row: usize,
    month: u32,
    months: Option<u32>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let scheme = prop::sample::select(vec![
        Insutype::Employee,
        Insutype::Resident,
        Insutype::VeteranCadre,
        Insutype::Maternity,
    ]);
    let step = (scheme, 0..TRANSITIONS.len(), 0u32..48, proptest::option::of(1u32..24));
    let step = step.prop_map(|(insutype, row, month, months)| Step { insutype, row, month, months });
    proptest::collection::vec(step, 0..40)
}

fn apply(person: &mut Timeline, step: &Step) -> Result<(), Refused> {
    let month = |count: u32| day("2024-01-01") + chrono::Months::new(count);
    let (change, first) = (TRANSITIONS[step.row].change, month(step.month));
    match TRANSITIONS[step.row].to {
        Some(Normal) => {
            let enddate = step.months.map(|months| day_before(month(step.month + months)));
            let mut stretch = coverage(step.insutype.code(), "2024-01-01", "");
            stretch.period = Period { begndate: first, enddate };
            begin(person, stretch, change)
        }
        Some(Ended) => end(person, step.insutype, first, change),
        _ => turn(person, step.insutype, first, change, Set::default()),
    }
}

proptest! {
    /// Whatever is tried in whatever order: no two basic schemes normal on one day, stretches of one scheme apart, states
    /// move along the table only, and a refusal changes nothing.
    #[test]
    fn nothing_is_ever_doubled(steps in steps()) {
        let mut person = person("1980-01-01");
        for step in &steps {
            let before = person.clone();
            let first = day("2024-01-01") + chrono::Months::new(step.month);
            let stood = standing(&before, step.insutype, first);
            match apply(&mut person, step) {
                Err(_) => prop_assert_eq!(&person, &before),
                Ok(()) => {
                    let row = &TRANSITIONS[step.row];
                    prop_assert!(row.from.contains(&stood));
                    let stands = standing(&person, step.insutype, first);
                    match (row.to, row.change) {
                        (Some(to), _) => prop_assert_eq!(stands, to),
                        (None, Change::Unfreeze) => prop_assert!(matches!(stands, Normal | Paused | Ended | Frozen)),
                        (None, _) => prop_assert_eq!(stands, stood),
                    }
                }
            }
            prop_assert_eq!(doubled(&person), None);
            for (at, held) in person.coverages.iter().enumerate() {
                prop_assert!(!held.period.ended_before(held.period.begndate));
                for other in &person.coverages[at + 1..] {
                    prop_assert!(held.insutype != other.insutype || !held.period.overlaps(&other.period));
                }
            }
        }
    }
}
