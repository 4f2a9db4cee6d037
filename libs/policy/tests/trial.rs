//! A draft tried on what was settled.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use std::collections::BTreeMap;

use yizhan_money::Fen;
use yizhan_policy::load::load_case;
use yizhan_policy::trial::{Options, Report, Side, Stored, Trial};
use yizhan_policy::{Case, Policy, load, settle};

/// 80 % above a deductible that is charged once a year, at most 10,000 a year; what is left of 特困 is assisted by half.
const STANDING: &str = "
policy: example
version: '2026'
title: 某市待遇
areas: ['430200']
scheme: '310'
from: 2026-01-01
sources: { paper: { title: 办法, quality: G } }
accumulators:
  charged: { label: 起付线累计, unit: fen }
  basic_paid: { label: 统筹支付累计, unit: fen }
layers:
  - id: basic
    title: 统筹基金
    payer: basic
    fund_pay_type: '310100'
    when: { level: [first, second, third] }
    base: [ { add: in_scope } ]
    deductible: { per: year, amount: { source: paper, rows: [ { amount: 500 } ] }, used: charged }
    scale: { cut_on: net, bands: { source: paper, rows: [ { when: { level: [third] }, ratio: 80% }, { otherwise: true, ratio: 90% } ] } }
    cap: { amount: { source: paper, rows: [ { amount: 1万 } ] }, used: basic_paid }
    feeds: { charged: deductible, basic_paid: paid }
  - id: assistance
    title: 医疗救助
    payer: medical_assistance
    fund_pay_type: '610100'
    when: { identity: [特困] }
    base: [ { add: remaining } ]
    scale: { cut_on: net, bands: { source: paper, rows: [ { ratio: 50% } ] } }
";

fn policy(text: &str) -> Policy {
    load("policy.yaml", text).unwrap()
}

/// A year later a higher deductible, a higher ratio and limit.
fn draft() -> Policy {
    let edits = [("'2026'", "'2027'"), ("2026-01-01", "2027-01-01"), ("amount: 500", "amount: 1000")];
    let edits = edits.iter().chain(&[("ratio: 80%", "ratio: 85%"), ("1万", "2万")]);
    policy(&edits.fold(STANDING.to_owned(), |text, (old, new)| text.replace(old, new)))
}

fn case(date: &str, level: &str, identity: &str, yuan: u32) -> Case {
    let text = format!(
        "area: '430200'\nscheme: '310'\nperson: {{ status: in_service, age: 40{identity} }}\n\
         visit: {{ care: inpatient, level: {level}, date: {date} }}\nlines: [ {{ amount: {yuan}, class: 甲 }} ]\n"
    );
    load_case("case.yaml", &text).unwrap()
}

fn stored(person: &str, id: &str, case: Case) -> Stored {
    Stored { person: person.to_owned(), id: id.to_owned(), case, added: None }
}

/// The cases as settlements record them: each on what those before it added.
fn recorded(policy: &Policy, cases: Vec<Stored>) -> Vec<Stored> {
    let mut totals: BTreeMap<_, BTreeMap<String, i64>> = BTreeMap::new();
    let settled = cases.into_iter().map(|mut stored| {
        stored.case.accumulated = totals.clone();
        let mut added: BTreeMap<_, BTreeMap<String, i64>> = BTreeMap::new();
        for change in settle(policy, &stored.case).unwrap().changes {
            let name = change.accumulator.to_string();
            *totals.entry(change.policy_year).or_default().entry(name.clone()).or_default() += change.added;
            added.entry(change.policy_year).or_default().insert(name, change.added);
        }
        Stored { added: Some(added), ..stored }
    });
    settled.collect()
}

fn tried(draft: &Policy, standing: &Policy, years_later: u32, persons: Vec<Vec<Stored>>) -> Report {
    let mut trial = Trial::new(draft, |_: &Stored| Ok(standing), Options { years_later, most: 2 });
    persons.into_iter().for_each(|cases| trial.person(cases));
    trial.report()
}

fn two_stays(person: &str) -> Vec<Stored> {
    vec![
        stored(person, &format!("{person}1"), case("2026-03-01", "third", "", 10_500)),
        stored(person, &format!("{person}2"), case("2026-06-01", "third", "", 10_000)),
    ]
}

#[test]
fn totals_are_carried_through_the_year_under_each_policy() {
    let (old, new) = (policy(STANDING), draft());
    // 8,000 and what is left of the limit: 2,000. A year later 9,500 × 85 % and the whole 10,000 × 85 %: the deductible is charged once.
    for cases in [two_stays("a"), recorded(&old, two_stays("a"))] {
        let report = tried(&new, &old, 1, vec![cases]);
        assert_eq!((report.all.cases, report.totals_not_used), (2, 0));
        assert_eq!(report.all.standing_fen, Fen(1_050_000 - 800_000 + 1_000_000 - 200_000));
        assert_eq!(report.all.draft_fen, Fen(1_050_000 - 807_500 + 1_000_000 - 850_000));
        assert_eq!((report.all.gain, report.all.lose, report.persons, report.persons_gain), (2, 0, 1, 1));
        let most = &report.gain_most[0];
        assert_eq!((most.id.as_str(), most.standing_fen, most.draft_fen), ("a2", Fen(800_000), Fen(150_000)));
        assert_eq!(report.payers[0].draft_fen - report.payers[0].standing_fen, Fen(657_500));
    }
}

#[test]
fn other_settlements_of_the_year_count_where_the_history_tells_what_it_added() {
    let (old, new) = (policy(STANDING), draft());
    let mut cases = recorded(&old, two_stays("a"));
    // 1,500 were paid by hand between the two.
    let year = "2026-01-01".parse().unwrap();
    *cases[1].case.accumulated.get_mut(&year).unwrap().get_mut("basic_paid").unwrap() += 150_000;
    let report = tried(&new, &old, 0, vec![cases.clone()]);
    assert_eq!(report.not_compared[0].reason, "POLICY_NOT_IN_FORCE", "the draft begins a year later");
    let report = tried(&new, &old, 1, vec![cases.clone()]);
    assert_eq!(report.all.standing_fen, Fen(1_050_000 - 800_000 + 1_000_000 - 50_000));
    assert_eq!(report.gain_most[0].draft_fen, Fen(150_000), "8,075 + 1,500 + 8,500 are within 20,000");
    // Where it does not tell, it is counted, and the cases here are all there is.
    cases.iter_mut().for_each(|stored| stored.added = None);
    let report = tried(&new, &old, 1, vec![cases]);
    assert_eq!((report.totals_not_used, report.gain_most[0].standing_fen), (1, Fen(800_000)));
}

#[test]
fn who_gains_and_who_loses_by_payer_identity_and_level() {
    let (old, new) = (policy(STANDING), draft());
    let persons = vec![
        vec![stored("a", "a1", case("2026-03-01", "third", "", 10_500))],
        vec![stored("b", "b1", case("2026-03-01", "first", ", identity: [特困]", 2_500))],
        vec![stored("c", "c1", case("2026-03-01", "second", "", 700))],
        vec![stored("d", "d1", case("2026-03-01", "primary", "", 700))],
    ];
    let report = tried(&new, &old, 1, persons);
    assert_eq!((report.cases, report.all.cases, report.persons), (4, 4, 4));
    assert_eq!((report.all.gain, report.all.gain_fen), (1, Fen(7_500)));
    assert_eq!((report.all.lose, report.persons_lose), (2, 2));
    let group = |groups: &[yizhan_policy::trial::Group], name: &str| {
        groups.iter().find(|group| group.name == name).unwrap().tally
    };
    // 特困: 1,800 + 350 of 2,500; then 1,350 + 575.
    let poor = group(&report.identities, "特困");
    assert_eq!((poor.cases, poor.lose_fen), (1, Fen(22_500)));
    assert_eq!(group(&report.levels, "second").lose_fen, Fen(18_000));
    assert_eq!(group(&report.levels, "primary").standing_fen, Fen(70_000));
    assert_eq!(group(&report.cares, "inpatient").cases, 4);
    let assistance = report.payers.iter().find(|sums| sums.payer.code() == "medical_assistance").unwrap();
    assert_eq!((assistance.standing_fen, assistance.draft_fen), (Fen(35_000), Fen(57_500)));
    let lost: Vec<&str> = report.lose_most.iter().map(|changed| changed.id.as_str()).collect();
    assert_eq!(lost, ["b1", "c1"]);
}

#[test]
fn what_cannot_be_compared_is_counted_by_reason() {
    let old = policy(STANDING);
    let new = policy(&STANDING.replace("ratio: 90%", "unknown: 没有给出").replace("'2026'", "'2026b'"));
    let elsewhere = Case { area: "430100".parse().unwrap(), ..case("2026-03-01", "first", "", 700) };
    let persons = vec![vec![
        stored("a", "a1", case("2026-03-01", "first", "", 700)),
        stored("a", "a2", case("2025-03-01", "third", "", 700)),
        stored("a", "a3", elsewhere),
    ]];
    let report = tried(&new, &old, 0, persons);
    assert_eq!((report.cases, report.all.cases, report.of_others, report.persons), (3, 0, 1, 0));
    let told: Vec<_> = report.not_compared.iter().map(|one| (one.side, one.reason, one.cases)).collect();
    assert_eq!(told, [(Side::Draft, "POLICY_VALUE_UNKNOWN", 1), (Side::Both, "POLICY_NOT_IN_FORCE", 1)]);
    assert_eq!(report.not_compared[0].first, ["a1"]);
}

#[test]
fn a_stay_settled_in_parts_is_compared_once() {
    let old = policy(STANDING);
    let part = Stored { added: None, ..stored("a", "p1", case("2026-03-01", "third", "", 3_000)) };
    let first = settle(&old, &part.case).unwrap();
    let earlier = yizhan_policy::case::Earlier::default().and(&first);
    let mut last = case("2026-03-01", "third", "", 3_000);
    last.lines.push(yizhan_policy::case::Line { id: "2".to_owned(), ..last.lines[0].clone() });
    last.earlier = Some(earlier);
    let report = tried(&old, &old, 0, vec![vec![part, stored("a", "p2", last)]]);
    assert_eq!((report.all.cases, report.all.standing_fen), (1, Fen(600_000 - 440_000)));
    assert_eq!((report.all.gain, report.all.lose), (0, 0), "the same policy changes nothing");
}
