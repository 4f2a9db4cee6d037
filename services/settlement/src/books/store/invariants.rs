//! What must hold of a change at the one door to the books, whoever made it.

use std::collections::{BTreeMap, BTreeSet};

use yizhan_runtime::{ServiceError, metrics};

use super::commit::Change;
use crate::books::domain::ledger::{MANUAL, REIMBURSEMENT};

/// Why a change is refused: our own mistake, counted; `None` when everything holds.
pub fn refusal(change: &Change) -> Option<ServiceError> {
    let broken = broken(change);
    if broken.is_empty() {
        return None;
    }
    metrics::identities_violated();
    let by = change.settlement.as_ref().map(|settled| (&settled.policy_id, &settled.policy_version));
    tracing::error!(?broken, policy = ?by, "refused to write wrong books");
    Some(ServiceError::internal(anyhow::anyhow!("invariants of the books broken: {}", broken.join("; "))))
}

fn broken(change: &Change) -> Vec<&'static str> {
    let mut broken = change.amounts.as_ref().map(|amounts| amounts.broken()).unwrap_or_default();
    let lines = || change.postings.iter().flat_map(|entry| &entry.lines);
    let booked = |kinds: &[&str]| -> i64 {
        let of_kind = |account: &str| account.split('/').next().is_some_and(|kind| kinds.contains(&kind));
        lines().filter(|line| of_kind(&line.account)).map(|line| line.amount_fen).sum()
    };
    let years: BTreeSet<_> =
        change.years.iter().map(|year| (&year.poolarea_no, &year.psn_no, &year.policy_year)).collect();
    let accounts: BTreeSet<_> =
        change.accounts.iter().map(|account| (&account.poolarea_no, &account.psn_no)).collect();
    let versions = change.years.iter().map(|year| year.version);
    let mut versions = versions.chain(change.accounts.iter().map(|account| account.version));
    let mut books: BTreeMap<&str, i64> = BTreeMap::new();
    for entry in &change.postings {
        *books.entry(&entry.poolarea_no).or_default() +=
            entry.lines.iter().map(|line| line.amount_fen).sum::<i64>();
    }
    let mut all = vec![
        ("sum of the rows of postings = 0 in each area", books.values().all(|sum| *sum == 0)),
        ("a policy year is written once", years.len() == change.years.len()),
        ("an account is written once", accounts.len() == change.accounts.len()),
        ("a version follows on what was read", versions.all(|version| version > 0)),
    ];
    if let Some(row) = &change.settlement {
        let own = |setl_id: &str, psn_no: &str| setl_id == row.setl_id && psn_no == row.psn_no;
        let postings = change.postings.iter().all(|entry| own(&entry.setl_id, &entry.psn_no));
        let amounts = change.amounts.as_ref();
        let (owed, charged) = (booked(&["institution", "withheld"]), booked(&["account", "cash"]));
        let requested = change.request.as_ref().is_none_or(|request| own(&request.setl_id, &request.psn_no));
        // A reversal gives a visit back to the part of the stay before.
        let reverses = !row.reverses_setl_id.is_empty();
        let claims = change.claims.rows.iter().all(|claim| reverses || claim.held_by == row.setl_id);
        all.extend([
            ("claims are the settlement's own", claims),
            ("one setl_id", !row.setl_id.is_empty() && requested),
            ("postings are the settlement's own", postings),
            ("the row is the answer's", amounts.is_some_and(|a| a.medfee_sumamt.0 == row.medfee_sumamt_fen)),
        ]);
        // The person has paid the institution: what the funds pay is the person's.
        all.extend(if row.setl_type == MANUAL {
            let owed_nothing = owed == 0 && charged == 0;
            // What the engine settled is owed until it is paid out; what was paid by hand is a benefit.
            let calculated = lines().any(|line| line.account.starts_with(REIMBURSEMENT));
            let gets = if calculated { REIMBURSEMENT } else { "benefit" };
            [
                ("nothing but the funds' part is owed", owed_nothing),
                ("the person gets the funds' part", booked(&[gets]) == row.fund_pay_sumamt_fen),
            ]
        } else {
            [
                ("the institution is owed the bill", owed == row.medfee_sumamt_fen),
                ("the person is charged their part", charged == -row.psn_part_amt_fen),
            ]
        });
    }
    broken.extend(all.into_iter().filter(|(_, holds)| !holds).map(|(invariant, _)| invariant));
    broken
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use yizhan_money::Fen;
    use yizhan_policy::identities::Amounts;

    use super::super::claims::Claims;
    use super::super::entities::{account, accumulated, request, settlement};
    use super::super::journal::{Entry, Line};
    use super::*;

    fn year() -> accumulated::Model {
        accumulated::Model {
            poolarea_no: "430200".to_owned(),
            psn_no: "P1".to_owned(),
            policy_year: "2024-01-01".to_owned(),
            version: 1,
            totals: "{}".to_owned(),
        }
    }

    /// A bill of 100 fen: 60 by the fund, 40 in cash.
    fn sound() -> Change {
        let (area, person, id) = (|| "430200".to_owned(), || "P1".to_owned(), || "S1".to_owned());
        let line = |seq, account: &str, amount_fen| Line { seq, account: account.to_owned(), amount_fen };
        Change {
            request: Some(request::Model {
                owner: "H1".to_owned(),
                request_id: "R1".to_owned(),
                digest: String::new(),
                poolarea_no: area(),
                psn_no: person(),
                setl_id: id(),
                answer: Vec::new(),
            }),
            settlement: Some(settlement::Model {
                poolarea_no: area(),
                psn_no: person(),
                setl_id: id(),
                fixmedins_code: "H1".to_owned(),
                med_type: "11".to_owned(),
                enddate: "2024-05-20".to_owned(),
                reverses_setl_id: String::new(),
                setl_time_us: 0,
                medfee_sumamt_fen: 100,
                fund_pay_sumamt_fen: 60,
                psn_part_amt_fen: 40,
                acct_pay_fen: 0,
                insutype: "310".to_owned(),
                clr_type: "11".to_owned(),
                setl_type: String::new(),
                policy_id: String::new(),
                policy_version: String::new(),
                case_json: String::new(),
                answer: Vec::new(),
            }),
            amounts: Some(Amounts {
                medfee_sumamt: Fen(100),
                inscp_scp_amt: Fen(100),
                shares: vec![Fen(60)],
                fund_pay_sumamt: Fen(60),
                psn_part_amt: Fen(40),
                psn_cash_pay: Fen(40),
                ..Amounts::default()
            }),
            postings: vec![Entry {
                poolarea_no: area(),
                psn_no: person(),
                setl_id: id(),
                lines: vec![
                    line(0, "institution/H1", 100),
                    line(1, "fund/310100", -60),
                    line(2, "cash/P1", -40),
                ],
            }],
            opening: None,
            years: vec![year()],
            accounts: Vec::new(),
            bookings: Vec::new(),
            claims: Claims::default(),
            released: Claims::default(),
            codes: Vec::new(),
            fees: None,
            practitioners: Vec::new(),
            kind: "SETTLED",
            at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_change_that_would_make_the_books_wrong_is_refused() {
        assert_eq!(broken(&sound()), Vec::<&str>::new());
        type Spoil = fn(&mut Change);
        let wrong: [(&str, Spoil); 10] = [
            ("nothing but the funds' part is owed", |change| {
                change.settlement.as_mut().unwrap().setl_type = MANUAL.to_owned();
                let lines = &mut change.postings[0].lines;
                lines[2] = Line { account: "benefit/P1".to_owned(), amount_fen: 60, ..lines[2].clone() };
                lines.push(Line { account: "fund/310100".to_owned(), amount_fen: -100, ..lines[2].clone() });
            }),
            ("sum of the rows of postings = 0 in each area", |change| {
                change.postings[0].lines[1].amount_fen = -61
            }),
            ("sum of the rows of postings = 0 in each area", |change| {
                let cash = change.postings[0].lines.split_off(2);
                let elsewhere = "430100".to_owned();
                let entry = Entry { poolarea_no: elsewhere, lines: cash, ..change.postings[0].clone() };
                change.postings.push(entry);
            }),
            ("one setl_id", |change| change.request.as_mut().unwrap().setl_id = "S2".to_owned()),
            ("postings are the settlement's own", |change| change.postings[0].setl_id = "S2".to_owned()),
            ("a version follows on what was read", |change| change.years[0].version = 0),
            ("a policy year is written once", |change| change.years.push(change.years[0].clone())),
            ("fund_pay_sumamt = sum of payer shares", |change| {
                change.amounts.as_mut().unwrap().shares.clear();
            }),
            ("the row is the answer's", |change| change.amounts = None),
            ("an account is written once", |change| {
                let account = account::Model {
                    poolarea_no: String::new(),
                    psn_no: String::new(),
                    version: 1,
                    balance_fen: 0,
                    moved_to: String::new(),
                };
                change.accounts = vec![account.clone(), account];
            }),
        ];
        for (invariant, spoil) in wrong {
            let mut change = sound();
            spoil(&mut change);
            assert_eq!(broken(&change), [invariant]);
            assert_eq!(refusal(&change).map(|error| error.reason().code()), Some("INTERNAL"));
        }
    }
}
