//! 拒付: what is withheld from the institution of what the funds pay, for lines that are against a rule. The person pays what they pay without.

use yizhan_money::Fen;

/// A line, or the part of it, that is against a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Against {
    /// 费用总额 of the line.
    pub amount: Fen,
    /// 符合政策范围金额 of the line.
    pub in_scope: Fen,
    /// 违规金额 of the line; zero: not told, all of it is.
    pub violating: Fen,
}

impl Against {
    /// In-scope amount of what is against the rule: of a part by its share of the line, whole fen.
    fn in_scope(&self) -> i128 {
        let (amount, in_scope) = (i128::from(self.amount.0), i128::from(self.in_scope.0).max(0));
        let violating = i128::from(self.violating.0);
        if violating <= 0 || violating >= amount { in_scope } else { in_scope * violating / amount }
    }
}

/// Of what the funds pay of a bill the share of these lines, by their in-scope amount; rounded half up once, never more than what the funds pay.
/// Nothing where nothing of the bill is in scope, or the funds pay nothing: in a part of a stay they may give back.
pub fn withheld(lines: impl IntoIterator<Item = Against>, in_scope: Fen, funds: Fen) -> Fen {
    let (whole, funds) = (i128::from(in_scope.0), i128::from(funds.0));
    if whole <= 0 || funds <= 0 {
        return Fen::ZERO;
    }
    let against: i128 = lines.into_iter().map(|line| line.in_scope()).sum();
    let share = (2 * against.min(whole) * funds + whole) / (2 * whole);
    // Below what the funds pay, which is an i64.
    Fen(share.min(funds) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn against(amount: i64, in_scope: i64, violating: i64) -> Against {
        Against { amount: Fen(amount), in_scope: Fen(in_scope), violating: Fen(violating) }
    }

    #[test]
    fn the_share_of_the_funds_is_withheld() {
        let of =
            |lines: &[Against], in_scope, funds| withheld(lines.iter().copied(), Fen(in_scope), Fen(funds)).0;
        assert_eq!(of(&[against(100, 80, 100)], 1000, 700), 56, "80 of 1000 in scope, of which 700 are paid");
        assert_eq!(of(&[against(100, 80, 0)], 1000, 700), 56, "no amount was told: the line");
        assert_eq!(of(&[against(100, 80, 30)], 1000, 700), 17, "24 in scope, 16.8");
        assert_eq!(of(&[against(1, 1, 1)], 3, 2), 1, "0.67");
        assert_eq!(of(&[against(5, 5, 5)], 100, 10), 1, "0.5 is 1");
        assert_eq!(of(&[against(5, 4, 5)], 100, 10), 0, "0.4");
        assert_eq!(of(&[against(900, 900, 0), against(900, 900, 0)], 1000, 700), 700, "never more");
        assert_eq!(of(&[against(100, 80, 0)], 0, 0), 0);
        assert_eq!(of(&[against(100, 80, 0)], 1000, -5), 0, "the funds give back");
        let most = yizhan_money::MAX_FEN;
        assert_eq!(of(&[against(most, most, most - 1)], most, most), most - 1, "exact, however large");
    }
}
