//! Where the filing register's rule on care away from home takes effect.

use yizhan_documents::Kind::*;
use yizhan_policy::model::{Adjust, Handling, Prepay, SameDays};

use crate::broken::{fine, problem, problems};

const EXTRA_PREPAY: &str =
    "extra_prepay:\n  source: paper\n  rows:\n    - { when: { filing: [unfiled] }, ratio: 20% }\n";
const EXTRA_REMOTE: (&str, &str) = (EXTRA_PREPAY, "extra_prepay: remote\n");
const ADJUST: &str = "    adjust:\n";

#[test]
fn places() {
    let policy =
        fine(&[EXTRA_REMOTE, ("      - personal_factor", "      - remote\n      - personal_factor")]);
    assert_eq!(policy.extra_prepay, Some(Prepay::Remote));
    assert_eq!(policy.layers[0].adjust[1], Adjust::Remote);
    assert!(!policy.layers[0].same_when_remote);
    let policy = fine(&[(ADJUST, "    prepay: remote\n    adjust:\n")]);
    assert_eq!(policy.layers[0].prepay, Some(Prepay::Remote));
    assert!(fine(&[(ADJUST, "    remote: none\n    adjust:\n")]).layers[0].same_when_remote);
}

#[test]
fn one_word_and_no_other() {
    problem(EXTRA_PREPAY, "extra_prepay: ▸remoet\n", UnknownCode);
    problem(ADJUST, "    prepay: ▸none\n    adjust:\n", UnknownCode);
    problem(ADJUST, "    adjust:\n      - ▸filing\n", UnknownCode);
    problem(ADJUST, "    remote: ▸same\n    adjust:\n", UnknownCode);
}

#[test]
fn what_is_on_the_same_days_is_refused_or_marked() {
    assert_eq!(fine(&[]).same_days, SameDays::default());
    let marked = fine(&[("layers:\n", "same_days: { in_stay: mark }\nlayers:\n")]).same_days;
    assert_eq!(marked, SameDays { in_stay: Handling::Mark, ..SameDays::default() });
    problem("layers:\n", "same_days: { two_stays: ▸pay }\nlayers:\n", UnknownCode);
}

#[test]
fn care_at_home_may_be_asked_about() {
    assert!(!fine(&[]).filing_at_home);
    assert!(fine(&[("layers:\n", "filing_at_home: asked\nlayers:\n")]).filing_at_home);
    problem("layers:\n", "filing_at_home: ▸never\nlayers:\n", UnknownCode);
}

#[test]
fn it_takes_effect_once() {
    problems(&[EXTRA_REMOTE, (ADJUST, "    ▸prepay: remote\n    adjust:\n")], &[RemoteTwice]);
    problem(ADJUST, "    adjust:\n      - remote\n      - ▸remote\n", RemoteTwice);
    // Where the bill is prepaid by the policy's own table, a layer may still take the register's.
    fine(&[(ADJUST, "    prepay: remote\n    adjust:\n")]);
}

#[test]
fn a_layer_that_changes_nothing_has_no_place() {
    problem(ADJUST, "    prepay: remote\n    ▸remote: none\n    adjust:\n", ConflictingKeys);
    problem(ADJUST, "    ▸remote: none\n    adjust:\n      - remote\n", ConflictingKeys);
    let lump_sum = "    lump_sum: { source: news, rows: [ { amount: 10000 } ] }\n";
    problem(lump_sum, &format!("    ▸remote: none\n{lump_sum}"), ConflictingKeys);
}
