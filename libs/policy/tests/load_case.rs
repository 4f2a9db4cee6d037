//! Cases written by hand.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use rust_decimal::Decimal;
use yizhan_documents::Kind;
use yizhan_money::Fen;
use yizhan_policy::Case;
use yizhan_policy::case::RemoteRule;
use yizhan_policy::load::load_case;
use yizhan_terms::Treatment;

const CASE: &str = include_str!("../../../docs/examples/case.yaml");

#[test]
fn yuan_become_fen_and_classes_their_codes() {
    let case = load_case("case.yaml", CASE).unwrap();
    let amounts: Vec<Fen> = case.lines.iter().map(|line| line.amount_fen).collect();
    assert_eq!(amounts, [Fen(5_200_000), Fen(80_000), Fen(100_050)]);
    assert_eq!(case.lines.iter().map(|line| line.class.as_str()).collect::<Vec<_>>(), ["01", "02", "03"]);
    assert_eq!(case.lines.iter().map(|line| line.id.as_str()).collect::<Vec<_>>(), ["1", "2", "3"]);
    assert_eq!(case.lines[1].ceiling_fen, Some(Decimal::from(35_000)));
    assert_eq!(case.lines[1].prepay, Some("0.1".parse().unwrap()));
    assert_eq!(case.lines[0].price_fen, Decimal::from(5_200_000));
    let year = &case.accumulated[&"2024-01-01".parse().unwrap()];
    assert_eq!((year["basic_paid"], year["stays@third"]), (3_000_000, 1));
    assert!(case.account.used);
    assert_eq!(case.account.own_fen, Fen(150_000));
}

#[test]
fn problems_have_line_and_column() {
    let wrong = CASE
        .replace("status: retired", "status: pensioner")
        .replace("admitted: 2024-05-01", "admitted: 2024-05-11")
        .replace("amount: 800,", "amount: 8.005,")
        .replace("class: 丙", "class: 丁")
        .replace("own: 1500", "owned: 1500");
    let problems = load_case("case.yaml", &wrong).unwrap_err();
    let found: Vec<_> = problems.0.iter().map(|one| (one.line, one.column, one.kind)).collect();
    assert_eq!(
        found,
        [
            (4, 19, Kind::UnknownCode),
            (8, 13, Kind::DatesReversed),
            (14, 66, Kind::InvalidValue),
            (15, 43, Kind::UnknownCode),
            (20, 12, Kind::UnknownKey),
        ]
    );
}

#[test]
fn what_the_filing_register_would_answer() {
    let with = |remote: &str| {
        CASE.replace("  filing: local\n", &format!("  filing: referral\n  remote: {remote}\n"))
    };
    let cited = "rule: R2, citation: 异地就医明白卡";
    let read = |treatment: &str| {
        let case = load_case("case.yaml", &with(&format!("{{ {treatment}, {cited} }}"))).unwrap();
        case.visit.remote.unwrap()
    };
    let rule = read("prepay: 10%");
    assert_eq!((rule.rule.as_str(), rule.citation.as_str()), ("R2", "异地就医明白卡"));
    assert_eq!(rule.treatment, Treatment::Prepay("0.1".parse().unwrap()));
    assert_eq!(read("points: -10").treatment, Treatment::Points(Decimal::from(-10)));
    assert_eq!(read("factor: 90%").treatment, Treatment::Factor("0.9".parse().unwrap()));
    assert_eq!(read("same: true").treatment, Treatment::Same);
    let problems = load_case("case.yaml", &with("{ points: 10, rule: R2 }")).unwrap_err();
    let found: Vec<_> = problems.0.iter().map(|one| (one.line, one.column, one.kind)).collect();
    assert_eq!(found, [(11, 11, Kind::MissingKey), (11, 21, Kind::PointsOutOfRange)]);
}

/// Settlements record the case they settled: one of before care away from home was filed here is
/// read as it was, and written as the same bytes.
#[test]
fn a_case_without_a_rule_of_the_register_stays_what_it_was() {
    let case = load_case("case.yaml", CASE).unwrap();
    let written = serde_json::to_string(&case).unwrap();
    assert!(!written.contains("remote"), "{written}");
    let read: Case = serde_json::from_str(&written).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), written);
    assert_eq!(read, case);
}

#[test]
fn a_rule_of_the_register_is_recorded_with_the_case() {
    let mut case = load_case("case.yaml", CASE).unwrap();
    for treatment in [
        Treatment::Same,
        Treatment::Points("-12.5".parse().unwrap()),
        Treatment::Factor("0.9".parse().unwrap()),
        Treatment::Prepay("0.10".parse().unwrap()),
    ] {
        let (rule, citation) = ("R2".to_owned(), "异地就医明白卡".to_owned());
        case.visit.remote = Some(RemoteRule { treatment, rule, citation });
        let written = serde_json::to_string(&case).unwrap();
        let read: Case = serde_json::from_str(&written).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), written);
        assert_eq!(read, case);
    }
}
