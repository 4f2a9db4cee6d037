//! 中途结算: what a stay so far comes to beyond what its earlier parts came to. So all parts together come to what one settlement of the
//! stay would have, by every layer, and to the fen.

use super::Sums;
use crate::case::{Case, Earlier, EarlierPaid};
use crate::outcome::{Change, LayerTrace, Outcome};

/// The outcome of the stay so far with the earlier parts taken off. What its layers, accumulators and account came to in earlier parts and
/// does not come to now is given back.
pub(super) fn beyond<'a>(earlier: &'a Earlier, case: &'a Case, whole: Outcome<'a>) -> Outcome<'a> {
    let Outcome { mut parts, mut lines, mut layers, mut changes, .. } = whole;
    parts.take_off(&earlier.bill);
    for (line, split) in case.lines.iter().zip(&mut lines) {
        line.earlier.iter().for_each(|earlier| split.parts.take_off(earlier));
    }
    for paid in &earlier.paid {
        match layers.iter_mut().find(|layer| layer.applied && is_of(layer, paid)) {
            Some(layer) => {
                layer.earlier_fen = paid.paid_fen;
                layer.paid_fen -= paid.paid_fen;
            }
            None => layers.push(given_back(paid)),
        }
    }
    take_off_changes(earlier, case, &mut changes);
    let Sums { fund_pay_fen, hospital_fen, beside_bill_fen } = Sums::of(&layers);
    let person_fen = parts.total_fen - fund_pay_fen - hospital_fen;
    let account_own_fen = whole.account_own_fen - earlier.account_own_fen;
    Outcome {
        parts,
        lines,
        layers,
        fund_pay_fen,
        hospital_fen,
        person_fen,
        account_own_fen,
        cash_fen: person_fen - account_own_fen - whole.account_shared_fen,
        beside_bill_fen,
        changes,
        earlier: Some(earlier),
        ..whole
    }
}

fn is_of(layer: &LayerTrace<'_>, paid: &EarlierPaid) -> bool {
    (layer.policy_year, layer.fund_pay_type, layer.payer, layer.beside_bill)
        == (paid.policy_year, paid.fund_pay_type, paid.payer, paid.beside_bill)
        && layer.layer == paid.layer
}

/// A layer that paid in an earlier part and pays nothing of the stay as it is known now: of another policy year, of a version that has it no
/// more, or for somebody it is not for any more.
fn given_back(paid: &EarlierPaid) -> LayerTrace<'_> {
    let (whose, from) = ((paid.layer.as_str(), paid.title.as_str()), (paid.payer, paid.fund_pay_type));
    LayerTrace {
        applied: true,
        beside_bill: paid.beside_bill,
        paid_fen: -paid.paid_fen,
        earlier_fen: paid.paid_fen,
        ..LayerTrace::named(whose, from, paid.policy_year)
    }
}

/// Of each accumulator the change beyond what earlier parts changed, on what it holds with them.
fn take_off_changes<'a>(earlier: &'a Earlier, case: &Case, changes: &mut Vec<Change<'a>>) {
    let held = |policy_year, name: &str| {
        case.accumulated.get(policy_year).and_then(|year| year.get(name)).copied().unwrap_or(0)
    };
    for (policy_year, added) in &earlier.changes {
        for (name, added) in added {
            let known = changes.iter_mut().find(|change| {
                change.policy_year == *policy_year && change.accumulator.as_ref() == name.as_str()
            });
            match known {
                Some(change) => (change.before, change.added) = (change.before + added, change.added - added),
                None => changes.push(Change {
                    policy_year: *policy_year,
                    accumulator: name.into(),
                    before: held(policy_year, name) + added,
                    added: -added,
                }),
            }
        }
    }
    changes.retain(|change| change.added != 0);
}

#[cfg(test)]
mod tests {
    use yizhan_money::Fen;

    use super::*;
    use crate::load::load_case;
    use crate::{Policy, load, settle};

    const POLICY: &str = r#"
policy: parts
version: "1"
title: 分段
areas: ["430200"]
scheme: "310"
from: 2022-01-01
sources:
  paper: { title: 假设, quality: P }
accumulators:
  stays: { label: 住院次数, unit: count }
  paid: { label: 年度支付, unit: fen }
layers:
  - id: basic
    title: 统筹
    payer: basic
    fund_pay_type: "310100"
    base: [ { add: in_scope } ]
    deductible:
      per: visit
      amount: { source: paper, rows: [ { amount: 1000 } ] }
      factor: { source: paper, rows: [ { when: { nth: { of: stays, from: 2 } }, ratio: 50% } ] }
    scale: { cut_on: net, bands: { source: paper, rows: [ { bands: [ { upto: 4000, ratio: 80% }, { ratio: 90% } ] } ] } }
    cap: { amount: { source: paper, rows: [ { amount: 30万 } ] }, used: paid }
    feeds: { stays: visit, paid: paid }
  - id: aid
    title: 救助
    payer: medical_assistance
    fund_pay_type: "610100"
    when: { identity: [ 低保 ] }
    base: [ { add: remaining } ]
    scale: { cut_on: net, bands: { source: paper, rows: [ { ratio: 50% } ] } }
account: { pays: [ in_scope ] }
"#;

    fn policy() -> Policy {
        load("parts.yaml", POLICY).unwrap()
    }

    /// A stay so far, until a day, with these lines in yuan.
    fn so_far(until: &str, lines: &[i64]) -> Case {
        let lines: Vec<String> =
            lines.iter().map(|yuan| format!("  - {{ amount: {yuan}, class: 甲 }}")).collect();
        let text = format!(
            "area: \"430200\"\nscheme: \"310\"\nperson: {{ status: in_service, age: 40, identity: [ 低保 ] }}\n\
             visit: {{ care: inpatient, level: third, date: {until}, admitted: 2024-01-02 }}\n\
             account: {{ own: 200 }}\nlines:\n{}\n",
            lines.join("\n")
        );
        load_case("case.yaml", &text).unwrap()
    }

    fn paid(outcome: &Outcome<'_>) -> Vec<i64> {
        outcome.layers.iter().map(|layer| layer.paid_fen.0).collect()
    }

    #[test]
    fn a_part_gets_what_the_stay_so_far_gets_beyond_its_earlier_parts() {
        let policy = policy();
        let first = so_far("2024-01-10", &[3000]);
        let first = settle(&policy, &first).unwrap();
        // 2000 over the deductible at 80 %; 1400 are left, half of it by aid; 200 of the rest by the account.
        assert_eq!((paid(&first), first.basic_deductible_fen()), (vec![160_000, 70_000], Fen(100_000)));
        assert_eq!((first.account_own_fen, first.cash_fen), (Fen(20_000), Fen(50_000)));

        let mut second = so_far("2024-01-20", &[3000, 4000]);
        second.account.own_fen = Fen::ZERO;
        second.lines[0].earlier = Some(first.lines[0].parts);
        second.earlier = Some(Earlier::default().and(&first));
        let second = settle(&policy, &second).unwrap();
        // Of 6000 over the deductible 4000 at 80 %, 2000 at 90 %: 5000, of which 1600 are paid.
        assert_eq!((paid(&second), second.basic_deductible_fen()), (vec![340_000, 30_000], Fen::ZERO));
        assert_eq!((second.parts.total_fen, second.lines[0].parts.total_fen), (Fen(400_000), Fen::ZERO));
        assert_eq!((second.account_own_fen, second.cash_fen), (Fen::ZERO, Fen(30_000)));
        let changes: Vec<_> = second
            .changes
            .iter()
            .map(|change| (change.accumulator.as_ref(), change.before, change.added))
            .collect();
        assert_eq!(changes, [("paid", 160_000, 340_000)], "one stay, counted by the first part");
    }

    #[test]
    fn what_the_stay_does_not_get_any_more_is_given_back() {
        let policy = policy();
        let first = so_far("2024-01-10", &[3000]);
        let first = settle(&policy, &first).unwrap();
        // The only line is taken back by a half, and 低保 is over.
        let mut second = so_far("2024-01-20", &[1500]);
        second.person.identities.clear();
        second.account.own_fen = Fen::ZERO;
        second.lines[0].earlier = Some(first.lines[0].parts);
        second.earlier = Some(Earlier::default().and(&first));
        let second = settle(&policy, &second).unwrap();
        assert_eq!(
            paid(&second),
            [-120_000, 0, -70_000],
            "the layer that is none any more behind the others"
        );
        assert_eq!((second.fund_pay_fen, second.parts.total_fen), (Fen(-190_000), Fen(-150_000)));
        assert_eq!((second.account_own_fen, second.cash_fen), (Fen::ZERO, Fen(40_000)));
    }
}
