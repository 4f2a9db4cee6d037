//! 连续参保、零报销激励 raises the cap of critical-illness insurance: enrollment tells the years, the books tell claims.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use yizhan_money::Fen;
use yizhan_policy::load::load_case;
use yizhan_policy::{Case, Outcome, Policy, embedded, explain, explain_outcome, load, settle};

/// A stay of 1,000,000 yuan at a hospital of the third level of somebody insured in 南昌: basic insurance pays its 100,000; of the other
/// 900,000 critical-illness insurance would pay (900,000 - 17,000) × 60 % = 529,800, within its cap of 300,000.
const CASE: &str = "
area: \"360100\"
scheme: \"390\"
person:
  status: adult
  age: 40
  continuity:
    years: 6000
    per_zero_claim_year: 3000
    zero_claim_years: [2027]
    open_years: [2028, 2029]
    rule: jiangxi-entitlement/reward
    citation: 江西省居民大病保险连续参保、零报销激励
visit: { care: inpatient, level: third, date: 2030-06-01 }
lines: [ { amount: 100万, class: 甲 } ]
";

fn nanchang() -> Policy {
    let (name, text) = embedded().iter().find(|(name, _)| name.contains("nanchang-resident")).unwrap();
    load(name, text).unwrap_or_else(|problems| panic!("{problems}"))
}

fn case(edits: &[(&str, &str)]) -> Case {
    let text = edits.iter().fold(CASE.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    load_case("case.yaml", &text).unwrap_or_else(|problems| panic!("{problems}"))
}

/// With what the books hold of the year that begins then, in yuan.
fn with_books(mut case: Case, year: &str, name: &str, yuan: i64) -> Case {
    case.accumulated.entry(year.parse().unwrap()).or_default().insert(name.to_owned(), yuan * 100);
    case
}

fn critical(outcome: &Outcome<'_>) -> i64 {
    outcome.paid_by_layer()["critical"].0 / 100
}

#[track_caller]
fn pays(case: &Case, yuan: i64) {
    assert_eq!(critical(&settle(&nanchang(), case).unwrap()), yuan);
}

#[test]
fn years_in_a_row_and_years_without_a_claim_raise_the_cap() {
    // 300,000 + 6,000 + 2027, 2028 and 2029 at 3,000 each.
    pays(&case(&[]), 315_000);
    // A claim in 2028: that year was none without.
    pays(&with_books(case(&[]), "2028-01-01", "resident_fund_paid", 1), 312_000);
    // Money that no fund paid is no claim; what was paid back is none any more.
    pays(&with_books(case(&[]), "2028-01-01", "resident_critical_deductible", 500), 315_000);
    pays(&with_books(case(&[]), "2028-01-01", "resident_fund_paid", 0), 315_000);
    // What the agency knows to be without a claim is not asked of the books.
    pays(&with_books(case(&[]), "2027-01-01", "resident_fund_paid", 1), 315_000);
    // Years that began before the books are no question.
    pays(&case(&[("    open_years: [2028, 2029]\n", "")]), 309_000);
    pays(
        &case(&[("years: 6000", "years: 0"), ("zero_claim_years: [2027]", "zero_claim_years: [2026]")]),
        309_000,
    );
}

#[test]
fn without_a_raise_the_cap_is_the_cap() {
    let mut none = case(&[]);
    none.person.continuity = None;
    pays(&none, 300_000);
    let policy = nanchang();
    let outcome = settle(&policy, &none).unwrap();
    assert!(outcome.layers.iter().all(|layer| layer.cap.as_ref().is_none_or(|cap| cap.raise.is_none())));
    assert!(!serde_json::to_string(&outcome).unwrap().contains("raise"), "the bytes of before");
    assert!(!serde_json::to_string(&none).unwrap().contains("continuity"));
    // 困难人员 have no cap to raise.
    let poor = case(&[("  age: 40\n", "  age: 40\n  identity: [低保]\n")]);
    assert!(settle(&nanchang(), &poor).unwrap().layers[1].cap.as_ref().unwrap().raise.is_none());
}

#[test]
fn within_a_fifth_of_the_cap_and_the_sum_of_the_rule() {
    pays(&case(&[("years: 6000", "years: 20万")]), 360_000);
    pays(&case(&[("years: 6000", "years: 20万\n    limit: 10%")]), 330_000);
    pays(&case(&[("years: 6000", "years: 6000\n    limit_amount: 8000")]), 308_000);
}

/// “使用奖励额度后，前期积累的零报销激励额度清零”: the years in a row stay.
#[test]
fn drawing_on_it_clears_the_years_without_a_claim() {
    pays(&with_books(case(&[]), "2028-01-01", "resident_raise_drawn", 1), 309_000);
    pays(&with_books(case(&[]), "2029-01-01", "resident_raise_drawn", 1), 306_000);
    let keeps = case(&[("years: 6000", "years: 6000\n    use_clears: false")]);
    pays(&with_books(keeps, "2029-01-01", "resident_raise_drawn", 1), 315_000);
    // A year after the visit's own is not known yet when the visit is settled late.
    pays(&with_books(case(&[]), "2031-01-01", "resident_raise_drawn", 1), 315_000);
}

/// What is drawn is told to the books; the next stay of the year finds the cap without the years without a claim.
#[test]
fn one_stay_after_the_other() {
    let policy = nanchang();
    let first = case(&[]);
    let first = with_books(first, "2030-01-01", "resident_critical_paid", 290_000);
    let outcome = settle(&policy, &first).unwrap();
    assert_eq!(critical(&outcome), 25_000, "10,000 of the cap and 15,000 of the raise");
    let drawn = outcome.changes.iter().find(|change| change.accumulator == "resident_raise_drawn").unwrap();
    assert_eq!(drawn.added, 1_500_000);
    let mut second = case(&[]);
    second.accumulated = first.accumulated.clone();
    for change in &outcome.changes {
        let totals = second.accumulated.entry(change.policy_year).or_default();
        *totals.entry(change.accumulator.to_string()).or_default() += change.added;
    }
    // 306,000 now, of which 315,000 are paid.
    assert_eq!(critical(&settle(&policy, &second).unwrap()), 0);
    // Below the cap nothing is drawn.
    let small = case(&[("100万", "10万")]);
    let outcome = settle(&policy, &small).unwrap();
    assert!(
        critical(&outcome) > 0
            && outcome.changes.iter().all(|change| change.accumulator != "resident_raise_drawn")
    );
}

#[test]
fn it_is_told() {
    let policy = nanchang();
    let words = explain(&policy);
    assert!(
        words.contains("另加：连续参保、零报销激励")
            && words.contains("零报销：「居民医保和大病年度支付」全年为零"),
        "{words}"
    );
    assert!(words.contains("本层动用的激励额度→「动用的大病激励额度」"), "{words}");
    let case = case(&[]);
    let outcome = settle(&policy, &case).unwrap();
    let raise = outcome.layers[1].cap.as_ref().unwrap().raise.as_ref().unwrap();
    assert_eq!(
        (Fen::try_round(raise.raise_fen), raise.zero_claim_years.as_slice()),
        (Some(Fen(1_500_000)), [2027, 2028, 2029].as_slice())
    );
    let words = explain_outcome(&policy, &outcome);
    assert!(
        words.contains("支付限额提高")
            && words.contains("零报销年度 2027、2028、2029")
            && words.contains("江西省居民大病保险"),
        "{words}"
    );
}
