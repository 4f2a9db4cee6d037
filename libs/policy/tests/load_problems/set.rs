//! Documents together: contradictions, and which one holds.

use yizhan_documents::Kind;
use yizhan_documents::Period;
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
