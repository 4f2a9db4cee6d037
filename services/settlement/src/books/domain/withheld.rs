//! 拒付: what is withheld from the institution of what the funds pay, for lines that are against a rule. The person pays what they pay without.

use yizhan_money::Fen;

/// Of what the funds pay of a bill the share of what is against a rule, by its in-scope amount; rounded half up once, never more than what the
/// funds pay. Nothing where nothing of the bill is in scope, or the funds pay nothing: in a part of a stay they may give back.
pub fn withheld(against: impl IntoIterator<Item = Fen>, in_scope: Fen, funds: Fen) -> Fen {
    let (whole, funds) = (i128::from(in_scope.0), i128::from(funds.0));
    if whole <= 0 || funds <= 0 {
        return Fen::ZERO;
    }
    let against: i128 = against.into_iter().map(|fen| i128::from(fen.0)).sum();
    let share = (2 * against.clamp(0, whole) * funds + whole) / (2 * whole);
    // At most what the funds pay, which is an i64.
    Fen(share.min(funds) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_the_funds_is_withheld() {
        let of = |against: &[i64], in_scope, funds| {
            withheld(against.iter().copied().map(Fen), Fen(in_scope), Fen(funds)).0
        };
        assert_eq!(of(&[50, 30], 1000, 700), 56, "80 of 1000 in scope, of which 700 are paid");
        assert_eq!(of(&[24], 1000, 700), 17, "16.8");
        assert_eq!(of(&[5], 100, 10), 1, "0.5 is 1");
        assert_eq!(of(&[4], 100, 10), 0, "0.4");
        assert_eq!(of(&[900, 900], 1000, 700), 700, "never more");
        assert_eq!(of(&[80], 0, 0), 0);
        assert_eq!(of(&[80], 1000, -5), 0, "the funds give back");
        let most = yizhan_money::MAX_FEN;
        assert_eq!(of(&[most - 1], most, most), most - 1, "exact, however large");
    }
}
