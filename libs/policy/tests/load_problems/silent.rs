//! What could pay wrong money without a word, each on the smallest document that does. `▸` marks where it must be found, to the column.

use yizhan_documents::Kind::{self, *};
use yizhan_policy::load::{load_case, load_case_with_findings, unknown_names};
use yizhan_policy::model::Policy;
use yizhan_policy::{findings, load, replay, settle};

use crate::broken::{Edit, has_chinese, positions, problem};

/// Nothing is found in it.
const SMALL: &str = "\
policy: small
version: \"1\"
title: 小
areas: [\"430200\"]
scheme: \"310\"
from: 2024-01-01
sources: { p: { title: 文件, quality: G } }
accumulators: { used: { label: 已用, unit: fen } }
covers: [inpatient, outpatient]
layers:
  - id: basic
    title: 统筹
    payer: basic
    fund_pay_type: \"310100\"
    base: [ { add: in_scope } ]
    scale: { cut_on: net, bands: { source: p, rows: [ { ratio: 80% } ] } }
    cap: { per: year, amount: { source: p, rows: [ { amount: 15万 } ] }, used: used }
    feeds: { used: paid }
  - id: critical
    title: 大病
    payer: critical_illness
    fund_pay_type: \"330100\"
    base: [ { add: in_scope }, { less: paid.basic } ]
    scale: { cut_on: net, bands: { source: p, rows: [ { ratio: 60% } ] } }
";

const CASE: &str = "\
area: \"430200\"
scheme: \"310\"
person: { status: retired, age: 70 }
visit: { care: inpatient, level: third, date: 2024-05-10 }
lines: [ { name: 药, amount: 1万, class: 甲 } ]
";

fn edited(text: &str, edits: &[Edit]) -> String {
    edits.iter().fold(text.to_owned(), |text, (find, replace)| {
        assert_eq!(text.matches(find).count(), 1, "`{find}` must stand in the text once");
        text.replace(find, replace)
    })
}

fn policy(edits: &[Edit]) -> Policy {
    let text = edited(SMALL, edits).replace('▸', "");
    load("small.yaml", &text).unwrap_or_else(|problems| panic!("\n{problems}"))
}

/// Exactly these are found, at the marks and in their order.
#[track_caller]
fn found(edits: &[Edit], kinds: &[Kind]) -> Vec<String> {
    let found = findings(&policy(edits));
    found.iter().for_each(has_chinese);
    let marks = positions(&edited(SMALL, edits));
    let places: Vec<_> = found.iter().map(|one| ((one.line, one.column), one.kind)).collect();
    assert_eq!(places, marks.into_iter().zip(kinds.iter().copied()).collect::<Vec<_>>(), "\n{found:?}");
    found.into_iter().map(|one| one.message).collect()
}

#[test]
fn nothing_is_found_in_the_small_document() {
    found(&[], &[]);
    assert_eq!(findings(&load("good.yaml", crate::broken::GOOD).unwrap()), []);
}

#[test]
fn what_an_earlier_layer_paid_is_not_paid_again() {
    let base = "    base: [ { add: in_scope }, { less: paid.basic } ]";
    let told = found(&[(base, "    ▸base: [ { add: in_scope } ]")], &[PaidAgain]);
    assert!(told[0].contains("{ less: paid.basic }") && told[0].contains("counts_paid: [basic]"), "{told:?}");
    found(&[(base, "    ▸base: [ { add: total }, { less: paid.basic, times: 50% } ]")], &[PaidAgain]);
    // What it did not pay, other parts of the bill, what all left, other visits, other lines, and what the paper counts.
    for base in [
        "    base: [ { add: over_cap.basic } ]",
        "    base: [ { add: preself } ]",
        "    base: [ { add: remaining } ]",
        "    base: [ { add: in_scope, times: 50% }, { less: paid.basic, times: 50% } ]",
        "    base: [ { add: in_scope } ]\n    counts_paid: [basic]",
    ] {
        found(&[("    base: [ { add: in_scope }, { less: paid.basic } ]", base)], &[]);
    }
    let outpatient = ("payer: basic\n", "payer: basic\n    when: { care: [outpatient] }\n");
    let inpatient = (base, "    when: { care: [inpatient] }\n    base: [ { add: in_scope } ]");
    found(&[outpatient, inpatient], &[]);
    let of = |label: &str| format!("    base: [ {{ add: in_scope, lines: {{ {label} }} }} ]");
    let (of_basic, of_critical) = (of("list_type: [\"101\"]"), of("list_type: [\"201\"]"));
    found(&[("    base: [ { add: in_scope } ]", &of_basic), (base, &of_critical)], &[]);
    // A layer between them that pays what `basic` left over its limit is counted again by one that takes only `basic` away.
    let third = "  - id: third\n    title: 三\n    payer: union_mutual_aid\n    fund_pay_type: \"YZ0100\"\n    base: [ { add: over_cap.basic } ]\n    \
                 scale: { cut_on: net, bands: { source: p, rows: [ { ratio: 50% } ] } }\n  - id: critical\n";
    found(
        &[("  - id: critical\n", third), (base, "    ▸base: [ { add: in_scope }, { less: paid.basic } ]")],
        &[PaidAgain],
    );
    problem(
        "    scale: { cut_on: absolute",
        "    counts_paid: [▸relief]\n    scale: { cut_on: absolute",
        ForwardReference,
    );
}

#[test]
fn funds_are_of_the_scheme() {
    let told = found(&[("\"310100\"", "▸\"390100\"")], &[FundOfOtherScheme]);
    assert_eq!(told, ["390100 (城乡居民基本医疗保险基金) is no fund of scheme 310"]);
    let residents = ("scheme: \"310\"", "scheme: \"390\"");
    found(
        &[residents, ("\"310100\"", "▸\"310100\""), ("\"330100\"", "▸\"330100\"")],
        &[FundOfOtherScheme; 2],
    );
    found(&[residents, ("\"310100\"", "\"390100\""), ("\"330100\"", "\"390200\"")], &[]);
    assert!(!FundOfOtherScheme.is_warning(), "it is refused when published");
}

#[test]
fn limits_say_whether_they_are_of_the_visit_or_the_year() {
    let told = found(&[("cap: { per: year, ", "cap: ▸{ ")], &[LimitPerMissing]);
    assert_eq!(told, ["`per` is missing: write `per: year`, as it is read, or what is meant"]);
    let cost_cap = "    cost_cap: ▸{ amount: { source: p, rows: [ { amount: 1 } ] } }\n    cap: {";
    let told = found(&[("    cap: {", cost_cap)], &[LimitPerMissing]);
    assert!(told[0].contains("per: visit"), "{told:?}");
    // What is said contradicts no accumulator.
    let wrong = |edits: &[Edit], kind: Kind| {
        let text = edited(SMALL, edits);
        let problems = load("small.yaml", &text.replace('▸', "")).expect_err("it is wrong").0;
        let places: Vec<_> = problems.iter().map(|one| ((one.line, one.column), one.kind)).collect();
        assert_eq!(places, [(positions(&text)[0], kind)], "{problems:?}");
    };
    wrong(&[("cap: { per: year", "cap: { per: visit"), ("}, used:", "}, ▸used:")], ConflictingKeys);
    let of_year = "    cost_cap: { ▸per: year, amount: { source: p, rows: [ { amount: 1 } ] } }\n    cap: {";
    wrong(&[("    cap: {", of_year)], UsedMissing);
    // And what `covers` says no layer.
    let chronic = ("payer: basic\n", "payer: basic\n    when: { care: [chronic] }\n");
    wrong(&[chronic, ("covers: [in", "covers: ▸[in")], CoversDiffers);
    wrong(&[("covers: [in", "not_published: { outpatient: 没有 }\ncovers: ▸[in")], CoversDiffers);
}

#[test]
fn care_that_nobody_speaks_of_is_refused_not_paid_nothing() {
    let none = ("covers: [inpatient, outpatient]\n", "");
    let of_care = |care: &str| format!("payer: basic\n    when: {{ care: {care} }}\n");
    let (some, told) = (of_care("[inpatient, outpatient, chronic]"), ("layers:\n", "▸▸layers:\n"));
    let found_in = found(&[none, ("payer: basic\n", &some), told], &[CareNotSaid; 2]);
    assert!(
        found_in[0].contains("`pharmacy` (药店购药)") && found_in[1].contains("`maternity`"),
        "{found_in:?}"
    );
    // A layer behind basic insurance that names no care answers for none.
    let unsaid = policy(&[none, ("payer: basic\n", &some)]);
    let case = |care: &str| load_case("case.yaml", &edited(CASE, &[("inpatient", care)])).unwrap();
    let refused = |policy: &Policy, care: &str| settle(policy, &case(care)).map(|_| ()).unwrap_err();
    assert_eq!(refused(&unsaid, "pharmacy").reason(), "CARE_NOT_COVERED");
    assert!(settle(&unsaid, &case("chronic")).is_ok());
    // Said: nothing is paid for it, or nobody knows what.
    let covers = (
        "covers: [inpatient, outpatient]",
        "covers: [inpatient, outpatient, pharmacy]\nnot_published: { maternity: 文件没有写 }",
    );
    let inpatient = of_care("[inpatient]");
    let said = policy(&[
        covers,
        ("payer: basic\n", &inpatient),
        ("payer: critical_illness\n", "payer: critical_illness\n    when: { care: [inpatient] }\n"),
    ]);
    assert_eq!(settle(&said, &case("pharmacy")).unwrap().fund_pay_fen.0, 0);
    assert_eq!(refused(&said, "chronic").reason(), "CARE_NOT_COVERED");
    let unknown = refused(&said, "maternity");
    assert_eq!(
        (unknown.reason().code(), unknown.to_string().contains("文件没有写")),
        ("CARE_NOT_PUBLISHED", true)
    );
    // What was settled before such care was refused is settled again as then.
    assert!(replay(&unsaid, &case("pharmacy")).is_ok());
}

#[test]
fn holes_in_tables_are_told_with_a_case() {
    let rows = |rows: &str| format!("bands: {{ source: p, rows: ▸[ {rows} ] }} }}\n    cap:");
    let whole = "bands: { source: p, rows: [ { ratio: 80% } ] } }\n    cap:";
    let hole = |of: &str| {
        let of = rows(of).replace('▸', "");
        let found = findings(&policy(&[(whole, &of)]));
        let lines: Vec<_> = found.iter().map(|one| (one.line, one.kind, one.path.as_str())).collect();
        found.iter().for_each(has_chinese);
        assert_eq!(lines, [(16, TableHole, "layers.basic.scale.bands")], "{found:?}");
        found[0].message.clone()
    };
    let example = |told: String, of: &str| {
        let expected = format!("no row decides a case as `{{ {of} }}` on 2024-01-01: it would be refused");
        assert_eq!(told, expected);
    };
    example(hole("{ when: { status: [in_service] }, ratio: 80% }"), "care: inpatient, status: retired");
    let levels = "{ when: { level: [primary, first, second, provincial] }, ratio: 80% }";
    example(hole(levels), "care: inpatient, level: third, status: in_service");
    let ages = "{ when: { age: { to: 59 } }, ratio: 80% }, { when: { age: { from: 61 } }, ratio: 80% }";
    example(hole(ages), "care: inpatient, status: in_service, age: 60");
    let identities = "{ when: { identity: [特困] }, ratio: 90% }";
    example(hole(identities), "care: inpatient, status: in_service");
    // What the third stay is paid.
    let stays = ("accumulators: {", "accumulators: { stays: { label: 次数, unit: count },");
    let fed = ("feeds: { used: paid }", "feeds: { used: paid, stays: visit }");
    let nth = |rows: &str| {
        let of = format!("bands: {{ source: p, rows: [ {rows} ] }} }}\n    cap:");
        findings(&policy(&[stays, fed, (whole, &of)])).into_iter().map(|one| one.message).collect::<Vec<_>>()
    };
    let first_two = "{ when: { nth: { of: stays, from: 1, to: 1 } }, ratio: 80% }, { when: { nth: { of: stays, from: 2, to: 2 } }, ratio: 85% }";
    assert!(nth(first_two)[0].contains("visits: { stays: 2 }"), "{:?}", nth(first_two));
    assert!(nth(&format!("{first_two}, {{ otherwise: true, unknown: 没有写第三次 }}")).is_empty());
    // Statuses that nobody of the scheme has need no row, nor does what is refused in words before it comes to the table.
    let everybody =
        "bands: { source: p, rows: [ { when: { status: [in_service, retired] }, ratio: 80% } ] } }\n    cap:";
    found(&[(whole, everybody)], &[]);
    let unknown = "bands: { source: p, rows: [ { when: { level: [third] }, ratio: 80% } ] } }\n    \
                   deductible: { per: visit, amount: { source: p, rows: [ { when: { level: [third] }, amount: 1 }, { otherwise: true, unknown: 没有写 } ] } }\n    cap:";
    found(&[(whole, unknown)], &[]);
}

#[test]
fn a_table_of_very_many_combinations_is_searched_by_twos() {
    let names = |of: &str| (0..40).map(|number| format!("{of}{number}")).collect::<Vec<_>>().join(", ");
    let rows = format!(
        "bands: {{ source: p, rows: [ {{ when: {{ identity: [{}] }}, ratio: 1% }}, {{ when: {{ no_identity: [{0}], membership: [{}] }}, ratio: 2% }}, \
         {{ when: {{ no_identity: [{0}], no_membership: [{1}], tag: [{}] }}, ratio: 2% }} ] }} }}\n    cap:",
        names("身份"),
        names("commercial/参加"),
        names("标记")
    );
    let found = findings(&policy(&[("bands: { source: p, rows: [ { ratio: 80% } ] } }\n    cap:", &rows)]));
    assert_eq!(found.iter().map(|one| one.kind).collect::<Vec<_>>(), [TableHole], "{found:?}");
}

#[test]
fn names_that_the_policy_does_not_know_are_named() {
    let asks = "    when: { membership: [union_mutual_aid], no_identity: [特困], no_tag: [自费] }\n    base: [ { add: in_scope, lines: { label: [特药] } }, { less: paid.basic } ]";
    let policy = policy(&[("    base: [ { add: in_scope }, { less: paid.basic } ]", asks)]);
    let named = "accumulated: { 2024-01-01: { yuan: { used: 1, ▸usde: 2 }, visits: { ▸stays: 1 } } }\nlines: [ { label: [特药, ▸特殊药], name";
    let text = edited(
        CASE,
        &[
            (
                "age: 70",
                "age: 70, identity: [特困, ▸低保], membership: [▸unoin_mutual_aid, union_mutual_aid]",
            ),
            ("date:", "tag: [自费, ▸规范转诊], date:"),
            ("lines: [ { name", named),
        ],
    );
    let found = unknown_names("case.yaml", &text.replace('▸', ""), &policy);
    let places: Vec<_> = found.iter().map(|one| (one.line, one.column)).collect();
    found.iter().for_each(has_chinese);
    assert_eq!(places, positions(&text), "{found:?}");
    assert!(found.iter().all(|one| one.kind == UnknownName));
    let told: Vec<&str> = found.iter().map(|one| one.message.as_str()).collect();
    assert_eq!(told[0], "`small` asks for no identity `低保`");
    assert_eq!(
        told[1],
        "`small` asks for no membership `unoin_mutual_aid`; did you mean `union_mutual_aid`?"
    );
    assert_eq!(told[3], "`small` declares no accumulator `usde`; did you mean `used`?");
}

#[test]
fn lines_that_contradict_themselves_are_named() {
    let lines = |line: &str| {
        let text = edited(CASE, &[("{ name: 药, amount: 1万, class: 甲 }", line)]);
        let (case, found) = load_case_with_findings("case.yaml", &text.replace('▸', "")).unwrap();
        assert_eq!(case.lines.len(), 1);
        found.iter().for_each(has_chinese);
        let places: Vec<_> = found.iter().map(|one| (one.line, one.column)).collect();
        assert_eq!(places, positions(&text), "{found:?}");
        found.into_iter().map(|one| (one.kind, one.message)).collect::<Vec<_>>()
    };
    let kinds = |line: &str| lines(line).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>();
    assert_eq!(kinds("{ amount: 100, class: 丙, ▸prepay: 10% }"), [PrepayOfSelfPaid]);
    let differs = lines("{ quantity: 3, price: 33.5, ▸amount: 100, class: 甲 }");
    assert_eq!(differs, [(LineAmountDiffers, "quantity × price is 100.5, and the amount 100".to_owned())]);
    assert_eq!(kinds("{ price: 99, ▸amount: 100, class: 甲 }"), [LineAmountDiffers]);
    assert_eq!(kinds("{ quantity: 3, price: 33.335, amount: 100.01, class: 甲 }"), []);
    assert_eq!(kinds("{ quantity: 3, amount: 100, class: 乙, prepay: 10% }"), []);
}

/// A finding of the edited small document in which nothing else is found: its kind and its words.
#[track_caller]
fn only(edits: &[Edit]) -> (Kind, String) {
    let found = findings(&policy(edits));
    found.iter().for_each(has_chinese);
    assert_eq!(found.len(), 1, "{found:?}");
    (found[0].kind, found[0].message.clone())
}

const BASIC: &str = "payer: basic\n";

#[test]
fn a_case_that_no_basic_layer_applies_to_is_told() {
    let hole = |asked: &str, example: &str| {
        let (kind, told) = only(&[(BASIC, &format!("payer: basic\n{asked}"))]);
        assert_eq!(kind, LayerHole);
        assert!(told.contains(example), "{told}");
    };
    let of = |asked: &str| format!("    when: {{ care: [inpatient], {asked} }}\n");
    hole(&of("status: [in_service]"), "{ care: inpatient, status: retired }");
    hole(&of("level: [primary, first, second, third]"), "level: provincial");
    hole(&of("filing: [local, referral]"), "filing: ");
    hole(&of("no_identity: [特困]"), "identity: [特困]");
    hole("    to: 2024-12-31\n    when: { care: [inpatient] }\n", "on 2025-01-01");
    hole("    from: 2024-02-01\n    when: { care: [inpatient] }\n", "on 2024-01-01");
    found(&[(BASIC, &format!("payer: basic\n▸{}", of("status: [retired]")))], &[LayerHole]);
    // Care that nobody pays for, statuses that nobody has, and days on which such care is refused.
    found(&[(BASIC, &format!("payer: basic\n{}", of("status: [in_service, retired]")))], &[]);
    let ended = [
        ("covers: [inpatient, outpatient]", NOTHING_ELSE),
        (BASIC, "payer: basic\n    to: 2024-12-31\n    when: { care: [inpatient] }\n"),
    ];
    found(&ended, &[]);
}

const NOTHING_ELSE: &str = "not_published: { outpatient: 无, chronic: 无, pharmacy: 无, maternity: 无 }";

#[test]
fn an_outpatient_visit_may_be_of_a_chronic_disease() {
    let asks =
        |kinds: &str| format!("payer: basic\n    when: {{ care: [outpatient], disease_kind: [{kinds}] }}\n");
    let residents =
        [("scheme: \"310\"", "scheme: \"390\""), ("\"310100\"", "\"390100\""), ("\"330100\"", "\"390200\"")];
    let of = |kinds: &str| {
        let asks = asks(kinds);
        let edits: Vec<Edit> = residents.iter().copied().chain([(BASIC, asks.as_str())]).collect();
        findings(&policy(&edits)).into_iter().map(|one| one.message).collect::<Vec<_>>()
    };
    assert!(of("none, two_diseases")[0].contains("kind: chronic"), "{:?}", of("none, two_diseases"));
    assert!(of("none, chronic")[0].contains("kind: two_diseases"), "{:?}", of("none, chronic"));
    assert_eq!(of("none, chronic, two_diseases"), [""; 0]);
}

#[test]
fn a_base_counts_cost_once() {
    const BASE: &str = "    base: [ { add: in_scope }, { less: paid.basic } ]";
    let twice = |base: &str| {
        found(&[(BASE, &format!("    base: [ {base} ]"))], &[CountedTwice]);
    };
    for base in [
        "{ add: in_scope_left }, ▸{ add: remaining }",
        "{ add: in_scope_left }, ▸{ less: paid.basic }",
        "{ add: remaining }, ▸{ less: paid.basic }",
        "{ add: in_scope_left }, ▸{ add: over_cap.basic }",
        "{ add: in_scope_left }, ▸{ add: paid.basic }",
        "{ add: in_scope }, { less: paid.basic }, ▸{ less: paid.basic }",
        "{ add: total }, ▸{ add: preself }, { less: paid.basic }",
        "{ add: in_scope }, ▸{ add: in_scope }, { less: paid.basic }",
    ] {
        twice(base);
    }
    for base in [
        "{ add: in_scope_left }, { add: preself }",
        "{ add: in_scope_left, times: 50% }, { add: remaining, times: 50% }",
        "{ add: over_cap.basic }, { add: deductible.basic }",
        "{ add: in_scope, lines: { label: [甲] } }, { add: in_scope, lines: { not_label: [甲] } }, { less: paid.basic }",
    ] {
        found(&[(BASE, &format!("    base: [ {base} ]"))], &[]);
    }
}

#[test]
fn a_layer_feeds_what_it_reads() {
    const ADDED: &str = "{ used: { label: 已用, unit: fen } }";
    const CRITICAL: &str = "rows: [ { ratio: 60% } ] } }\n";
    let accumulators = (ADDED, "{ used: { label: 已用, unit: fen }, other: { label: 他, unit: fen } }");
    let critical = |of: &str| format!("rows: [ {{ ratio: 60% }} ] }} }}\n    {of}\n");
    let wrong = |edits: &[Edit], count: usize| {
        let found = findings(&policy(edits));
        found.iter().for_each(has_chinese);
        assert_eq!(
            found.iter().map(|one| one.kind).collect::<Vec<_>>(),
            vec![FeedDiffers; count],
            "{found:?}"
        );
    };
    // Fed by another layer only, or with something else.
    wrong(&[("    feeds: { used: paid }\n", ""), (CRITICAL, &critical("feeds: { used: paid }"))], 1);
    found(&[("used: used }", "used: ▸used }"), ("{ used: paid }", "{ used: base }")], &[FeedDiffers]);
    let deductible =
        "deductible: { per: year, amount: { source: p, rows: [ { amount: 1.6万 } ] }, used: used }";
    wrong(&[(CRITICAL, &critical(deductible))], 1);
    // Two kinds of things in one.
    let capped = "cap: { per: year, amount: { source: p, rows: [ { amount: 50万 } ] }, used: other }\n    feeds: { other: paid, used: deductible }";
    wrong(&[accumulators, (CRITICAL, &critical(capped))], 1);
    let right = "cap: { per: year, amount: { source: p, rows: [ { amount: 50万 } ] }, used: other }\n    feeds: { other: paid }";
    found(&[accumulators, (CRITICAL, &critical(right))], &[]);
    // A visit is one, whoever pays for it.
    let stays = (ADDED, "{ used: { label: 已用, unit: fen }, stays: { label: 次, unit: count } }");
    let nth = "    deductible: { per: visit, amount: { source: p, rows: [ { when: { nth: { of: stays, to: 1 } }, amount: 600 }, { otherwise: true, amount: 0 } ] } }\n    cap: {";
    let fed = ("{ used: paid }", "{ used: paid, stays: visit }");
    wrong(&[stays, ("    cap: {", nth), fed, (CRITICAL, &critical("feeds: { stays: visit }"))], 1);
    found(&[stays, ("    cap: {", nth), fed], &[]);
}

#[test]
fn names_that_look_like_slips_are_told() {
    const CRITICAL: &str = "payer: critical_illness\n";
    let told = |asked: &str, kind: Kind| {
        let asked = format!("payer: critical_illness\n    when: {{ {asked} }}\n");
        found(&[(CRITICAL, &asked)], &[kind]).remove(0)
    };
    assert!(told("identity: [▸特团]", DoubtfulName).contains("did you mean `特困`"));
    assert!(told("identity: [▸\"特困 \"]", DoubtfulName).contains("spaces"));
    assert!(told("identity: [▸veteran/烈士遗属]", DoubtfulName).contains("`membership`"));
    assert!(told("membership: [▸union_mutal_aid]", UnknownCode).contains("union_mutual_aid`?"));
    told("no_membership: [▸comercial/惠民保]", UnknownCode);
    told("membership: [▸低保]", UnknownCode);
    assert!(told("membership: [▸civil_servant/科及]", DoubtfulName).contains("civil_servant/科级"));
    told("care: [outpatient], disease: [▸M3900]", DoubtfulName);
    told("diagnosis: [▸c]", DoubtfulName);
    told("diagnosis: [▸Ｃ50]", DoubtfulName);
    told("status: [▸adult, retired]", StatusOfOtherScheme);
    let label = |of: &str| {
        format!("    base: [ {{ add: in_scope, lines: {{ label: [{of}] }} }}, {{ less: paid.basic }} ]")
    };
    let base = "    base: [ { add: in_scope }, { less: paid.basic } ]";
    found(&[(base, &label("▸双通到"))], &[DoubtfulName]);
    found(&[(base, &label("特药"))], &[]);
    let fine = "identity: [特困, 因病致贫, 见义勇为], membership: [civil_servant, commercial/惠衢保2022, resident_tier/一档, resident_tier/二档], \
                tag: [顺产, 难产, 妊娠不足2月, 妊娠不足3月], disease: [M03900], diagnosis: [C34.1, D], status: [retired]";
    found(&[(CRITICAL, &format!("payer: critical_illness\n    when: {{ {fine} }}\n"))], &[]);
    assert!(!UnknownCode.is_warning(), "it is refused when published");
}

#[test]
fn totals_of_a_case_stand_under_the_year_and_the_unit_that_is_read() {
    let counted = [
        ("accumulators: {", "accumulators: { stays: { label: 次数, unit: count },"),
        ("{ used: paid }", "{ used: paid, stays: visit }"),
        (
            "bands: { source: p, rows: [ { ratio: 80% } ] } }\n    cap:",
            "bands: { source: p, rows: [ { when: { nth: { of: stays, to: 1 } }, ratio: 80% }, { otherwise: true, ratio: 85% } ] } }\n    cap:",
        ),
    ];
    let policy = policy(&counted);
    let kinds = |accumulated: &str| {
        let text = edited(CASE, &[("lines:", &format!("accumulated: {accumulated}\nlines:"))]);
        let found = unknown_names("case.yaml", &text.replace('▸', ""), &policy);
        found.iter().for_each(has_chinese);
        let places: Vec<_> = found.iter().map(|one| (one.line, one.column)).collect();
        assert_eq!(places, positions(&text), "{found:?}");
        found.into_iter().map(|one| one.kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds("{ 2024-01-01: { yuan: { used: 14万 }, visits: { stays: 1 } } }"), []);
    assert_eq!(kinds("{ ▸2024-01-10: { yuan: { used: 14万 } } }"), [NoPolicyYear]);
    assert_eq!(kinds("{ 2024-01-01: { visits: { ▸used: 140000 } } }"), [UnitMismatch]);
    assert_eq!(
        kinds("{ 2024-01-01: { yuan: { ▸stays: 1 }, days: { ▸allowence_days: 88 } } }"),
        [UnitMismatch, UnknownName]
    );
    // Labels that rows ask for by item and in the prepay of classes are known.
    let asks = "class_prepay: { source: p, rows: [ { when: { class: [\"02\"], label: [进口] }, ratio: 20% } ] }\ncovers: [";
    let by_label = load("small.yaml", &edited(SMALL, &[("covers: [", asks)])).unwrap();
    let case = edited(CASE, &[("{ name: 药", "{ label: [进口], name: 药")]);
    assert_eq!(unknown_names("case.yaml", &case, &by_label), []);
}

#[test]
fn values_that_look_like_slips_are_told() {
    let class = |rows: &str| {
        let asks = format!("class_prepay: {{ source: p, rows: [ {rows} ] }}\ncovers: [");
        findings(&policy(&[("covers: [", &asks)])).into_iter().map(|one| one.kind).collect::<Vec<_>>()
    };
    assert_eq!(class("{ otherwise: true, ratio: 10% }"), [FirstClassPrepaid]);
    assert_eq!(class("{ when: { class: [\"01\", \"02\"] }, ratio: 10% }"), [FirstClassPrepaid]);
    assert_eq!(class("{ when: { class: [\"02\"] }, ratio: 10% }"), []);
    assert_eq!(class("{ when: { class: [\"01\"] }, ratio: 0% }, { otherwise: true, ratio: 10% }"), []);
    let deductible =
        "    deductible: { per: visit, amount: { source: p, rows: [ { amount: 8000 } ] } }\n▸    cap: {";
    let told = found(&[("15万", "15"), ("    cap: {", deductible)], &[LimitBelowDeductible]);
    assert_eq!(told, ["the limit of 15 lies below the deductible of 8000: is one of them in 万?"]);
    found(&[("    cap: {", &deductible.replace('▸', ""))], &[]);
    let bands = |of: &str| {
        let whole = "bands: { source: p, rows: [ { ratio: 80% } ] } }\n    cap:";
        let rows = format!("bands: {{ source: p, rows: [ {of} ] }} }}\n    cap:");
        findings(&policy(&[(whole, &rows)])).into_iter().map(|one| one.kind).collect::<Vec<_>>()
    };
    assert_eq!(
        bands("{ when: { level: [third] }, ratio: 9.5% }, { otherwise: true, ratio: 90% }"),
        [RowFarOff]
    );
    assert_eq!(bands("{ when: { level: [third] }, ratio: 0% }, { otherwise: true, ratio: 90% }"), []);
    assert_eq!(bands("{ when: { level: [third] }, ratio: 60% }, { otherwise: true, ratio: 90% }"), []);
    let within =
        |second: &str| bands(&format!("{{ bands: [ {{ upto: 1万, ratio: 90% }}, {{ ratio: {second} }} ] }}"));
    assert_eq!(within("9.5%"), [RowFarOff]);
    assert_eq!(within("0%"), []);
    assert_eq!(within("95%"), []);
}
