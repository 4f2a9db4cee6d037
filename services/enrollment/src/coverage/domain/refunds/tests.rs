use yizhan_documents::load;

use super::*;
use crate::person::domain::timeline::examples::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn row(accrym: &str, kind: Kind, amount_fen: i64, paid_on: &str) -> Accrued {
    let insutype = if accrym.len() == 4 { Insutype::Resident } else { Insutype::Employee };
    let (accrym, paid_date) = (accrym.to_owned(), paid_on.parse().ok());
    Accrued { insutype, accrym, amount_fen, kind, repairs: false, paid_date }
}

/// What the last of the rows, a refund, makes of the person: each stretch in short, or why not.
fn refunded(person: &Timeline, rows: &[Accrued], rules: &Rules) -> Result<Vec<String>, Stop> {
    let mut person = person.clone();
    let last = rows.last().unwrap();
    let paid_on = last.paid_date.unwrap();
    let payment = Payment { area: Area::parse("430200").unwrap(), paid_on, entering: None, rules };
    let first_day = contributions::first_day(last.insutype, &last.accrym).unwrap();
    refund(&mut person, payment, last.insutype, first_day, rows)?;
    let told = |held: &Coverage| {
        let end = held.period.enddate.map(|end| end.to_string()).unwrap_or_default();
        format!("{} {} {}..{end}", held.insutype, held.state.code(), held.period.begndate)
    };
    Ok(person.coverages.iter().map(told).collect())
}

fn resident() -> Timeline {
    let mut resident = person("1980-01-01");
    resident.put(coverage("390", "2026-01-01", "2026-12-31"));
    resident
}

#[test]
fn a_full_refund_before_the_year_begins_withdraws_the_cover() {
    use Kind::{Paid, Refund};
    let rules = Rules::embedded();
    let paid = row("2026", Paid, 40000, "2025-10-08");
    let back = |fen, on| row("2026", Refund, fen, on);
    let full = refunded(&resident(), &[paid.clone(), back(40000, "2025-12-31")], &rules).unwrap();
    assert_eq!(full, ["390 4 2026-01-01..2026-12-31"]);
    let part = refunded(&resident(), &[paid.clone(), back(10000, "2025-12-31")], &rules).unwrap();
    assert_eq!(part, ["390 1 2026-01-01..2026-12-31"], "a part");
    let twice = [paid.clone(), paid.clone(), back(40000, "2026-02-01")];
    assert_eq!(
        refunded(&resident(), &twice, &rules).unwrap(),
        ["390 1 2026-01-01..2026-12-31"],
        "one of two"
    );
    let late = refunded(&resident(), &[paid.clone(), back(40000, "2026-01-01")], &rules);
    assert!(matches!(late, Err(Stop::Begun(_))), "the year has begun");
    let mut waits = resident();
    waits.coverages[0].entitled_begndate = Some(day("2026-06-02"));
    let waiting = refunded(&waits, &[paid.clone(), back(40000, "2026-06-01")], &rules).unwrap();
    assert_eq!(waiting, ["390 4 2026-01-01..2026-12-31"], "who still waits is not entitled yet");
    let subsidised = [row("2026", Paid, 0, "2025-10-08"), row("2026", Refund, 0, "2025-12-01")];
    assert_eq!(refunded(&resident(), &subsidised, &rules).unwrap(), ["390 4 2026-01-01..2026-12-31"]);
    let never = [row("2026", Refund, 0, "2025-12-01")];
    assert_eq!(
        refunded(&resident(), &never, &rules).unwrap(),
        ["390 1 2026-01-01..2026-12-31"],
        "nothing was paid"
    );
    let mut ended = resident();
    ended.coverages[0].state = CoverageState::Ended;
    assert_eq!(
        refunded(&ended, &[paid, back(40000, "2026-03-01")], &rules).unwrap(),
        ["390 4 2026-01-01..2026-12-31"]
    );
}

#[test]
fn an_area_may_pay_back_later_and_the_cover_ends_that_day() {
    use Kind::{Paid, Refund};
    let mut rules = Rules::embedded();
    let text = "rules: x\nversion: \"1\"\ntitle: 试\narea: \"430200\"\nsources:\n  s: { title: t, quality: P }\n\
                refund:\n  - { from: 2026-01-01, source: s, begun: ends }\n";
    rules.publish(load("x.yaml", text).unwrap());
    let rows = [row("2026", Paid, 40000, "2025-10-08"), row("2026", Refund, 40000, "2026-03-15")];
    assert_eq!(refunded(&resident(), &rows, &rules).unwrap(), ["390 1 2026-01-01..2026-03-15"]);
    let mut worker = person("1980-01-01");
    worker.put(coverage("310", "2026-01-01", ""));
    let march = [row("2026-03", Paid, 500, "2026-03-02"), row("2026-03", Refund, 500, "2026-03-15")];
    assert_eq!(refunded(&worker, &march, &rules).unwrap(), ["310 1 2026-01-01..2026-02-28"]);
}

#[test]
fn a_month_of_an_employee_is_paid_back_when_it_is_not_insured() {
    use Kind::{Paid, Refund};
    let rules = Rules::embedded();
    let mut worker = person("1980-01-01");
    worker.put(coverage("310", "2026-01-01", ""));
    let paid = |accrym| row(accrym, Paid, 500, "2026-01-10");
    let back = |accrym, on| row(accrym, Refund, 500, on);
    let begun = refunded(&worker, &[paid("2026-01"), back("2026-01", "2026-01-20")], &rules);
    assert!(matches!(begun, Err(Stop::Begun(_))));
    let ahead = refunded(&worker, &[paid("2026-03"), back("2026-03", "2026-02-20")], &rules).unwrap();
    assert_eq!(ahead, ["310 1 2026-01-01..2026-02-28"]);
    let first = refunded(&worker, &[paid("2026-01"), back("2026-01", "2025-12-20")], &rules).unwrap();
    assert_eq!(first, ["310 4 2026-01-01.."]);
    let between =
        refunded(&worker, &[paid("2026-03"), paid("2026-04"), back("2026-03", "2026-02-20")], &rules);
    assert_eq!(between, Err(Stop::Later(day("2026-04-01"))), "the later month first");
    worker.coverages[0].psn_type = "12".to_owned();
    let retired = refunded(&worker, &[paid("2026-01"), back("2026-01", "2026-01-20")], &rules).unwrap();
    assert_eq!(retired, ["310 1 2026-01-01.."], "who is retired pays nothing");
}

#[test]
fn what_was_decided_on_the_strength_of_a_year_goes_first() {
    use Kind::{Paid, Refund};
    let rules = Rules::embedded();
    let mut person = resident();
    let next = coverage("390", "2027-01-01", "2027-12-31");
    let waiting = crate::person::domain::timeline::Waiting {
        begndate: day("2027-01-01"),
        fixed_months: 0,
        variable_months: 0,
        repaired_months: 0,
        rule: String::new(),
        citation: String::new(),
    };
    person.put(Coverage { waiting: Some(waiting), ..next });
    let rows = [row("2026", Paid, 40000, "2025-10-08"), row("2026", Refund, 40000, "2025-12-01")];
    assert_eq!(refunded(&person, &rows, &rules), Err(Stop::Later(day("2027-01-01"))));
}
