//! Sources, accumulators and layers: what is named, and who uses it.

use yizhan_documents::Kind::*;

use crate::broken::{problem, problems};

#[test]
fn sources() {
    problem("class_prepay:\n  source: paper", "class_prepay:\n  source: ▸papers", UnknownSource);
    problem("  news:", "  ▸unread: { title: 无人引用, quality: P }\n  news:", UnusedSource);
}

#[test]
fn accumulators_are_declared_and_read() {
    problems(
        &[("  charged:", "  ▸charged:"), ("used: charged", "used: ▸chraged")],
        &[UnusedAccumulator, UnknownAccumulator],
    );
    problem("stays: visit", "stays: visit, ▸stay: visit", UnknownAccumulator);
    problem("  stays: {", "  ▸unread: { label: 无, unit: fen }\n  stays: {", UnusedAccumulator);
}

#[test]
fn renames_map_names_of_before() {
    let with = |renames: &str| format!("renames: {renames}\nclass_prepay:\n  source: paper");
    crate::broken::fine(&[(
        "class_prepay:\n  source: paper",
        &with("{ pool_paid: basic_paid, gone: none }"),
    )]);
    problem("class_prepay:\n  source: paper", &with("{ pool_paid: ▸basicpaid }"), UnknownAccumulator);
    problem("class_prepay:\n  source: paper", &with("{ ▸stays: basic_paid }"), ConflictingKeys);
}

#[test]
fn what_a_layer_reads_somebody_feeds() {
    let not_fed = &[AccumulatorNotFed];
    problems(&[("used: charged", "used: ▸charged"), ("charged: deductible, ", "")], not_fed);
    problems(&[("of: stays", "of: ▸stays"), (", stays: visit", "")], not_fed);
    problems(&[("used: basic_paid", "used: ▸basic_paid"), (" basic_paid: paid,", "")], not_fed);
    let declare = ("  stays: {", "  unfed: { label: 无, unit: fen }\n  stays: {");
    problems(&[declare, ("cut_on: net", "cut_on: net\n      reached: ▸unfed")], not_fed);
    let cost_cap =
        "    cost_cap: { used: ▸unfed, amount: { source: paper, rows: [ { amount: 1 } ] } }\n    scale:\n";
    problems(&[declare, ("    scale:\n", cost_cap)], not_fed);
}

#[test]
fn units_fit() {
    let unused_and_mismatch = &[UnusedAccumulator, UnitMismatch];
    problems(&[("  charged:", "  ▸charged:"), ("used: charged", "used: ▸stays")], unused_and_mismatch);
    problems(
        &[("  basic_paid:", "  ▸basic_paid:"), ("used: basic_paid", "used: ▸stays")],
        unused_and_mismatch,
    );
    problems(&[("  stays: {", "  ▸stays: {"), ("of: stays", "of: ▸charged")], unused_and_mismatch);
    problem("stays: visit", "▸stays: paid", UnitMismatch);
    problem("charged: deductible", "▸charged: visit", UnitMismatch);
}

#[test]
fn yearly_limits_say_where_their_use_is_held() {
    let no_used = [("  charged:", "  ▸charged:"), ("      used: charged\n", "")];
    let kinds = &[UnusedAccumulator, UsedMissing];
    problems(&[no_used[0], no_used[1], ("      year_cap", "      ▸year_cap")], kinds);
    let year_cap = "      year_cap: { source: paper, rows: [ { amount: 2000 } ] }\n";
    problems(&[no_used[0], no_used[1], (year_cap, ""), ("per: visit", "▸per: year")], kinds);
    let edits = &[
        ("  diagnosis_paid: { l", "  ▸diagnosis_paid: { l"),
        ("    lump_sum", "    ▸lump_sum"),
        ("{ per: year, amount: { source: news", "{ per: visit, amount: { source: news"),
        (", used: diagnosis_paid", ""),
    ];
    problems(edits, &[UnusedAccumulator, LumpSumUnbounded]);
}

#[test]
fn layers_name_earlier_layers() {
    problem("id: relief", "id: ▸basic", DuplicateLayer);
    problem("less: deductible.basic", "less: ▸deductible.basics", UnknownLayer);
    problem("less: deductible.basic", "less: ▸deductible.relief", ForwardReference);
    problem("{ add: in_scope }", "{ add: ▸over_cap.relief }", ForwardReference);
}

#[test]
fn parts_of_the_bill() {
    problem("{ add: remaining }", "{ add: remaining, ▸lines: { label: [特药] } }", NotAPart);
    problem("of: total", "of: ▸remaining", NotAPart);
    problem("pays: [in_scope, preself]", "pays: [in_scope, ▸total]", NotAPart);
}

#[test]
fn a_layer_pays_by_a_scale_or_a_lump_sum() {
    let scale = "    scale: { cut_on: absolute, bands: { source: news, rows: [ { ratio: 10% } ] } }\n";
    problems(&[(scale, ""), ("- id: relief", "- ▸id: relief")], &[MissingKey]);
    let both = format!("{scale}    lump_sum: {{ source: news, rows: [ {{ amount: 10000 }} ] }}\n");
    let expected = format!("    ▸{}", both.trim_start());
    let lump_sum = "    lump_sum: { source: news, rows: [ { amount: 10000 } ] }\n";
    problems(
        &[(lump_sum, &expected.replace("lump_sum", "▸lump_sum").replacen('▸', "", 1))],
        &[ConflictingKeys],
    );
}
