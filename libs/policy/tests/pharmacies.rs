//! Accounts pay at pharmacies (医疗类别 41) under every shipped policy of insurance: a refusal there is of a drug of two channels alone.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use yizhan_money::Fen;
use yizhan_policy::load::load_case;
use yizhan_policy::{embedded, load, settle};
use yizhan_terms::Insutype;

/// Of these nothing but assistance or a subsidy ships; the composite is of no area.
const NO_INSURANCE: [&str; 2] = ["luzhai-resident", "composite-seven-payers"];

#[test]
fn accounts_pay_at_pharmacies() {
    for (name, text) in embedded() {
        let policy = load(name, text).unwrap_or_else(|problems| panic!("{problems}"));
        let employee = policy.schemes[0] == Insutype::Employee;
        let status = if employee { "in_service" } else { "adult" };
        let day = policy.period.to.map_or_else(|| "2026-01-10".to_owned(), |to| to.to_string());
        let case = format!(
            "area: \"{}\"\nscheme: \"{}\"\nperson: {{ status: {status}, age: 40 }}\n\
             visit: {{ care: pharmacy, level: first, date: {day} }}\n\
             lines: [ {{ amount: 100, class: 甲, list_type: \"101\" }} ]\naccount: {{ own: 30, shared: 90 }}\n",
            policy.areas[0],
            policy.schemes[0].code()
        );
        let case = load_case("case.yaml", &case).unwrap_or_else(|problems| panic!("{problems}"));
        if NO_INSURANCE.contains(&policy.id.as_str()) || policy.is_product() {
            continue;
        }
        let outcome = settle(&policy, &case).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!((outcome.fund_pay_fen, outcome.cash_fen), (Fen::ZERO, Fen::ZERO), "{name}");
        assert_eq!((outcome.account_own_fen, outcome.account_shared_fen), (Fen(3_000), Fen(7_000)), "{name}");
    }
}
