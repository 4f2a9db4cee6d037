//! Versions of tables, rows that can match at once, bands.

use yizhan_documents::Kind::*;

use crate::broken::{fine, problem, problems};

#[test]
fn periods() {
    problem("to: 2025-12-31", "to: ▸2019-12-31", DatesReversed);
    problem("from: 2021-01-01", "from: ▸2019-01-01", OutsidePeriod);
    problem("to: 2021-12-31\n    when", "to: ▸2026-01-01\n    when", OutsidePeriod);
}

#[test]
fn versions_of_a_table_cover_its_layer() {
    problem("- from: 2022-01-01", "- ▸from: 2022-01-03", TableGap);
    problem("- from: 2022-01-01", "- ▸from: 2021-12-31", TableOverlap);
    problem("- from: 2020-01-01", "- ▸from: 2020-01-02", TableGap);
    problem("- from: 2022-01-01", "- ▸from: 2022-01-01\n          to: 2024-12-31", TableGap);
    fine(&[("- from: 2022-01-01", "- from: 2022-01-01\n          to: 2025-12-31")]);
    let later = "        - ▸from: 2026-01-01\n          source: paper\n          rows: [ { amount: 1 } ]\n";
    let edits = &[
        ("- from: 2022-01-01", "- from: 2022-01-01\n          to: 2025-12-31"),
        ("      factor:", &format!("{later}      factor:")),
    ];
    problems(edits, &[OutsidePeriod]);
}

#[test]
fn rows_of_equal_rank_that_match_one_case() {
    let second = "{ when: { level: [second] }, ratio: { base";
    problem(second, "▸{ when: { level: [second, third] }, ratio: { base", OverlappingRows);
    let lifted = "{ when: { identity: [特困] }, rank: 1, amount: none }";
    problem(lifted, "▸{ when: { identity: [特困] }, amount: none }", OverlappingRows);
    let nth = "{ when: { nth: { of: stays, from: 2 } }, ratio: 50% }";
    let first = |to: u32| format!("{nth}, ▸{{ when: {{ nth: {{ of: stays, to: {to} }} }}, ratio: 80% }}");
    problem(nth, &first(2), OverlappingRows);
    fine(&[(nth, &first(1))]);
}

#[test]
fn a_person_may_hold_several_identities_but_not_those_excluded() {
    let low = "{ when: { identity: [低保] }, amount: 50 }";
    let beside = |when: &str| format!("{low}, ▸{{ when: {{ {when} }}, amount: 60 }}");
    problem(low, &beside("identity: [特困]"), OverlappingRows);
    fine(&[(low, &beside("identity: [特困], no_identity: [低保]"))]);
    problem(low, &beside("no_identity: [特困]"), OverlappingRows);
    problem(low, &beside("identity: [特困], no_identity: [特困, 低保]"), UnreachableRow);
}

#[test]
fn memberships_tags_ages_and_truths() {
    let low = "{ when: { identity: [低保] }, amount: 50 }";
    let rows =
        |a: &str, b: &str| format!("{{ when: {{ {a} }}, amount: 50 }}, ▸{{ when: {{ {b} }}, amount: 60 }}");
    fine(&[(low, &rows("membership: [veteran/烈士遗属]", "no_membership: [veteran]"))]);
    problem(low, &rows("membership: [veteran]", "no_membership: [veteran/烈士遗属]"), OverlappingRows);
    problem(low, &rows("diagnosis: [C]", "diagnosis: [D]"), OverlappingRows);
    fine(&[(low, &rows("tag: [规范转诊]", "no_tag: [规范转诊]"))]);
    fine(&[(low, &rows("age: { to: 69 }", "age: { from: 70 }"))]);
    problem(low, &rows("age: { to: 70 }", "age: { from: 70 }"), OverlappingRows);
    fine(&[(low, &rows("in_province: true", "in_province: false"))]);
    problem(low, &rows("in_province: true", "contracted: false"), OverlappingRows);
}

#[test]
fn the_conditions_of_the_layer_count() {
    let second = "{ when: { level: [second] }, ratio: { base";
    problem(second, "▸{ when: { level: [second], care: [chronic] }, ratio: { base", UnreachableRow);
    problem("{ diagnosis: [C] }", "▸{ tag: [a], no_tag: [a] }", UnreachableRow);
    problem("level: [second]", "▸class: [\"02\"]", MisplacedCondition);
    // Both rows name students, whom the layer does not cover.
    let retired = "{ when: { status: [retired] }, points: -10 }";
    let students = "{ when: { status: [retired, student] }, points: -10 }, \
                    { when: { status: [in_service, student] }, points: 1 }";
    fine(&[(retired, students)]);
}

#[test]
fn bands_rise() {
    problem("{ upto: 36万", "▸{ upto: 1.12万", BandsOutOfOrder);
    problem("{ upto: 1.12万", "▸{ upto: 0", BandsOutOfOrder);
    problems(&[("{ upto: 1.12万, ratio", "{ ratio"), ("{ upto: 36万", "▸{ upto: 36万")], &[BandsOutOfOrder]);
}
