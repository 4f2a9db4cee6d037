//! Decision tables of other documents than policies, read and decided as policies are.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use yizhan_policy::case::{Person, Treatment, Visit};
use yizhan_policy::load::form::{self, CONDITIONS, DecisionRows, TREATMENT};
use yizhan_policy::load::{Kind, Problems};
use yizhan_policy::model::{Known, OTHERWISE, Row};
use yizhan_policy::{Ambiguous, decide};
use yizhan_terms::{Care, Filing, Status, Tier};

const ASKED: &[&str] = &["care", "level", "status", "filing", "in_province", "contracted"];

const RULES: &str = "
source: card
rows:
  - { when: { filing: [exempt, long_term] }, same: true, note: 长期居住 }
  - { when: { filing: [referral, emergency] }, prepay: 10% }
  - { when: { filing: [temporary], level: [third] }, points: -20, source: paper }
  - { when: { filing: [temporary], level: [third], contracted: false }, rank: 1, factor: 70.5% }
  - { when: { filing: [unfiled] }, unknown: 明白卡没有给出 }
";

fn sources() -> Vec<(String, String)> {
    [("card", "异地就医明白卡"), ("paper", "异地就医办法")]
        .map(|(key, title)| (key.into(), title.into()))
        .into()
}

fn read_asking(text: &str, conditions: &[&str]) -> Result<Vec<Row<Treatment>>, Problems> {
    form::read("rules.yaml", text, |at| {
        let map = at.map(&["source", "rows"])?;
        let sources = sources();
        let source = map.optional("source", |at| form::source(&at, &sources))?;
        let rows = DecisionRows { conditions, sources: &sources, source, values: &TREATMENT };
        map.required("rows", |at| rows.read(&at))
    })
}

fn read(text: &str) -> Result<Vec<Row<Treatment>>, Problems> {
    read_asking(text, ASKED)
}

fn person() -> Person {
    let (identities, memberships) = (BTreeSet::new(), BTreeSet::new());
    Person { status: Status::InService, age: 40, identities, memberships, years_insured: 5 }
}

fn visit(filing: Filing, level: Tier, contracted: bool) -> Visit {
    let day = "2025-11-01".parse().unwrap();
    Visit {
        care: Care::Inpatient,
        level,
        begin: day,
        end: day,
        filing,
        remote: None,
        in_province: false,
        contracted,
        diagnoses: Vec::new(),
        tags: BTreeSet::new(),
    }
}

fn decided(filing: Filing, level: Tier, contracted: bool) -> Option<(Known<Treatment>, usize)> {
    let rows = read(RULES).unwrap();
    let row = decide(&rows, &person(), &visit(filing, level, contracted)).unwrap()?;
    Some((row.value.clone(), row.source))
}

#[test]
fn the_row_of_highest_rank_decides() {
    let value = |text: &str| text.parse::<Decimal>().unwrap();
    let known = |treatment, source| Some((Known::Value(treatment), source));
    assert_eq!(decided(Filing::Exempt, Tier::First, true), known(Treatment::Same, 0));
    assert_eq!(decided(Filing::Emergency, Tier::First, true), known(Treatment::Prepay(value("0.1")), 0));
    let temporary = |contracted| decided(Filing::Temporary, Tier::Third, contracted);
    assert_eq!(temporary(true), known(Treatment::Points(value("-20")), 1));
    assert_eq!(temporary(false), known(Treatment::Factor(value("0.705")), 0));
    assert_eq!(decided(Filing::Temporary, Tier::Second, true), None);
    let unknown = decided(Filing::Unfiled, Tier::Third, true);
    assert_eq!(unknown, Some((Known::Unknown("明白卡没有给出".into()), 0)));
}

#[test]
fn otherwise_decides_last() {
    let rows = read(
        "source: card\nrows: [ { when: { in_province: true }, same: true }, { otherwise: true, points: -5 } ]",
    );
    let rows = rows.unwrap();
    assert_eq!(rows[1].rank, OTHERWISE);
    let row = decide(&rows, &person(), &visit(Filing::Temporary, Tier::Third, true)).unwrap().unwrap();
    assert_eq!(row.value, Known::Value(Treatment::Points(Decimal::from(-5))));
}

#[test]
fn rows_that_both_match_are_ambiguous_whoever_made_them() {
    let mut rows = read(RULES).unwrap();
    rows[3].rank = 0;
    let both = decide(&rows, &person(), &visit(Filing::Temporary, Tier::Third, false)).unwrap_err();
    assert_eq!(both, Ambiguous { lines: (6, 7) });
    assert!(both.to_string().contains("lines 6 and 7"));
}

#[track_caller]
fn one_problem(text: &str, kind: Kind, line: usize, column: usize) {
    let problems = read(text).unwrap_err();
    let found: Vec<_> = problems.0.iter().map(|one| (one.kind, one.line, one.column)).collect();
    assert_eq!(found, [(kind, line, column)], "{problems}");
}

#[test]
fn the_checks_of_policies_hold() {
    let edited = |from: &str, to: &str| {
        assert_eq!(RULES.matches(from).count(), 1, "{from}");
        RULES.replace(from, to)
    };
    one_problem(&edited("rank: 1, ", ""), Kind::OverlappingRows, 7, 5);
    one_problem(
        &edited("[referral, emergency]", "[referral, emergency, exempt]"),
        Kind::OverlappingRows,
        5,
        5,
    );
    one_problem(&edited("source: paper", "source: papers"), Kind::UnknownSource, 6, 75);
    one_problem(&edited("source: card\n", "source: crad\n"), Kind::UnknownSource, 2, 9);
    one_problem(
        &edited("level: [third] }, points", "age: { from: 3 } }, points"),
        Kind::MisplacedCondition,
        6,
        36,
    );
    one_problem(&edited("level: [third], contracted: false", "level: []"), Kind::EmptyList, 7, 43);
    one_problem(&edited(", note: 长期居住", ", nota: 长期居住"), Kind::UnknownKey, 4, 58);
    one_problem(&edited("same: true", "same: true, prepay: 1%"), Kind::ConflictingKeys, 4, 58);
    one_problem(&edited("same: true", "rank: 1"), Kind::MissingKey, 4, 5);
    let without = edited("source: card\n", "");
    let kinds: Vec<Kind> = read(&without).unwrap_err().0.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [Kind::MissingKey; 4], "only one row names a source of its own");
}

#[test]
fn treatments_stay_within_their_limits() {
    let one = |treatment: &str| format!("source: card\nrows: [ {{ {treatment} }} ]");
    one_problem(&one("same: false"), Kind::InvalidValue, 2, 17);
    one_problem(&one("points: 10"), Kind::PointsOutOfRange, 2, 19);
    one_problem(&one("points: -101"), Kind::PointsOutOfRange, 2, 19);
    one_problem(&one("factor: 0.9"), Kind::RatioNotPercent, 2, 19);
    one_problem(&one("factor: 101%"), Kind::RatioOutOfRange, 2, 19);
    one_problem(&one("prepay: -1%"), Kind::RatioOutOfRange, 2, 19);
    for edge in ["points: 0", "points: -100", "factor: 0%", "factor: 100%", "prepay: 0%", "prepay: 100%"] {
        assert!(read(&one(edge)).is_ok(), "{edge}");
    }
}

#[test]
fn counting_visits_is_for_policies() {
    let counting = "source: card\nrows: [ { when: { nth: { of: stays, from: 2 } }, same: true } ]";
    let problems = read_asking(counting, CONDITIONS).unwrap_err();
    assert_eq!(problems.0.iter().map(|one| one.kind).collect::<Vec<_>>(), [Kind::UnknownAccumulator]);
    one_problem(counting, Kind::MisplacedCondition, 2, 19);
}
