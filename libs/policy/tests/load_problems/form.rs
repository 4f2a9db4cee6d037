//! YAML, keys, types, codes and numbers.

use yizhan_documents::Kind::*;
use yizhan_documents::Problems;
use yizhan_policy::load;
use yizhan_policy::load::{load_example, load_examples};

use crate::broken::problem;

#[test]
fn yaml_itself() {
    problem("url: https://example.org/paper", "url: ▸*here", Syntax);
    problem("quality: N", "quality: ▸!!str N", Unsupported);
    problem("quality: N", "quality: ▸&n N", Unsupported);
    problem("  sharing: true\n", "  sharing: true\n▸---\na: b\n", Unsupported);
    problem("scheme: \"310\"", "scheme: \"310\"\n▸scheme: \"310\"", DuplicateKey);
}

#[test]
fn keys() {
    problem("per: visit", "per: visit\n      ▸facter: 1", UnknownKey);
    problem("- id: relief\n    title: 医院减免", "- ▸id: relief", MissingKey);
    problem("{ add: in_scope }", "{ add: in_scope, ▸less: preself }", ConflictingKeys);
    problem("otherwise: true, part", "otherwise: true, ▸rank: 2, part", ConflictingKeys);
    problem("amount: 8450.50", "amount: 8450.50, ▸unknown: 没有", ConflictingKeys);
    problem("amount: 8450.50", "amount: 8450.50, ▸part: 1%", ConflictingKeys);
    problem("{ amount: 800 }", "▸{ note: 无 }", MissingKey);
    problem("{ source: news, rows: [ { ratio", "{ rows: [ ▸{ ratio", MissingKey);
    problem("    lump_sum", "    ▸base: [ { add: total } ]\n    lump_sum", ConflictingKeys);
    problem("lines: { list_type: [\"101\"] }", "lines: ▸{}", MissingKey);
}

#[test]
fn types_and_values() {
    problem("sharing: true", "sharing: ▸1", WrongType);
    problem("scheme: \"310\"", "scheme: ▸310", WrongType);
    problem("care: [inpatient]", "care: ▸inpatient", WrongType);
    problem("care: [inpatient]", "care: ▸[]", EmptyList);
    problem("{ level: [third] }, amount", "▸{}, amount", EmptyList);
    problem("care: [inpatient]", "care: [inpatient, ▸inpatient]", DuplicateValue);
    problem("from: 2020-01-01\nto", "from: ▸2020-13-01\nto", InvalidValue);
    problem("year_starts: 01-01", "year_starts: ▸02-29", InvalidValue);
    problem("areas: [\"430200\"]", "areas: [▸\"4302\"]", InvalidValue);
    problem("policy: example-employee", "policy: ▸例子", InvalidValue);
    problem("https://example.org/paper", "▸ftp://example.org/paper", InvalidValue);
}

#[test]
fn codes() {
    problem("care: [inpatient]", "care: [▸hospital]", UnknownCode);
    problem("filing: [unfiled]", "filing: [▸none]", UnknownCode);
    problem("level: [second]", "level: [▸2nd]", UnknownCode);
    problem("payer: basic", "payer: ▸state", UnknownCode);
    problem("\"310100\"", "▸\"310199\"", UnknownCode);
    problem("\"310100\"", "▸\"999996\"", FundMismatch);
    problem("\"999996\"", "▸\"310100\"", FundMismatch);
    problem("quality: G", "quality: ▸X", UnknownCode);
    problem("add: in_scope", "add: ▸inscope", UnknownCode);
}

#[test]
fn amounts_ratios_points_and_ranges() {
    problem("96.1%", "▸0.961", RatioNotPercent);
    problem("96.1%", "▸100.1%", RatioOutOfRange);
    problem("96.1%", "▸-1%", RatioOutOfRange);
    // What an overview says, and no paper: not to be rounded to a number.
    for range in ["▸45%–75%", "▸45%-75%", "▸45至75%"] {
        problem("96.1%", range, InvalidValue);
    }
    problem("amount: 8450.50", "amount: ▸200–500", InvalidValue);
    problem("points: -10", "points: ▸-101", PointsOutOfRange);
    problem("points: -10", "points: ▸10%", InvalidValue);
    problem("amount: 800 }", "amount: ▸-800 }", NegativeAmount);
    problem("amount: 800 }", "amount: ▸8.005 }", InvalidValue);
    problem("amount: 800 }", "amount: ▸1e3 }", InvalidValue);
    problem("amount: 800 }", "amount: ▸none }", InvalidValue);
    problem("{ of: stays, from: 2 }", "{ of: stays, from: ▸0 }", InvalidValue);
    problem("{ of: stays, from: 2 }", "▸{ of: stays, from: 2, to: 1 }", RangeReversed);
}

#[test]
fn a_bare_ratio_is_told_how_to_be_written() {
    let text = crate::broken::GOOD.replace("96.1%", "0.961");
    let problems = yizhan_policy::load("p.yaml", &text).unwrap_err();
    assert_eq!(problems.0[0].message, "`0.961` is not a percentage; write it as 96.1%");
    assert_eq!(problems.0[0].path, "layers.basic.scale.bands.rows.0.bands.1.ratio");
}

#[test]
fn one_file_for_another_has_one_thing_wrong() {
    let told = |wrong: Problems| {
        wrong.0.iter().for_each(crate::broken::has_chinese);
        wrong.0.into_iter().map(|one| one.message).collect::<Vec<_>>()
    };
    let case = include_str!("../../../../docs/examples/case.yaml");
    let cases = include_str!("../conformance/cases/language.yaml");
    for text in [case, cases] {
        let message = "these are cases, not a policy: `yizhan policy test` settles them";
        assert_eq!(told(load("cases.yaml", text).unwrap_err()), [message]);
    }
    let message = "this is a policy, not a case: `yizhan policy check` checks it";
    assert_eq!(told(load_examples("good.yaml", crate::broken::GOOD).unwrap_err()), [message]);
    assert_eq!(told(load_example("good.yaml", crate::broken::GOOD).unwrap_err()), [message]);
}

#[test]
fn what_is_wrong_with_an_expectation_is_told_in_chinese_too() {
    let case = include_str!("../../../../docs/examples/case.yaml");
    let of = |expect: &str| {
        let problems = load_examples("case.yaml", &format!("{case}expect: {expect}\n")).unwrap_err();
        problems.0.iter().for_each(crate::broken::has_chinese);
        problems.0.into_iter().map(|one| one.message).collect::<Vec<_>>()
    };
    assert_eq!(of("{ old: none, because: x }"), ["`because` is of a refusal: name its code with `refused`"]);
    assert_eq!(of("{ before: { basic: 1 } }"), ["`before` is of a refusal: name its code with `refused`"]);
    assert_eq!(of("{ quality: { basic: X } }"), ["`X` is no quality; one of GHNRAOP"]);
    assert_eq!(of("{ refused: X, cash: 1 }"), ["`refused` and `cash` exclude each other"]);
    assert_eq!(of("{}"), ["expects nothing: name an amount, `paid` or `refused`"]);
    let twice = format!("- {}", format!("{case}expect: {{ total: 1 }}").replace('\n', "\n  "));
    let problems = load_examples("cases.yaml", &format!("{twice}\n{twice}\n")).unwrap_err();
    problems.0.iter().for_each(crate::broken::has_chinese);
    assert!(problems.0[0].message.starts_with("two cases have the same `id`: "), "{problems}");
    let nowhere = case.replace("area: \"430200\"\n", "") + "expect: { total: 1 }\n";
    let problems = load_examples("case.yaml", &nowhere).unwrap_err();
    problems.0.iter().for_each(crate::broken::has_chinese);
    assert!(problems.0[0].message.starts_with("name a `policy`, or"), "{problems}");
}
