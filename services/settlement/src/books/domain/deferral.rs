//! 信用支付: what is owed of a debt, where it stands, and what that books.

use chrono::NaiveDate;
use yizhan_money::Fen;
use yizhan_proto::settlement::v1::{Deferral, DeferralState as State, Repayment};

use super::ledger::Posting;

/// What of it was not repaid by the end of a day, `YYYY-MM-DD`, whatever was recorded since.
fn unpaid_on(of: &Deferral, day: &str) -> i64 {
    of.amount_fen - sum(of.repayments.iter().filter(|paid| paid.paid_on.as_str() <= day))
}

/// What was repaid in all.
pub fn repaid(of: &Deferral) -> i64 {
    sum(of.repayments.iter())
}

fn sum<'r>(repayments: impl Iterator<Item = &'r Repayment>) -> i64 {
    repayments.filter(|paid| !paid.cancelled).map(|paid| paid.amount_fen).sum()
}

/// Whether something is still owed after the due date.
pub fn is_overdue(of: &Deferral, today: NaiveDate) -> bool {
    of.owed_fen > 0 && today.to_string() > of.due_date
}

/// The last day on which something was paid.
pub fn last_paid(of: &Deferral) -> Option<&str> {
    let standing = of.repayments.iter().filter(|paid| !paid.cancelled);
    standing.map(|paid| paid.paid_on.as_str()).max()
}

/// Where it stands, from what was deferred and repaid alone: a repayment that is recorded late, or taken back, leads to what would have
/// come of it in time. A debt that was cancelled or fell is owed by nobody, and was never in default.
pub fn settle(of: &mut Deferral, today: NaiveDate) {
    let ended = matches!(of.state(), State::Cancelled | State::Reversed);
    of.owed_fen = if ended { 0 } else { of.amount_fen - repaid(of) };
    if !ended {
        of.set_state(if of.owed_fen > 0 { State::Open } else { State::Repaid });
    }
    let grace_is_over = today.to_string() > of.grace_until;
    of.defaulted = !ended && grace_is_over && unpaid_on(of, &of.grace_until) > 0;
}

/// What deferring books: nothing was paid in cash, and the person owes it.
pub fn deferred(psn_no: &str, amount_fen: i64) -> Vec<Posting> {
    vec![Posting::new("cash", psn_no, Fen(amount_fen)), Posting::new("deferred", psn_no, Fen(-amount_fen))]
}

/// What a repayment books, below zero: one that is taken back.
pub fn repayment(of: &Deferral, amount_fen: i64) -> Vec<Posting> {
    vec![
        Posting::new("deferred", &of.psn_no, Fen(amount_fen)),
        Posting::new("repayment", &of.poolarea_no, Fen(-amount_fen)),
    ]
}

/// What ends a debt that nobody owes: everything that stands of it, the other way around.
pub fn ended(of: &Deferral) -> Vec<Posting> {
    let mut all = deferred(&of.psn_no, -of.amount_fen);
    all.extend(repayment(of, -repaid(of)));
    all.retain(|posting| posting.amount != Fen::ZERO);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn debt(repayments: &[(i64, &str, bool)]) -> Deferral {
        let repayment = |(amount_fen, paid_on, cancelled): &(i64, &str, bool)| Repayment {
            amount_fen: *amount_fen,
            paid_on: (*paid_on).to_owned(),
            cancelled: *cancelled,
            ..Repayment::default()
        };
        Deferral {
            state: State::Open.into(),
            amount_fen: 1_000,
            due_date: "2026-12-20".to_owned(),
            grace_until: "2027-01-05".to_owned(),
            repayments: repayments.iter().map(repayment).collect(),
            ..Deferral::default()
        }
    }

    #[test]
    fn what_is_owed_follows_from_what_was_paid_when() {
        type Case<'c> = (&'c [(i64, &'c str, bool)], &'c str, (i64, State, bool, bool));
        let cases: [Case<'_>; 8] = [
            (&[], "2026-12-20", (1_000, State::Open, false, false)),
            (&[], "2026-12-21", (1_000, State::Open, true, false)),
            (&[], "2027-01-05", (1_000, State::Open, true, false)),
            (&[], "2027-01-06", (1_000, State::Open, true, true)),
            (&[(400, "2027-01-05", false)], "2027-01-06", (600, State::Open, true, true)),
            // In time, and recorded late.
            (&[(1_000, "2027-01-05", false)], "2027-02-01", (0, State::Repaid, false, false)),
            // Too late.
            (
                &[(400, "2027-01-05", false), (600, "2027-01-06", false)],
                "2027-01-06",
                (0, State::Repaid, false, true),
            ),
            // Taken back.
            (&[(1_000, "2026-12-01", true)], "2027-01-06", (1_000, State::Open, true, true)),
        ];
        for (repayments, today, expected) in cases {
            let (mut of, today) = (debt(repayments), today.parse().unwrap());
            settle(&mut of, today);
            let told = (of.owed_fen, of.state(), is_overdue(&of, today), of.defaulted);
            assert_eq!(told, expected, "{repayments:?} {today}");
        }
    }

    #[test]
    fn a_debt_that_fell_leaves_nothing_in_the_books_and_no_default() {
        let mut of = debt(&[(300, "2026-12-20", false), (50, "2026-12-20", true)]);
        (of.psn_no, of.poolarea_no) = ("P1".to_owned(), "430200".to_owned());
        let mut booked = deferred(&of.psn_no, of.amount_fen);
        booked.extend(repayment(&of, 300));
        booked.extend(ended(&of));
        let sum = |kind: &str| -> i64 {
            let of_kind = booked.iter().filter(|posting| posting.account.starts_with(kind));
            of_kind.map(|posting| posting.amount.0).sum()
        };
        assert_eq!((sum("cash/"), sum("deferred/"), sum("repayment/"), sum("")), (0, 0, 0, 0));
        of.set_state(State::Reversed);
        settle(&mut of, "2027-02-01".parse().unwrap());
        assert_eq!((of.owed_fen, of.state(), of.defaulted), (0, State::Reversed, false));
    }
}
