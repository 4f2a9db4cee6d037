//! Decision tables of other documents than policies, read and decided as policies are.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use rust_decimal::Decimal;
use yizhan_documents::{
    Ambiguous, At, Condition, Facts, Kind, Known, OTHERWISE, Problems, Region, Row, Scope, Sources,
    TREATMENT, decide, read as read_document,
};
use yizhan_terms::{Filing, Tier, Treatment};

/// What the rows of these tests ask.
#[derive(Clone, Debug, PartialEq)]
enum Asked {
    Filing(Vec<Filing>),
    Level(Vec<Tier>),
    InProvince(bool),
    Contracted(bool),
}

impl Condition for Asked {
    type Names<'a> = ();

    const KEYS: &'static [&'static str] = &["filing", "level", "in_province", "contracted"];

    fn read<'a>(key: &str, at: At<'a>, (): &()) -> Option<Asked> {
        match key {
            "filing" => at.set_of(|at| at.code(Filing::ALL, Filing::code)).map(Asked::Filing),
            "level" => at.set_of(|at| at.code(Tier::ALL, Tier::code)).map(Asked::Level),
            "in_province" => at.boolean().map(Asked::InProvince),
            _ => at.boolean().map(Asked::Contracted),
        }
    }

    fn narrow<'c>(&'c self, region: &mut Region<'c>) {
        match self {
            Asked::Filing(any) => region.one_of("filing", any.iter().map(|filing| filing.code())),
            Asked::Level(any) => region.one_of("level", any.iter().map(|level| level.code())),
            Asked::InProvince(so) => region.is("in_province", *so),
            Asked::Contracted(so) => region.is("contracted", *so),
        }
    }
}

/// A visit in another province.
struct Visit {
    filing: Filing,
    level: Tier,
    contracted: bool,
}

impl Facts<Asked> for Visit {
    fn holds(&self, asked: &Asked) -> bool {
        match asked {
            Asked::Filing(any) => any.contains(&self.filing),
            Asked::Level(any) => any.contains(&self.level),
            Asked::InProvince(so) => !so,
            Asked::Contracted(so) => self.contracted == *so,
        }
    }
}

const RULES: &str = "
source: card
rows:
  - { when: { filing: [exempt, long_term] }, same: true, note: 长期居住 }
  - { when: { filing: [referral, emergency] }, prepay: 10% }
  - { when: { filing: [temporary], level: [third] }, points: -20, source: paper }
  - { when: { filing: [temporary], level: [third], contracted: false }, rank: 1, factor: 70.5% }
  - { when: { filing: [unfiled] }, unknown: 明白卡没有给出 }
";

const SOURCES: &str = "
sources: { card: { title: 异地就医明白卡, quality: G }, paper: { title: 异地就医办法, quality: G } }";

fn read(text: &str) -> Result<Vec<Row<Asked, Treatment>>, Problems> {
    read_document("rules.yaml", &format!("{text}{SOURCES}"), |at| {
        let map = at.map(&["source", "rows", "sources"])?;
        let sources = map.required("sources", |at| Sources::read(&at))?;
        let source = map.optional("source", |at| sources.cite(&at))?;
        let scope = Scope {
            sources: &sources,
            names: &(),
            source: None,
            period: None,
            when: Vec::new(),
            asked: Asked::KEYS,
        };
        map.required("rows", |at| Row::read_all(&at, source, &scope, &TREATMENT))
    })
}

const OUT_OF_TOWN: Visit = Visit { filing: Filing::Temporary, level: Tier::Third, contracted: true };

fn decided(filing: Filing, level: Tier, contracted: bool) -> Option<(Known<Treatment>, usize)> {
    let rows = read(RULES).unwrap();
    let row = decide(&rows, &Visit { filing, level, contracted }).unwrap()?;
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
    let row = decide(&rows, &OUT_OF_TOWN).unwrap().unwrap();
    assert_eq!(row.value, Known::Value(Treatment::Points(Decimal::from(-5))));
}

#[test]
fn rows_that_both_match_are_ambiguous_whoever_made_them() {
    let mut rows = read(RULES).unwrap();
    rows[3].rank = 0;
    let both = decide(&rows, &Visit { contracted: false, ..OUT_OF_TOWN }).unwrap_err();
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
