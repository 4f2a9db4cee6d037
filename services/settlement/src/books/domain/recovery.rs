//! 追回: what of what the funds paid goes back to them, for lines that are against the rules.

use std::collections::BTreeMap;

use yizhan_money::Fen;

use super::ledger::Posting;

/// What funds paid, by 基金支付类型.
pub type ByFund = BTreeMap<String, i64>;

/// A line of a bill, or the bill as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paid {
    /// Its fee.
    pub fee_fen: i64,
    /// What of it is in scope.
    pub in_scope_fen: i64,
}

/// What goes back of a line of which this much is against the rules: of what each fund paid for the bill the line's share by its in-scope
/// amount, of that the part that is against the rules; never more than is `left` of what the fund paid. By fees where nothing of the bill is in
/// scope. Each of the two is rounded half up to the fen.
pub fn recovered(funds: &ByFund, left: &ByFund, bill: Paid, line: Paid, against_fen: i64) -> ByFund {
    let by_scope = bill.in_scope_fen > 0;
    let [whole, of_line] =
        if by_scope { [bill.in_scope_fen, line.in_scope_fen] } else { [bill.fee_fen, line.fee_fen] };
    let against = part(of_line, against_fen.min(line.fee_fen), line.fee_fen);
    let back = funds.iter().map(|(fund, paid)| {
        let left = left.get(fund).copied().unwrap_or_default().max(0);
        (fund.clone(), part(*paid, against, whole).min(left))
    });
    back.filter(|(_, fen)| *fen > 0).collect()
}

/// An amount × part ÷ whole, half up; nothing of what is not above zero.
fn part(amount: i64, part: i64, whole: i64) -> i64 {
    if amount <= 0 || part <= 0 || whole <= 0 {
        return 0;
    }
    let [amount, part, whole] = [amount, part.min(whole), whole].map(i128::from);
    // At most the amount, which is an i64.
    ((2 * amount * part + whole) / (2 * whole)) as i64
}

/// What a recovery books: to each fund what it gets back, from what was withheld and from the institution; what was withheld beyond that goes
/// back to the institution.
pub fn postings(fixmedins_code: &str, back: &ByFund, withheld_fen: i64) -> Vec<Posting> {
    let total: i64 = back.values().sum();
    let mut all = vec![
        Posting::new("institution", fixmedins_code, Fen(withheld_fen - total)),
        Posting::new("withheld", fixmedins_code, Fen(-withheld_fen)),
    ];
    all.extend(back.iter().map(|(fund, fen)| Posting::new("fund", fund, Fen(*fen))));
    all.retain(|posting| posting.amount != Fen::ZERO);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn funds(amounts: &[(&str, i64)]) -> ByFund {
        amounts.iter().map(|(fund, fen)| ((*fund).to_owned(), *fen)).collect()
    }

    fn of(line: (i64, i64), against: i64, left: i64) -> Vec<i64> {
        let paid = funds(&[("310100", 720), ("310300", 90)]);
        let left = funds(&[("310100", left), ("310300", 90)]);
        let bill = Paid { fee_fen: 1200, in_scope_fen: 900 };
        let line = Paid { fee_fen: line.0, in_scope_fen: line.1 };
        recovered(&paid, &left, bill, line, against).into_values().collect()
    }

    #[test]
    fn what_goes_back_is_what_the_funds_paid_of_what_is_against_the_rules() {
        assert_eq!(of((100, 90), 100, 720), [72, 9], "the whole line");
        assert_eq!(of((100, 90), 50, 720), [36, 5], "half of it: 4.5 is 5");
        assert_eq!(of((100, 90), 1000, 720), [72, 9], "never more than the line");
        assert_eq!(of((100, 90), 100, 20), [20, 9], "nor than what is left");
        assert_eq!(of((100, 0), 100, 720), Vec::<i64>::new(), "nothing of it is in scope");
        assert_eq!(of((-100, -90), 100, 720), Vec::<i64>::new(), "a line that gives back");
        let most = yizhan_money::MAX_FEN;
        let all = Paid { fee_fen: most, in_scope_fen: most };
        let paid = funds(&[("310100", most)]);
        assert_eq!(recovered(&paid, &paid, all, all, most - 1)["310100"], most - 1, "exact, however large");
        let none = Paid { fee_fen: 200, in_scope_fen: 0 };
        let half = Paid { fee_fen: 100, in_scope_fen: 0 };
        assert_eq!(
            recovered(&funds(&[("610100", 30)]), &funds(&[("610100", 30)]), none, half, 100)["610100"],
            15
        );
    }

    #[test]
    fn what_was_withheld_goes_to_the_funds_and_the_rest_back() {
        let told = |back: &[(&str, i64)], withheld| -> Vec<(String, i64)> {
            let all = postings("H1", &funds(back), withheld);
            assert_eq!(all.iter().map(|posting| posting.amount.0).sum::<i64>(), 0);
            all.into_iter().map(|posting| (posting.account, posting.amount.0)).collect()
        };
        let owned = |all: &[(&str, i64)]| -> Vec<(String, i64)> {
            all.iter().map(|(account, fen)| ((*account).to_owned(), *fen)).collect()
        };
        assert_eq!(told(&[("310100", 72)], 0), owned(&[("institution/H1", -72), ("fund/310100", 72)]));
        assert_eq!(told(&[("310100", 72)], 72), owned(&[("withheld/H1", -72), ("fund/310100", 72)]));
        assert_eq!(told(&[], 72), owned(&[("institution/H1", 72), ("withheld/H1", -72)]));
        assert_eq!(
            told(&[("310100", 30)], 72),
            owned(&[("institution/H1", 42), ("withheld/H1", -72), ("fund/310100", 30)])
        );
    }
}
