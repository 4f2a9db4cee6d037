//! An accumulator that a later version renames: the totals of the year go on under the new name, exactly once.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that lacks what it needs ends")]

use std::collections::BTreeMap;

use yizhan_money::Fen;
use yizhan_policy::case::Case;
use yizhan_policy::model::Policy;
use yizhan_policy::{load, settle};

/// A cap of 1,000 yuan a year, kept apart by level or not.
fn policy(version: &str, name: &str, by: &str, renames: &str) -> Policy {
    limited("per: year", (version, name, by, renames))
}

/// The same of another time.
fn limited(per: &str, (version, name, by, renames): (&str, &str, &str, &str)) -> Policy {
    let text = format!(
        "policy: p\nversion: \"{version}\"\ntitle: 某市\nareas: [\"430200\"]\nscheme: \"310\"\nfrom: 2024-01-01\n\
         sources: {{ s: {{ title: 某文, quality: G }} }}\n\
         accumulators: {{ {name}: {{ label: 统筹支付, unit: fen{by} }} }}\n{renames}\
         layers:\n  - id: basic\n    title: 统筹\n    payer: basic\n    fund_pay_type: \"310100\"\n    base: [{{ add: in_scope }}]\n    \
         scale: {{ cut_on: net, bands: {{ source: s, rows: [{{ ratio: 100% }}] }} }}\n    \
         cap: {{ {per}, used: {name}, amount: {{ source: s, rows: [{{ amount: 1000 }}] }} }}\n    feeds: {{ {name}: paid }}\n"
    );
    load("p.yaml", &text).unwrap_or_else(|problems| panic!("{problems}"))
}

/// A visit of 800 yuan, with what is added up already.
fn case(totals: &[(&str, i64)]) -> Case {
    let totals: BTreeMap<String, i64> = totals.iter().map(|(name, fen)| ((*name).to_owned(), *fen)).collect();
    let text = "area: \"430200\"\nscheme: \"310\"\nperson: { status: in_service, age: 40 }\nvisit: { care: inpatient, level: third, \
                date: 2024-05-10 }\nlines: [{ amount: 800, class: 甲 }]\n";
    let case =
        yizhan_policy::load::load_case("case.yaml", text).unwrap_or_else(|problems| panic!("{problems}"));
    Case { accumulated: BTreeMap::from([("2024-01-01".parse().unwrap(), totals)]), ..case }
}

#[test]
fn the_year_goes_on_under_the_new_name() {
    let next = policy("2", "pool_paid", "", "renames: { basic_paid: pool_paid }\n");
    let paid = |totals: &[(&str, i64)]| settle(&next, &case(totals)).unwrap().fund_pay_fen;
    assert_eq!(paid(&[]), Fen(80_000));
    assert_eq!(paid(&[("basic_paid", 70_000)]), Fen(30_000), "what the first version paid counts");
    assert_eq!(paid(&[("basic_paid", 50_000), ("pool_paid", 40_000)]), Fen(10_000), "both, each once");
    // A reversal of what the first version paid is taken away under the name of then.
    assert_eq!(paid(&[("pool_paid", 40_000)]), Fen(60_000));
    let case = case(&[("basic_paid", 70_000)]);
    let outcome = settle(&next, &case).unwrap();
    let change = &outcome.changes[0];
    assert_eq!((change.accumulator.as_ref(), change.before, change.added), ("pool_paid", 70_000, 30_000));
}

#[test]
fn kept_apart_by_level_under_both_names() {
    let next = policy("2", "pool_paid", ", by: level", "renames: { basic_paid: pool_paid }\n");
    let paid = |totals: &[(&str, i64)]| settle(&next, &case(totals)).unwrap().fund_pay_fen;
    assert_eq!(paid(&[("basic_paid@third", 70_000), ("basic_paid@second", 90_000)]), Fen(30_000));
}

/// What adds up by the month goes on by the month: each of a year's months under its old name, with those of the new.
#[test]
fn months_go_on_under_the_new_name() {
    let next = |per: &str, by: &str| {
        limited(per, ("2", "pool", &format!(", per: month{by}"), "renames: { basic: pool }\n"))
    };
    let (may, june) = (&[("basic/2024-05", 70_000)][..], ("pool/2024-06", 40_000));
    let (april_may, spring) = (
        &[("basic/2024-04", 40_000), ("pool/2024-05", 20_000)][..],
        &[("basic/2024-02", 40_000), ("basic/2024-04", 10_000), ("pool/2024-04", 10_000), june][..],
    );
    // A visit of 800 yuan in May, of a limit of 1,000 and of what the books hold of either name.
    for (per, totals, paid) in [
        ("per: month", &[][..], 80_000),
        ("per: month", may, 30_000),
        ("per: month", &[("basic/2024-05", 50_000), ("pool/2024-05", 40_000)], 10_000),
        ("per: month", &[("basic/2024-04", 100_000), ("basic/2023-05", 100_000), june], 80_000),
        ("per: quarter", april_may, 40_000),
        ("per: quarter", spring, 40_000),
        ("per: year", spring, 0),
        ("per: year", &[("basic/2024-02", 30_000), ("basic/2024-12", 20_000), june], 10_000),
        // Two months of the quarter have begun, and April took three quarters of them: the month alone, and no more than is left.
        ("per: month, carry: quarter", &[("basic/2024-04", 150_000)], 50_000),
        ("per: month, carry: quarter", &[("basic/2024-04", 90_000), ("pool/2024-04", 90_000)], 20_000),
        ("per: month, carry: quarter", &[("basic/2024-03", 150_000)], 80_000),
    ] {
        let (next, case) = (next(per, ""), case(totals));
        let settled = settle(&next, &case).unwrap();
        assert_eq!(settled.fund_pay_fen, Fen(paid), "{per} {totals:?}");
        let keys: Vec<_> = settled.changes.iter().map(|change| change.accumulator.as_ref()).collect();
        assert_eq!(keys, if paid == 0 { vec![] } else { vec!["pool/2024-05"] }, "added under the new name");
    }
    let next = next("per: month", ", by: level");
    let held = [("basic/2024-05@third", 70_000), ("basic/2024-05@second", 90_000), ("basic/2024-05", 90_000)];
    let case = case(&held);
    let settled = settle(&next, &case).unwrap();
    let change = &settled.changes[0];
    assert_eq!(
        (change.accumulator.as_ref(), change.before, change.added),
        ("pool/2024-05@third", 70_000, 30_000)
    );
}
