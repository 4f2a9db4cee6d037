//! Limits of the month and the quarter: what was used of them, what is left of the months before, and what ends with the quarter or the year.

use std::collections::BTreeMap;

use proptest::prelude::*;
use yizhan_policy::load::load_case;
use yizhan_policy::{Case, Policy, explain_outcome, settle};

use crate::{at, basic, document, policy, problems, says};

const BY_MONTH: &str = "accumulators: { drugs: { label: 药费, unit: fen, per: month } }";

/// All of the cost is paid, up to a limit.
fn limited(limit: &str) -> String {
    let layer = format!("base: [ {{ add: in_scope }} ], {}, {limit}, feeds: {{ drugs: base }}", at("100%"));
    document(BY_MONTH, &basic(&layer))
}

fn of_100(keys: &str) -> Policy {
    policy(&limited(&format!(
        "cost_cap: {{ {keys}, amount: {{ source: paper, amount: 100 }}, used: drugs }}"
    )))
}

/// A visit of a day, with what is held by key in 2026 and since when the disease is recognised.
fn visit(day: &str, yuan: i64, held: &BTreeMap<String, i64>, since: &str) -> Case {
    let since = if since.is_empty() { String::new() } else { format!(", since: {since}") };
    let text = format!(
        "area: \"430200\"\nscheme: \"310\"\nperson: {{ status: in_service, age: 40 }}\n\
         visit: {{ care: chronic, level: third, date: {day}, disease: {{ code: M03900, kind: chronic{since} }} }}\n\
         lines: [ {{ amount: {yuan}, class: 甲 }} ]\n"
    );
    let case = load_case("case.yaml", &text).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
    let first = |year: i32| chrono::NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
    let year: i32 = day[..4].parse().unwrap();
    let of_year = |year: i32| held.iter().filter(move |(key, _)| key.contains(&format!("/{year}-")));
    let held = |year| of_year(year).map(|(key, fen)| (key.clone(), *fen)).collect();
    Case { accumulated: [year - 1, year].into_iter().map(|year| (first(year), held(year))).collect(), ..case }
}

/// What visits are paid one after the other, in yuan.
fn paid(policy: &Policy, since: &str, visits: &[(&str, i64)]) -> Vec<i64> {
    let mut held = BTreeMap::new();
    let mut pay = |(day, yuan): &(&str, i64)| {
        let case = visit(day, *yuan, &held, since);
        let outcome = settle(policy, &case).unwrap_or_else(|refusal| panic!("{refusal}"));
        for change in &outcome.changes {
            assert_eq!(change.accumulator, format!("drugs/{}", &day[..7]), "of the month of the visit");
            *held.entry(change.accumulator.to_string()).or_insert(0) += change.added;
        }
        outcome.fund_pay_fen.0 / 100
    };
    visits.iter().map(&mut pay).collect()
}

#[test]
fn a_limit_of_the_month_begins_anew_each_month() {
    let month = of_100("per: month");
    let visits = [("2026-01-05", 60), ("2026-01-31", 60), ("2026-02-01", 150), ("2027-01-01", 150)];
    assert_eq!(paid(&month, "", &visits), [60, 40, 100, 100]);
    says(&month, "费用限额（每月，累计于「药费」）：\n    全部：100 元");
    says(&month, "drugs  药费（金额，按月累计）");
}

#[test]
fn a_limit_of_the_quarter_and_of_the_year_over_months() {
    let visits =
        [("2026-01-05", 60), ("2026-03-31", 60), ("2026-04-01", 60), ("2026-06-30", 60), ("2027-01-01", 60)];
    assert_eq!(paid(&of_100("per: quarter"), "", &visits), [60, 40, 60, 40, 60]);
    assert_eq!(paid(&of_100("per: year"), "", &visits), [60, 40, 0, 0, 60]);
    says(&of_100("per: quarter"), "费用限额（每季度，累计于「药费」）");
}

#[test]
fn what_is_not_used_of_a_month_ends_with_the_quarter() {
    let carried = of_100("per: month, carry: quarter");
    // January to March: 100, 200, 300 less what was used; April begins anew, whatever is left.
    let visits = [("2026-01-05", 130), ("2026-03-02", 150), ("2026-03-30", 150), ("2026-04-01", 150)];
    assert_eq!(paid(&carried, "2025-06-01", &visits), [100, 150, 50, 100]);
    // December's rest ends with the year.
    let visits = [("2026-10-05", 10), ("2026-12-31", 500), ("2027-01-01", 500)];
    assert_eq!(paid(&carried, "2025-06-01", &visits), [10, 290, 100]);
    // What was settled late finds what later months took.
    let visits = [("2026-03-05", 250), ("2026-01-05", 80), ("2026-02-05", 80), ("2026-03-31", 80)];
    assert_eq!(paid(&carried, "2025-06-01", &visits), [250, 0, 0, 50]);
    let carried_over_the_year = of_100("per: month, carry: year");
    assert_eq!(
        paid(&carried_over_the_year, "2025-06-01", &[("2026-04-05", 500), ("2027-01-31", 500)]),
        [400, 100]
    );
    says(&carried, "费用限额（每月，当季未用清零，累计于「药费」）");
    let case = visit("2026-02-05", 250, &BTreeMap::new(), "2025-06-01");
    let words = explain_outcome(&carried, &settle(&carried, &case).unwrap());
    assert!(words.contains("限额 200.00（每月 100.00 × 2 个月）"), "{words}");
}

#[test]
fn months_before_the_recognition_leave_nothing_over() {
    let carried = of_100("per: month, carry: quarter");
    let march = [("2026-03-05", 500)];
    assert_eq!(paid(&carried, "2026-02-01", &march), [200], "recognised from February on");
    assert_eq!(paid(&carried, "2026-03-05", &march), [100], "in the month itself");
    assert_eq!(paid(&carried, "2026-03-06", &march), [100], "the month counts whole");
    // Not told since when: the month alone, and never more than the quarter has.
    assert_eq!(paid(&carried, "", &[("2026-02-05", 40), ("2026-03-05", 500)]), [40, 100]);
    let case = visit("2026-03-05", 250, &BTreeMap::from([("drugs/2026-01".to_owned(), 25_000)]), "");
    let outcome = settle(&carried, &case).unwrap();
    assert_eq!(outcome.fund_pay_fen.0, 5_000, "300 of the quarter less 250 that were used of it");
    assert!(explain_outcome(&carried, &outcome).contains("没有说明认定起始日，以前月份的余额不计"));
}

#[test]
fn layers_share_a_limit_of_the_month_and_each_level_may_have_its_own() {
    let cap =
        "cap: { per: month, amount: { source: paper, amount: 100 }, used: drugs }, feeds: { drugs: paid }";
    let first = format!("base: [ {{ add: in_scope, times: 50% }} ], {}, {cap}", at("100%"));
    let second = first.replace("add: in_scope, times: 50%", "add: in_scope_left");
    let both = basic(&first) + &basic(&second).replace("id: basic", "id: more");
    let shared = policy(&document(BY_MONTH, &both));
    let outcome = settle(&shared, &visit("2026-03-05", 120, &BTreeMap::new(), "")).unwrap().fund_pay_fen.0;
    assert_eq!(outcome, 10_000, "60 by the first layer, the rest of the limit by the second");
    let by_level =
        policy(&document(&BY_MONTH.replace("per: month", "by: level, per: month"), &basic(&first)));
    let held = BTreeMap::from([
        ("drugs/2026-03@third".to_owned(), 9_000),
        ("drugs/2026-03@second".to_owned(), 5_000),
    ]);
    let case = visit("2026-03-05", 120, &held, "");
    let outcome = settle(&by_level, &case).unwrap();
    assert_eq!(
        (outcome.changes[0].accumulator.as_ref(), outcome.changes[0].added),
        ("drugs/2026-03@third", 1_000)
    );
}

/// A stay across years: whole, in the month of discharge; split, each part in the last month of its year or of discharge.
#[test]
fn a_stay_lies_in_the_month_of_its_last_day_in_each_year() {
    let text = "area: \"430200\"\nscheme: \"310\"\nperson: { status: in_service, age: 40 }\n\
                visit: { care: inpatient, level: third, admitted: 2025-12-22, date: 2026-01-10 }\n\
                lines: [ { amount: 50, class: 甲 } ]\n";
    let case = load_case("case.yaml", text).unwrap();
    let changes = |policy: &Policy| -> Vec<(String, i64)> {
        let outcome = settle(policy, &case).unwrap();
        outcome.changes.iter().map(|change| (change.accumulator.to_string(), change.added)).collect()
    };
    assert_eq!(changes(&of_100("per: month")), [("drugs/2026-01".to_owned(), 5_000)]);
    let split = limited("cost_cap: { per: month, amount: { source: paper, amount: 100 }, used: drugs }");
    let split = policy(&split.replace("scheme: \"310\"", "scheme: \"310\"\nacross_years: split_by_days"));
    let halves = [("drugs/2025-12".to_owned(), 2_500), ("drugs/2026-01".to_owned(), 2_500)];
    assert_eq!(changes(&split), halves, "ten days in each year");
}

/// A policy year that is none of the calendar: its quarters are, and its books hold all months of both calendar years.
#[test]
fn a_policy_year_from_april_to_march() {
    let text =
        limited("cost_cap: { per: month, carry: year, amount: { source: paper, amount: 100 }, used: drugs }");
    let april = policy(&text.replace("scheme: \"310\"", "scheme: \"310\"\nyear_starts: 04-01"));
    let held = BTreeMap::from([("drugs/2026-01".to_owned(), 30_000)]);
    let case = visit("2026-03-05", 5_000, &held, "2024-01-01");
    let year = chrono::NaiveDate::from_ymd_opt(2025, 4, 1).unwrap();
    let case = Case { accumulated: [(year, held)].into_iter().collect(), ..case };
    assert_eq!(settle(&april, &case).unwrap().fund_pay_fen.0, 90_000, "twelve months less what January used");
    let february = text.replace("scheme: \"310\"", "scheme: \"310\"\nyear_starts: 02-01");
    problems(&february, &[("ConflictingKeys", "begins with a quarter")]);
}

#[test]
fn what_the_loader_asks_of_months() {
    let limit = |keys: &str| {
        limited(&format!("cost_cap: {{ {keys}amount: {{ source: paper, amount: 1 }}, used: drugs }}"))
    };
    problems(&limit(""), &[("MissingKey", "say `per: month`, `quarter` or `year`")]);
    problems(&limit("per: visit, "), &[("MissingKey", "say `per: month`, `quarter` or `year`")]);
    problems(&limit("per: quarter, carry: quarter, "), &[("ConflictingKeys", "not used of a month")]);
    problems(&limit("per: month, carry: month, "), &[("UnknownCode", "month")]);
    let of_the_year = limit("per: month, ").replace(", per: month }", " }");
    problems(&of_the_year, &[("ConflictingKeys", "declare it with `per: month`")]);
    let deductible = "deductible: { per: year, amount: { source: paper, amount: 1 }, used: drugs }";
    problems(&limited(deductible), &[("ConflictingKeys", "adds up by the month")]);
    let unused = limited("cost_cap: { per: month, amount: { source: paper, amount: 1 } }");
    problems(&unused, &[("UnusedAccumulator", "`drugs`"), ("UsedMissing", "`used` is missing")]);
}

/// Only the keys of months of the policy year are known names of a case.
#[test]
fn a_case_names_a_month_of_the_year() {
    let policy = of_100("per: month");
    let found = |key: &str| {
        let text = format!(
            "area: \"430200\"\nscheme: \"310\"\nperson: {{ status: in_service, age: 40 }}\n\
             visit: {{ care: chronic, level: third, date: 2026-03-01 }}\nlines: [ {{ amount: 1, class: 甲 }} ]\n\
             accumulated: {{ 2026-01-01: {{ yuan: {{ {key}: 1 }} }} }}\n"
        );
        yizhan_policy::load::unknown_names("case.yaml", &text, &policy).len()
    };
    assert_eq!(["drugs/2026-03", "drugs/2026-12"].map(found), [0, 0]);
    assert_eq!(
        ["drugs", "drugs/2025-12", "drugs/2026-3", "drugs/2026-03@third", "drug/2026-03"].map(found),
        [1; 5]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the order of visits, recognised since whenever or never told: a quarter is never paid more than three months' limit, a month
    /// without carrying over never more than its own; and of who comes in the order of the days all that may be paid is.
    #[test]
    fn never_more_than_the_quarter_has(
        visits in prop::collection::vec((1..=12u32, 1..=28u32, 1..=250i64), 1..12),
        told in prop::collection::vec(prop::bool::ANY, 12),
        since in 1..=12u32,
    ) {
        let (carried, month) = (of_100("per: month, carry: quarter"), of_100("per: month"));
        for (policy, carries) in [(&carried, true), (&month, false)] {
            let mut held: BTreeMap<String, i64> = BTreeMap::new();
            for ((at, day, yuan), told) in visits.iter().zip(&told) {
                let since = if *told { format!("2026-{:02}-01", since.min(*at)) } else { String::new() };
                let outcome_of = visit(&format!("2026-{at:02}-{day:02}"), *yuan, &held, &since);
                let outcome = settle(policy, &outcome_of).expect("it is settled");
                for change in &outcome.changes {
                    *held.entry(change.accumulator.to_string()).or_insert(0) += change.added;
                }
                let of = |months: &[u32]| -> i64 {
                    months.iter().filter_map(|month| held.get(&format!("drugs/2026-{month:02}"))).sum()
                };
                let first = (at - 1) / 3 * 3 + 1;
                prop_assert!(of(&[first, first + 1, first + 2]) <= 30_000);
                prop_assert!(carries || of(&[*at]) <= 10_000);
            }
        }
        let mut in_order = visits.clone();
        in_order.sort_unstable();
        let days: Vec<(String, i64)> =
            in_order.iter().map(|(at, day, yuan)| (format!("2026-{at:02}-{day:02}"), *yuan)).collect();
        let days: Vec<(&str, i64)> = days.iter().map(|(day, yuan)| (day.as_str(), *yuan)).collect();
        let got = paid(&carried, "2025-01-01", &days);
        let mut used = [0i64; 4];
        for ((at, _, yuan), got) in in_order.iter().zip(got) {
            let used = &mut used[(at - 1) as usize / 3];
            let open = i64::from((at - 1) % 3 + 1) * 100 - *used;
            prop_assert_eq!(got, open.min(*yuan));
            *used += got;
        }
    }
}
