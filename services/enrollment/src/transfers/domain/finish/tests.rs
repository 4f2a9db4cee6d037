use chrono::Days;
use proptest::prelude::*;

use super::*;
use crate::person::domain::basic_schemes::doubled;
use crate::person::domain::timeline::examples::{period, person};
use crate::register::domain::eligibility::{Question, answer};

const HOME: Area = Area::parse("430200").unwrap();
const NEAR: Area = Area::parse("430100").unwrap();
const AWAY: Area = Area::parse("110000").unwrap();

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn coverage(insutype: &str, begndate: &str, enddate: &str) -> Coverage {
    let example = crate::person::domain::timeline::examples::coverage(insutype, begndate, enddate);
    Coverage { poolarea_no: None, ..example }
}

fn with(coverages: impl IntoIterator<Item = Coverage>) -> Timeline {
    let mut timeline = person("1980-01-01");
    coverages.into_iter().for_each(|coverage| {
        timeline.put(coverage);
    });
    timeline
}

fn terms(direction: Direction, begins: Begins, today: &str) -> Terms {
    Terms {
        direction,
        from_area: HOME,
        to_area: AWAY,
        today: day(today),
        paid_on: day(today),
        begins,
        psn_type: if direction.joins() == Insutype::Employee { "11" } else { "15" }.to_owned(),
        hi_type: String::new(),
        supplements: Vec::new(),
    }
}

fn done(held: &Timeline, terms: &Terms) -> Result<Finished, Fault> {
    finish(held, terms, &Rules::embedded())
}

/// 医保办发〔2021〕43号: old coverages, direction, begins, today → the new stretch's first day, first day of entitlement.
#[test]
fn continuity_is_decided_by_the_rules() {
    use Direction::*;
    let on = |text: &str| Begins::On(day(text));
    let three_years = || coverage("310", "2022-07-01", "2025-06-30");
    let one_year = || coverage("390", "2025-01-01", "2025-06-30");
    for (held, direction, begins, today, begndate, entitled) in [
        // Unbroken: no waiting, whatever the years.
        (
            coverage("310", "2025-05-01", ""),
            EmployeeToEmployee,
            on("2025-07-01"),
            "2025-06-15",
            "2025-07-01",
            "2025-07-01",
        ),
        (
            coverage("390", "2025-01-01", "2025-12-31"),
            ResidentToEmployee,
            on("2025-07-01"),
            "2025-06-15",
            "2025-07-01",
            "2025-07-01",
        ),
        (
            coverage("310", "2025-05-01", ""),
            EmployeeToResident,
            Begins::CoverageYear(2025),
            "2025-06-15",
            "2025-06-16",
            "2025-06-16",
        ),
        (
            coverage("390", "2025-01-01", "2025-12-31"),
            ResidentToResident,
            Begins::CoverageYear(2026),
            "2025-12-10",
            "2026-01-01",
            "2026-01-01",
        ),
        // 中断 3 个月以内，补缴: from the day after, retroactively.
        (three_years(), EmployeeToEmployee, on("2025-07-01"), "2025-09-30", "2025-07-01", "2025-07-01"),
        (
            three_years(),
            EmployeeToResident,
            Begins::CoverageYear(2025),
            "2025-09-30",
            "2025-07-01",
            "2025-07-01",
        ),
        // Switching without two years: insured from the day given, entitled from the month paid.
        (one_year(), ResidentToEmployee, on("2025-07-01"), "2025-09-30", "2025-07-01", "2025-09-01"),
        // 中断 3 个月以上: from the month paid, where the area set no waiting.
        (three_years(), EmployeeToEmployee, on("2025-11-01"), "2025-11-10", "2025-11-01", "2025-11-01"),
    ] {
        let case = format!("{held:?} {direction:?} {begins:?} {today}");
        let finished = done(&with([held]), &terms(direction, begins, today)).unwrap();
        assert_eq!(finished.new.period.begndate, day(begndate), "{case}");
        assert_eq!(finished.entitled_begndate, day(entitled), "{case}");
        assert!(!finished.new.waiting.as_ref().unwrap().rule.is_empty(), "{case}");
    }
}

#[test]
fn the_old_area_pays_until_it_is_finished() {
    let held = with([coverage("310", "2020-01-01", "")]);
    let early = terms(Direction::EmployeeToEmployee, Begins::On(day("2025-06-15")), "2025-06-15");
    assert_eq!(done(&held, &early).unwrap_err(), Fault::TooEarly(day("2025-06-16")));
    let finished = done(&held, &Terms { begins: Begins::On(day("2025-06-16")), ..early.clone() }).unwrap();
    assert_eq!((finished.old_insutype.code(), finished.old_enddate), ("310", day("2025-06-15")));
    let stretches: Vec<_> = finished
        .timeline
        .coverages
        .iter()
        .map(|c| (c.period, c.poolarea_no, c.psn_chg_type.as_str()))
        .collect();
    assert_eq!(
        stretches,
        [(period("2020-01-01", "2025-06-15"), Some(HOME), ""), (period("2025-06-16", ""), None, "13")]
    );
    assert_eq!(finished.old_change.code(), "23");
    let inside = Terms { to_area: NEAR, begins: Begins::On(day("2025-06-16")), ..early };
    let finished = done(&held, &inside).unwrap();
    assert_eq!((finished.old_change.code(), finished.new.psn_chg_type.as_str()), ("24", "14"));
}

#[test]
fn a_pause_may_be_left_and_its_days_made_good_but_not_what_is_frozen() {
    let paused = Coverage { state: CoverageState::Paused, ..coverage("310", "2025-07-01", "") };
    let frozen = Coverage { state: CoverageState::Frozen, ..paused.clone() };
    let worked = coverage("310", "2022-07-01", "2025-06-30");
    let back = terms(Direction::EmployeeToEmployee, Begins::On(day("2025-07-01")), "2025-09-30");
    let finished = done(&with([worked.clone(), paused]), &back).unwrap();
    let states: Vec<_> = finished.timeline.coverages.iter().map(|c| (c.period, c.state)).collect();
    assert_eq!(
        states,
        [
            (period("2022-07-01", "2025-06-30"), CoverageState::Normal),
            (period("2025-07-01", ""), CoverageState::Normal),
        ]
    );
    let refused = done(&with([worked, frozen]), &back).unwrap_err();
    let frozen = |why: &Refused| matches!(why, Refused::NotFrom(Standing::Frozen, _));
    assert!(matches!(&refused, Fault::Refused(why) if frozen(why)), "{refused:?}");
}

#[test]
fn what_comes_on_top_ends_and_begins_with_it() {
    let held = with([
        coverage("310", "2020-01-01", ""),
        coverage("330", "2020-01-01", ""),
        coverage("510", "2020-01-01", ""),
    ]);
    let mut terms = terms(Direction::EmployeeToEmployee, Begins::On(day("2025-07-01")), "2025-06-15");
    terms.supplements = vec![Insutype::LargeExpenseSubsidy];
    let finished = done(&held, &terms).unwrap();
    let on_top: Vec<_> =
        finished.timeline.coverages.iter().filter(|c| c.insutype != Insutype::Employee).collect();
    let days: Vec<_> = on_top.iter().map(|c| (c.insutype.code(), c.period, c.poolarea_no)).collect();
    assert_eq!(
        days,
        [
            ("330", period("2020-01-01", "2025-06-30"), Some(HOME)),
            ("330", period("2025-07-01", ""), None),
            ("510", period("2020-01-01", "2025-06-30"), Some(HOME)),
        ]
    );
}

#[test]
fn what_is_not_there_or_paid_ahead_is_not_left() {
    let this_year = Begins::CoverageYear(2025);
    let nothing = done(&with([]), &terms(Direction::ResidentToResident, this_year, "2025-06-15"));
    assert_eq!(nothing.unwrap_err(), Fault::NothingHeld);
    let both_years =
        with([coverage("390", "2025-01-01", "2025-12-31"), coverage("390", "2026-01-01", "2026-12-31")]);
    let lost = done(&both_years, &terms(Direction::ResidentToResident, this_year, "2025-12-10")).unwrap_err();
    assert!(matches!(lost, Fault::PaidAhead(_)), "{lost:?}");
    let made_up = terms(Direction::ResidentToEmployee, Begins::On(day("2026-01-01")), "2025-12-10");
    assert_eq!(done(&both_years, &made_up).unwrap().entitled_begndate, day("2026-01-01"));
    let full = with([coverage("390", "2025-01-01", "2025-12-31")]);
    let last_day = terms(Direction::ResidentToResident, this_year, "2025-12-31");
    assert_eq!(done(&full, &last_day).unwrap_err(), Fault::NoDayLeft);
}

/// At most one basic scheme on a day, in stretches of months.
fn random_record() -> impl Strategy<Value = Timeline> {
    let schemes = prop_oneof![Just("310"), Just("390"), Just("510")];
    let states = prop_oneof![
        4 => Just(CoverageState::Normal),
        1 => Just(CoverageState::Paused),
        1 => Just(CoverageState::Ended),
    ];
    let stretch = (0u64..130, 0u64..500, schemes, states);
    (prop::collection::vec(stretch, 1..6), any::<bool>()).prop_map(|(stretches, last_is_open)| {
        let mut first = day("2024-01-01");
        let count = stretches.len();
        let coverages = stretches.into_iter().enumerate().map(|(at, (gap, length, insutype, state))| {
            let begndate = first + Days::new(gap);
            let enddate = begndate + Days::new(length);
            first = enddate + Days::new(1);
            let open = last_is_open && at + 1 == count;
            let period = Period { begndate, enddate: (!open).then_some(enddate) };
            Coverage { state, period, ..coverage(insutype, "2024-01-01", "") }
        });
        with(coverages)
    })
}

fn random_terms() -> impl Strategy<Value = Terms> {
    let directions = prop_oneof![
        Just(Direction::EmployeeToEmployee),
        Just(Direction::EmployeeToResident),
        Just(Direction::ResidentToResident),
        Just(Direction::ResidentToEmployee),
    ];
    let areas = prop::sample::select(vec![AWAY, NEAR, HOME]);
    (directions, areas, 366u64..1000, 0u64..40, 0i64..120, 0i32..2).prop_map(
        |(direction, to_area, today, paid_before, begins, year)| {
            // Within one area only a switch of schemes is a transfer.
            let to_area = if direction.switches() || to_area != HOME { to_area } else { NEAR };
            let today = day("2024-01-01") + Days::new(today);
            let begins = match direction.joins() {
                Insutype::Employee => Begins::On(today + Days::new(60) - Days::new(begins as u64)),
                _ => Begins::CoverageYear(today.year() + year),
            };
            Terms {
                to_area,
                today,
                paid_on: today - Days::new(paid_before),
                ..terms(direction, begins, "2025-01-01")
            }
        },
    )
}

/// The area that pays on a day, if the person is entitled.
fn paying(timeline: &Timeline, area: Area, day: NaiveDate) -> Option<Area> {
    let question = Question { as_of: day, insutype: None, med_type: None, dise_codg: None, place: None };
    let found = answer(timeline, &question);
    let coverage = found.coverage.filter(|_| found.refusal.is_none())?;
    Some(coverage.poolarea_no.unwrap_or(area))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_global_rejects: 20_000, ..ProptestConfig::default() })]

    /// Up to and on the day of finishing every day that was entitled is paid by whom it was; behind it no day is lost, as far
    /// as the new coverage reaches; and no day has two basic schemes.
    #[test]
    fn a_moved_person_keeps_every_day_once(held in random_record(), terms in random_terms()) {
        let finished = done(&held, &terms);
        prop_assume!(finished.is_ok());
        let finished = finished.unwrap();
        prop_assert_eq!(doubled(&finished.timeline), None);
        let first = held.coverages.iter().map(|c| c.period.begndate).min().unwrap();
        for date in first.iter_days().take(1800) {
            let before = paying(&held, HOME, date);
            let after = paying(&finished.timeline, terms.to_area, date);
            if date <= terms.today && before.is_some() {
                prop_assert_eq!(after, before, "{}", date);
            } else if before.is_some() && finished.new.period.enddate.is_none_or(|end| date <= end) {
                prop_assert!(after.is_some(), "{date} is lost");
            }
        }
    }
}
