//! Documents together: contradictions, and which one holds.

use yizhan_documents::{Document, Documents, Kind, Period};
use yizhan_policy::load::check_set;
use yizhan_policy::model::Policy;
use yizhan_policy::{find, load, together};
use yizhan_terms::{Area, Insutype};

use crate::broken::GOOD;

fn edited(from: &str, to: &str) -> Policy {
    assert!(GOOD.contains(from));
    load("edited.yaml", &GOOD.replace(from, to)).unwrap()
}

fn good() -> Policy {
    load("good.yaml", GOOD).unwrap()
}

#[test]
fn two_documents_for_one_day() {
    let (mut later, mut after) = (good(), good());
    later.period = Period { from: good().period.to.unwrap(), to: None };
    after.period = Period { from: later.period.from.succ_opt().unwrap(), to: None };
    assert_eq!(check_set(&[good(), after]), []);
    let problems = check_set(&[good(), later]);
    assert_eq!(problems.iter().map(|problem| problem.kind).collect::<Vec<_>>(), [Kind::PoliciesOverlap]);
}

#[test]
fn one_accumulator_declared_twice() {
    let residents = edited("\"310\"", "\"390\"");
    assert_eq!(check_set(&[good(), residents.clone()]), []);
    let mut differing = residents;
    differing.accumulators[3].by_level = false;
    let problems = check_set(&[good(), differing]);
    assert_eq!(problems.iter().map(|problem| problem.kind).collect::<Vec<_>>(), [Kind::AccumulatorDiffers]);
    assert_eq!(problems[0].path, "accumulators.stays");
}

/// The next version calls `basic_paid` otherwise, and says so or not.
fn renamed(renames: &str) -> Policy {
    let next = GOOD.replace("\"2024.1\"", "\"2024.2\"").replace("basic_paid", "pool_paid");
    let next = next.replace("class_prepay:\n  source", &format!("{renames}class_prepay:\n  source"));
    load("next.yaml", &next).unwrap()
}

/// Kind and line of what stands against publishing one after the other.
fn against(policy: &Policy, published: Vec<Policy>) -> Vec<(Kind, usize)> {
    let published: Documents<Policy> = published.into_iter().collect();
    policy.conflicts(&published).iter().map(|problem| (problem.kind, problem.line)).collect()
}

#[test]
fn an_accumulator_is_not_lost_in_the_middle_of_a_year() {
    let line = GOOD.lines().position(|line| line.starts_with("accumulators:")).unwrap() + 2;
    assert_eq!(against(&renamed(""), vec![good()]), [(Kind::AccumulatorLost, line)]);
    let mapped = renamed("renames: { basic_paid: pool_paid }\n");
    assert_eq!(against(&mapped, vec![good()]), []);
    assert_eq!(
        against(&renamed("renames: { basic_paid: none }\n"), vec![good()]),
        [],
        "given up, and said so"
    );
    let kind = |problems: Vec<(Kind, usize)>| problems.into_iter().map(|(kind, _)| kind).collect::<Vec<_>>();
    let unlike = renamed("renames: { basic_paid: stays }\n");
    assert_eq!(kind(against(&unlike, vec![good()])), [Kind::AccumulatorLost], "visits are no money");
    // What the second version mapped the third maps too: the totals stand under the name of the first.
    let mut third = renamed("");
    third.version = "2024.3".to_owned();
    assert_eq!(kind(against(&third, vec![good(), mapped.clone()])), [Kind::AccumulatorLost; 2]);
    let third = Policy { version: "2024.3".to_owned(), ..mapped.clone() };
    assert_eq!(against(&third, vec![good(), mapped]), []);
}

#[test]
fn another_policy_goes_on_with_the_totals_of_its_year() {
    let after = |from: &str| {
        let period = Period { from: from.parse().unwrap(), to: None };
        Policy { id: "other-employee".to_owned(), period, ..renamed("") }
    };
    let mut until_june = good();
    until_june.period.to = Some("2024-06-30".parse().unwrap());
    let kinds: Vec<Kind> =
        check_set(&[until_june.clone(), after("2024-07-01")]).iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [Kind::AccumulatorLost]);
    // Told also when the earlier days are published last.
    let kinds: Vec<Kind> =
        check_set(&[after("2024-07-01"), until_june.clone()]).iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [Kind::AccumulatorLost]);
    assert_eq!(check_set(&[until_june.clone(), after("2025-01-01")]), [], "another year begins anew");
    assert_eq!(
        check_set(&[until_june, Policy { schemes: vec![Insutype::Resident], ..after("2024-07-01") }]),
        []
    );
}

#[test]
fn finding_says_what_there_is() {
    let set = together(vec![good()]).unwrap();
    let (area, day) = ("430200".parse().unwrap(), "2025-12-31".parse().unwrap());
    assert_eq!(find(&set, area, Insutype::Employee, day).unwrap().id, "example-employee");
    let too_late = find(&set, area, Insutype::Employee, "2026-01-01".parse().unwrap()).unwrap_err();
    assert_eq!(
        too_late.to_string(),
        "no policy for area 430200, scheme 310 (职工基本医疗保险) on 2026-01-01; \
         the area has: 310 2020-01-01 to 2025-12-31"
    );
    let elsewhere = find(&set, Area::NATION, Insutype::Employee, day).unwrap_err();
    assert!(elsewhere.to_string().ends_with("the area has none at all"));
}
