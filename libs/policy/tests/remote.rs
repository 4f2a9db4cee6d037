//! Care away from home: the filing register says how much, the document says where.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use rust_decimal::Decimal;
use yizhan_money::Fen;
use yizhan_policy::case::RemoteRule;
use yizhan_policy::load::load_case;
use yizhan_policy::outcome::{Basis, RemoteCited, Step};
use yizhan_policy::{Case, Outcome, Policy, explain, explain_outcome, load, settle};
use yizhan_terms::Treatment;
use yizhan_terms::{Care, Filing};

/// Inpatients: 起付线 1,000, 80 %, of the rest the hospital bears nothing; outpatients: 50 %.
const POLICY: &str = "
policy: remote
version: \"1\"
title: 某市职工
areas: [\"430200\"]
scheme: \"310\"
from: 2020-01-01
sources: { paper: { title: 某市办法, quality: G } }
layers:
  - id: basic
    title: 统筹
    payer: basic
    fund_pay_type: \"310100\"
    when: { care: [inpatient] }
    base: [ { add: in_scope } ]
    deductible: { per: visit, amount: { source: paper, rows: [ { amount: 1000 } ] } }
    scale: { cut_on: net, bands: { source: paper, rows: [ { ratio: 80% } ] } }
  - id: outpatient
    title: 门诊
    payer: basic
    fund_pay_type: \"310100\"
    when: { care: [outpatient] }
    base: [ { add: in_scope } ]
    scale: { cut_on: net, bands: { source: paper, rows: [ { ratio: 50% } ] } }
";

const CASE: &str = "
area: \"430200\"
scheme: \"310\"
person: { status: in_service, age: 40 }
visit: { care: inpatient, level: third, date: 2024-05-10, filing: referral, in_province: false }
lines: [ { amount: 11000, class: 甲 } ]
";

fn policy(edits: &[(&str, &str)]) -> Policy {
    let text = edits.iter().fold(POLICY.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    load("remote.yaml", &text).unwrap_or_else(|problems| panic!("{problems}"))
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn case(treatment: Treatment) -> Case {
    let mut case = load_case("case.yaml", CASE).unwrap();
    case.visit.remote =
        Some(RemoteRule { treatment, rule: "360100/referral".to_owned(), citation: "明白卡".to_owned() });
    case
}

fn of_bill() -> Policy {
    policy(&[("layers:", "extra_prepay: remote\nlayers:")])
}

const RATIO_PLACE: (&str, &str) =
    ("rows: [ { ratio: 80% } ] } }\n", "rows: [ { ratio: 80% } ] } }\n    adjust: [ remote ]\n");
const PREPAY_PLACE: (&str, &str) = ("    deductible:", "    prepay: remote\n    deductible:");

#[track_caller]
fn paid(policy: &Policy, case: &Case) -> Fen {
    settle(policy, case).unwrap().fund_pay_fen
}

#[track_caller]
fn refused(policy: &Policy, case: &Case, code: &str, says: &str) {
    let refusal = settle(policy, case).unwrap_err();
    assert_eq!(refusal.reason().code(), code);
    assert!(refusal.to_string().contains(says), "{refusal}");
}

fn by_register(step: &Step<'_>) -> bool {
    step.cited == Basis::Remote(RemoteCited { rule: "360100/referral", citation: "明白卡" })
}

#[test]
fn each_mechanism_where_the_document_puts_it() {
    let prepay = case(Treatment::Prepay(number("0.1")));
    // 11,000 less 10 % is 9,900; less 1,000; 80 % of 8,900.
    let bill = of_bill();
    let outcome = settle(&bill, &prepay).unwrap();
    assert_eq!(outcome.fund_pay_fen, Fen(712_000));
    assert_eq!(outcome.parts.pre_self_fen, Fen(110_000));
    let step = outcome.extra_prepay.as_ref().unwrap();
    assert!(by_register(step) && step.kind == "extra_prepay" && step.value == number("0.1"));
    // The same in the layer alone: the bill's own parts stay.
    let layer = policy(&[PREPAY_PLACE]);
    let outcome = settle(&layer, &prepay).unwrap();
    assert_eq!((outcome.fund_pay_fen, outcome.parts.pre_self_fen), (Fen(712_000), Fen::ZERO));
    assert!(by_register(&outcome.layers[0].kept_out[0]) && outcome.layers[0].kept_out[0].kind == "prepay");
    // 80 % less ten points of 10,000; 80 % × 90 % of it.
    let ratios = policy(&[RATIO_PLACE]);
    assert_eq!(paid(&ratios, &case(Treatment::Points(number("-10")))), Fen(700_000));
    let factor = case(Treatment::Factor(number("0.9")));
    let outcome = settle(&ratios, &factor).unwrap();
    assert_eq!(outcome.fund_pay_fen, Fen(720_000));
    let step = &outcome.layers[0].adjustments[0];
    assert!(by_register(step) && step.kind == "factor" && step.value == number("0.9"));
    assert_eq!(outcome.remote, factor.visit.remote.as_ref());
}

#[test]
fn the_order_of_adjustments_matters() {
    let half = "{ factor: { source: paper, rows: [ { ratio: 50% } ] } }";
    let with = |list: &str| {
        let scale = "rows: [ { ratio: 80% } ] } }\n";
        policy(&[(scale, &format!("{scale}    adjust: [ {list} ]\n"))])
    };
    let off = case(Treatment::Points(number("-10")));
    assert_eq!(paid(&with(&format!("remote, {half}")), &off), Fen(350_000));
    assert_eq!(paid(&with(&format!("{half}, remote")), &off), Fen(300_000));
}

#[test]
fn the_same_rate_needs_no_place_and_is_told() {
    let same = case(Treatment::Same);
    for policy in [policy(&[]), of_bill(), policy(&[RATIO_PLACE, PREPAY_PLACE])] {
        let outcome = settle(&policy, &same).unwrap();
        assert_eq!(outcome.fund_pay_fen, Fen(800_000));
        assert_eq!((&outcome.extra_prepay, outcome.remote), (&None, same.visit.remote.as_ref()));
        assert!(
            explain_outcome(&policy, &outcome)
                .contains("异地就医：与参保地同待遇 〔异地就医备案 明白卡 规则 360100/referral〕")
        );
    }
}

#[test]
fn a_treatment_without_a_place_is_refused() {
    let treatments = [
        ("points", Treatment::Points(number("-10"))),
        ("factor", Treatment::Factor(number("0.9"))),
        ("prepay", Treatment::Prepay(number("0.1"))),
    ];
    for (name, treatment) in treatments {
        refused(
            &policy(&[]),
            &case(treatment),
            "REMOTE_NOT_PLACED",
            &format!("`{name}` of rule 360100/referral"),
        );
    }
    let (points, prepay) = (case(treatments[0].1), case(treatments[2].1));
    refused(&of_bill(), &points, "REMOTE_NOT_PLACED", "points");
    refused(&policy(&[PREPAY_PLACE]), &points, "REMOTE_NOT_PLACED", "points");
    refused(&policy(&[RATIO_PLACE]), &prepay, "REMOTE_NOT_PLACED", "prepay");
    // The layer with the place does not apply to this visit.
    let outpatient = |mut case: Case| {
        case.visit.care = Care::Outpatient;
        case
    };
    refused(&policy(&[RATIO_PLACE]), &outpatient(points.clone()), "REMOTE_NOT_PLACED", "points");
    refused(&policy(&[PREPAY_PLACE]), &outpatient(prepay.clone()), "REMOTE_NOT_PLACED", "prepay");
    assert_eq!(paid(&of_bill(), &outpatient(prepay)), Fen(495_000), "the whole bill is prepaid");
    // The document says that nothing changes there.
    let says_none = ("rows: [ { ratio: 50% } ] } }\n", "rows: [ { ratio: 50% } ] } }\n    remote: none\n");
    assert_eq!(paid(&policy(&[RATIO_PLACE, says_none]), &outpatient(points.clone())), Fen(550_000));
    refused(&policy(&[says_none]), &points, "REMOTE_NOT_PLACED", "points");
    // Nobody pays anything, so nothing can be lowered.
    let mut pharmacy = points;
    pharmacy.visit.care = Care::Pharmacy;
    let covers = ("layers:", "covers: [inpatient, outpatient, pharmacy]\nlayers:");
    assert_eq!(paid(&policy(&[covers, RATIO_PLACE]), &pharmacy), Fen::ZERO);
}

#[test]
fn a_stay_split_by_days_needs_a_place_in_every_part() {
    let split = [
        ("layers:", "across_years: split_by_days\nlayers:"),
        RATIO_PLACE,
        ("    when: { care: [inpatient] }\n", "    to: 2023-12-31\n    when: { care: [inpatient] }\n"),
        ("care: [outpatient]", "care: [inpatient]"),
    ];
    let mut stay = case(Treatment::Points(number("-10")));
    (stay.visit.begin, stay.visit.end) = ("2023-12-30".parse().unwrap(), "2024-01-02".parse().unwrap());
    refused(&policy(&split), &stay, "REMOTE_NOT_PLACED", "on 2024-01-02");
}

#[test]
fn away_from_home_the_register_must_have_been_asked() {
    let mut unasked = case(Treatment::Same);
    unasked.visit.remote = None;
    for policy in [of_bill(), policy(&[RATIO_PLACE]), policy(&[PREPAY_PLACE])] {
        refused(&policy, &unasked, "REMOTE_RULE_MISSING", "referral");
        let at_home = Case {
            visit: yizhan_policy::case::Visit { filing: Filing::Local, ..unasked.visit.clone() },
            ..unasked.clone()
        };
        assert_eq!(paid(&policy, &at_home), Fen(800_000));
    }
    assert_eq!(paid(&policy(&[]), &unasked), Fen(800_000), "a document that leaves nothing to the register");
    unasked.visit.care = Care::Outpatient;
    assert_eq!(paid(&policy(&[RATIO_PLACE]), &unasked), Fen(550_000), "or nothing of this care");
}

#[test]
fn what_the_register_says_is_checked() {
    let places = policy(&[RATIO_PLACE, PREPAY_PLACE]);
    let wrong = [
        Treatment::Points(number("0.01")),
        Treatment::Points(number("-100.01")),
        Treatment::Factor(number("1.01")),
        Treatment::Factor(number("-0.01")),
        Treatment::Prepay(number("1.01")),
        Treatment::Prepay(number("-0.01")),
    ];
    for treatment in wrong {
        refused(&places, &case(treatment), "CASE_MALFORMED", "visit.remote.treatment");
    }
    assert_eq!(paid(&places, &case(Treatment::Points(number("-100")))), Fen::ZERO);
    assert_eq!(paid(&places, &case(Treatment::Prepay(Decimal::ONE))), Fen::ZERO);
    assert_eq!(paid(&places, &case(Treatment::Factor(Decimal::ONE))), Fen(800_000));
    let mut at_home = case(Treatment::Same);
    at_home.visit.filing = Filing::Local;
    refused(&places, &at_home, "CASE_MALFORMED", "filing is local");
    for blank in ["rule", "citation"] {
        let mut uncited = case(Treatment::Same);
        let rule = uncited.visit.remote.as_mut().unwrap();
        if blank == "rule" {
            rule.rule.clear()
        } else {
            rule.citation.clear()
        }
        refused(&places, &uncited, "CASE_MALFORMED", "visit.remote");
    }
}

#[test]
fn in_words() {
    let places = policy(&[RATIO_PLACE, PREPAY_PLACE]);
    let words = explain(&places);
    assert!(words.contains("  先由个人自付：异地就医备案核定的先行自付\n"), "{words}");
    assert!(words.contains("  支付比例增减：异地就医备案核定的下浮百分点或系数\n"), "{words}");
    assert!(
        explain(&of_bill())
            .contains("另加先行自付（全部范围内费用，先于各层）\n  异地就医备案核定的先行自付\n")
    );
    let none =
        policy(&[("rows: [ { ratio: 50% } ] } }\n", "rows: [ { ratio: 50% } ] } }\n    remote: none\n")]);
    assert!(explain(&none).contains("  异地就医：本层待遇不因异地就医而变\n"));
    let points = case(Treatment::Points(number("-10")));
    let words = explain_outcome(&places, &settle(&places, &points).unwrap());
    assert!(
        words.contains("异地就医：支付比例 -10 个百分点 〔异地就医备案 明白卡 规则 360100/referral〕\n"),
        "{words}"
    );
    assert!(
        words.contains(
            "支付比例增减                -10 个百分点 〔异地就医备案 明白卡 规则 360100/referral〕\n"
        ),
        "{words}"
    );
}

/// Programs read outcomes: a step says the row, or the rule, that it rests on.
#[test]
fn as_json() {
    let (of_bill, home) = (of_bill(), policy(&[]));
    let json = |outcome: &Outcome<'_>| serde_json::to_value(outcome).unwrap();
    let prepay = case(Treatment::Prepay(number("0.1")));
    let remote = json(&settle(&of_bill, &prepay).unwrap());
    let cited = serde_json::json!({ "rule": "360100/referral", "citation": "明白卡" });
    assert_eq!(remote["extra_prepay"]["cited"], cited);
    assert_eq!(remote["remote"]["treatment"], serde_json::json!({ "prepay": "0.1" }));
    let mut at_home = prepay;
    (at_home.visit.remote, at_home.visit.filing) = (None, Filing::Local);
    assert!(json(&settle(&home, &at_home).unwrap()).get("remote").is_none());
}

/// A document of before the register was asked: what it says nothing of, the register says.
#[test]
fn a_table_that_says_nothing_by_filing_leaves_it_to_the_register() {
    let table = "extra_prepay: { source: paper, rows: [ { when: { filing: [exempt, referral, unfiled] }, unknown: 没有公布 }, \
                 { when: { filing: [temporary] }, ratio: 20% } ] }\nlayers:";
    let old = policy(&[("layers:", table)]);
    assert_eq!(paid(&old, &case(Treatment::Same)), Fen(800_000));
    let prepaid = case(Treatment::Prepay(number("0.1")));
    let outcome = settle(&old, &prepaid).unwrap();
    assert_eq!((outcome.parts.pre_self_fen, outcome.fund_pay_fen), (Fen(110_000), Fen(712_000)));
    let by_register =
        outcome.extra_prepay.as_ref().is_some_and(|step| matches!(step.cited, Basis::Remote(_)));
    assert!(by_register && settle(&of_bill(), &prepaid).unwrap().fund_pay_fen == outcome.fund_pay_fen);
    // What the document says itself stands; where nobody was asked, and where it says nothing at all, it is refused as before.
    let mut temporary = case(Treatment::Same);
    temporary.visit.filing = Filing::Temporary;
    assert_eq!(settle(&old, &temporary).unwrap().parts.pre_self_fen, Fen(220_000));
    let refused = |policy: &Policy, case: &Case| settle(policy, case).unwrap_err().reason().code();
    let mut asked_nobody = prepaid.clone();
    asked_nobody.visit.remote = None;
    assert_eq!(refused(&old, &asked_nobody), "POLICY_VALUE_UNKNOWN");
    assert_eq!(refused(&old, &case(Treatment::Points(number("-10")))), "REMOTE_NOT_PLACED");
    let of_nobody =
        policy(&[("layers:", "extra_prepay: { source: paper, rows: [ { unknown: 没有公布 } ] }\nlayers:")]);
    assert_eq!(refused(&of_nobody, &prepaid), "POLICY_VALUE_UNKNOWN");
    // A layer that takes the register's prepay takes it once.
    let twice = policy(&[("layers:", table), PREPAY_PLACE]);
    assert_eq!(refused(&twice, &prepaid), "POLICY_VALUE_UNKNOWN");
}
