//! Each check of the loader, on the good document of `fixtures/good.yaml` with something
//! made wrong. `▸` in a replacement marks where a problem must be reported, to the column;
//! the whole list of problems must be the expected one and nothing else.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

mod beside;
mod broken;
mod dates_and_rows;
mod form;
mod keyboard;
mod limits;
mod names;
mod recognised;
mod remote;
mod set;
mod silent;
mod smallest;
mod typed;

use yizhan_documents::Kind;
use yizhan_policy::load;

#[test]
fn the_good_document_is_good() {
    broken::fine(&[]);
}

#[test]
fn every_kind_of_problem_has_a_test() {
    let tests = [
        include_str!("beside.rs"),
        include_str!("dates_and_rows.rs"),
        include_str!("form.rs"),
        include_str!("keyboard.rs"),
        include_str!("limits.rs"),
        include_str!("names.rs"),
        include_str!("recognised.rs"),
        include_str!("remote.rs"),
        include_str!("set.rs"),
        include_str!("silent.rs"),
        include_str!("smallest.rs"),
        include_str!("typed.rs"),
    ];
    let tested = |kind: &&Kind| tests.iter().any(|text| text.contains(&format!("{kind:?}")));
    let untested: Vec<&Kind> = Kind::ALL.iter().filter(|kind| !tested(kind)).collect();
    assert!(untested.is_empty(), "no test reports {untested:?}");
}

#[test]
fn all_problems_at_once_in_order_as_people_read_them() {
    let text = "policy: p\nversion: 2.0\n版本: x\nareas: []\nscheme: \"310\"\nfrom: 2020-01-01\n\
                sources: { s: { title: t, quality: G } }\nlayers: [ { id: a } ]\n";
    let problems = load("p.yaml", text).unwrap_err().to_string();
    let expected = "\
p.yaml:1:1: `title` is missing
p.yaml:2:10: a text is needed here: write \"2.0\" in quotes
p.yaml:3:1: unknown key `版本`
p.yaml:4:8: an empty list: give an entry or leave the key out
p.yaml:7:12: nothing cites the source `s`
p.yaml:8:11: `title` is missing
p.yaml:8:11: `payer` is missing
p.yaml:8:11: `fund_pay_type` is missing
p.yaml:8:11: one of `scale`, `lump_sum`, `per_day`, `per_item` is missing
p.yaml:8:11: `base` is missing";
    assert_eq!(problems, expected);
}
