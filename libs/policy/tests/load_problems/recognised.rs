//! What the register recognises: diseases, and what raises a limit.

use yizhan_documents::Kind::*;
use yizhan_policy::model::{Condition, Plus};
use yizhan_terms::DiseaseKind;

use crate::broken::{fine, problem, problems};

const BASIC_WHEN: &str = "when: { care: [inpatient], status: [in_service, retired] }";
const SECOND: &str = "{ level: [second] }";
const USED: &str = "      used: basic_paid\n";
const PAYER: (&str, &str) = (
    "    payer: basic\n    fund_pay_type: \"310100\"\n",
    "    payer: critical_illness\n    fund_pay_type: \"330100\"\n",
);

#[test]
fn diseases_are_whole_codes_of_a_kind() {
    let edit = (BASIC_WHEN, "when: { disease: [M03900, M01600], disease_kind: [two_diseases] }");
    assert_eq!(
        fine(&[edit]).layers[0].when,
        [
            Condition::Disease(vec!["M03900".into(), "M01600".into()]),
            Condition::DiseaseKind(vec![DiseaseKind::TwoDiseases]),
        ]
    );
    problem(BASIC_WHEN, "when: { disease: [▸高血压] }", InvalidValue);
    problem(BASIC_WHEN, "when: { disease: ▸M03900 }", WrongType);
    problem(BASIC_WHEN, "when: { disease: ▸[] }", EmptyList);
    problem(BASIC_WHEN, "when: { disease_kind: [▸M03900] }", UnknownCode);
    problem(BASIC_WHEN, "when: { ▸diseases: [M03900] }", UnknownKey);
}

#[test]
fn a_visit_is_of_one_disease_and_kind() {
    problem(BASIC_WHEN, "when: ▸{ disease: [M03900], disease_kind: [none] }", UnreachableRow);
    let third = "{ level: [primary, first, provincial] }, unknown";
    let rows = |second| fine(&[(SECOND, "{ level: [second], disease: [M03900] }"), (third, second)]);
    rows("{ level: [second], disease: [M01600] }, unknown");
    rows("{ level: [second], disease_kind: [none] }, unknown");
    problems(
        &[
            (SECOND, "{ level: [second], disease: [M03900] }"),
            (
                "- { when: { level: [primary, first, provincial] }",
                "- ▸{ when: { level: [second], disease_kind: [two_diseases] }",
            ),
        ],
        &[OverlappingRows],
    );
}

#[test]
fn a_limit_is_raised() {
    let policy = fine(&[PAYER, (USED, "      used: basic_paid\n      plus: continuity\n")]);
    assert_eq!(policy.layers[0].cap.as_ref().unwrap().plus, Some(Plus { books: None }));
    problems(&[PAYER, (USED, "      used: basic_paid\n      plus: ▸age\n")], &[UnknownCode]);
    problem(USED, "      used: basic_paid\n      ▸plus: continuity\n", ConflictingKeys);
    let per_visit = (
        "      used: basic_paid\n    feeds: { charged: deductible, basic_paid: paid, ",
        "      ▸plus: continuity\n    feeds: { charged: deductible, ",
    );
    let unused = ("  basic_paid: { label: 统筹支付累计, unit: fen }\n", "");
    let said = ("    cap:\n      per: year\n", "    cap:\n      per: visit\n");
    problems(&[PAYER, unused, said, per_visit], &[UsedMissing]);
}

#[test]
fn the_books_tell_of_every_fund_and_of_calendar_years() {
    let plus =
        (USED, "      used: basic_paid\n      plus: { continuity: { claims: basic_paid, drawn: drawn } }\n");
    let drawn = ("  stays: { label", "  drawn: { label: 动用, unit: fen }\n  stays: { label");
    let fed = ("stays: visit }", "stays: visit, drawn: raised }");
    fine(&[PAYER, plus, drawn, fed]);
    let claims =
        (USED, "      used: basic_paid\n      plus: { continuity: { claims: charged, drawn: drawn } }\n");
    let layer = ("  - id: basic\n", "  - ▸id: basic\n");
    problems(&[PAYER, claims, drawn, fed, layer], &[AccumulatorNotFed]);
    let never =
        (USED, "      used: basic_paid\n      plus: { continuity: { claims: basic_paid, drawn: ▸drawn } }\n");
    problems(&[PAYER, never, drawn], &[AccumulatorNotFed]);
    problems(&[PAYER, plus, drawn, fed, ("year_starts: 01-01", "year_starts: ▸07-01")], &[ConflictingKeys]);
    let half = (USED, "      used: basic_paid\n      plus: { continuity: ▸{ claims: basic_paid } }\n");
    problems(&[PAYER, half], &[MissingKey]);
}
