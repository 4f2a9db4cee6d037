//! Cases written by hand.

use rust_decimal::Decimal;
use yizhan_money::Fen;
use yizhan_policy::load::{Kind, load_case};

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
