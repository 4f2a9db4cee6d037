//! Money in whole fen (分), and the exact decimals it is calculated with.
//!
//! Outside a calculation money is [`Fen`], a whole number. Inside one it is a
//! [`Decimal`] number of fen, exact, and comes back through [`round_half_up`] once, at the
//! end of a layer. There is no conversion to or from a float anywhere.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

pub use rust_decimal::Decimal;
use rust_decimal::RoundingStrategy;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

/// The largest amount, positive or negative, the project accepts: the national interface
/// gives amounts 16 digits of which 2 are fen (`16,2`, docs/CODES.md, Amounts).
pub const MAX_FEN: i64 = 9_999_999_999_999_999;

/// A whole number of fen (1 yuan = 100 fen).
///
/// Arithmetic panics on overflow rather than wrapping: amounts are checked against
/// [`MAX_FEN`] where they enter, so an overflow here is a defect and must not be paid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fen(pub i64);

impl Fen {
    /// Nothing.
    pub const ZERO: Fen = Fen(0);

    /// The amount as an exact decimal number of fen, for a calculation.
    pub fn decimal(self) -> Decimal {
        Decimal::from(self.0)
    }

    /// An exact decimal number of fen, rounded half up (away from zero) to whole fen.
    /// `None` when it lies outside [`MAX_FEN`].
    pub fn try_round(fen: Decimal) -> Option<Fen> {
        let whole = fen.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
        whole.to_i64().filter(|fen| fen.abs() <= MAX_FEN).map(Fen)
    }

    /// A number of yuan written with at most two decimals, as `1234.5` or `12`.
    /// `None` for anything else, a third decimal included: money is never rounded on entry.
    pub fn parse_yuan(text: &str) -> Option<Fen> {
        let text = text.trim();
        // Decimal also reads `1e3` and `1_000`.
        let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
        let yuan: Decimal = plain.then(|| text.parse().ok()).flatten()?;
        let fen = yuan.checked_mul(Decimal::ONE_HUNDRED)?;
        if !fen.fract().is_zero() {
            return None;
        }
        Fen::try_round(fen)
    }

    /// The smaller of two amounts.
    pub fn min(self, other: Fen) -> Fen {
        Fen(self.0.min(other.0))
    }

    /// The amount, or zero when it is negative.
    pub fn at_least_zero(self) -> Fen {
        Fen(self.0.max(0))
    }
}

/// [`Fen::try_round`] for amounts inside a calculation, which checked inputs keep in range.
///
/// # Panics
/// When the amount lies outside [`MAX_FEN`]: a defect, which must not be paid out.
pub fn round_half_up(fen: Decimal) -> Fen {
    Fen::try_round(fen).expect("a calculated amount lies within the checked limits")
}

/// Yuan with two decimals, as printed on a statement: `-1234.50`.
impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let fen = self.0.unsigned_abs();
        let text = format!("{sign}{}.{:02}", fen / 100, fen % 100);
        f.pad(&text)
    }
}

const OVERFLOW: &str = "amounts are limited to MAX_FEN where they enter";

impl Add for Fen {
    type Output = Fen;
    fn add(self, other: Fen) -> Fen {
        Fen(self.0.checked_add(other.0).expect(OVERFLOW))
    }
}

impl Sub for Fen {
    type Output = Fen;
    fn sub(self, other: Fen) -> Fen {
        Fen(self.0.checked_sub(other.0).expect(OVERFLOW))
    }
}

impl Neg for Fen {
    type Output = Fen;
    fn neg(self) -> Fen {
        Fen(-self.0)
    }
}

impl AddAssign for Fen {
    fn add_assign(&mut self, other: Fen) {
        *self = *self + other;
    }
}

impl SubAssign for Fen {
    fn sub_assign(&mut self, other: Fen) {
        *self = *self - other;
    }
}

impl Sum for Fen {
    fn sum<I: Iterator<Item = Fen>>(amounts: I) -> Fen {
        amounts.fold(Fen::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_fen_rounds_away_from_zero() {
        assert_eq!(Fen::try_round("22.5".parse().unwrap()), Some(Fen(23)));
        assert_eq!(Fen::try_round("-22.5".parse().unwrap()), Some(Fen(-23)));
        assert_eq!(Fen::try_round("22.4999".parse().unwrap()), Some(Fen(22)));
    }

    #[test]
    fn yuan_are_read_exactly_or_not_at_all() {
        assert_eq!(Fen::parse_yuan("4.52"), Some(Fen(452)));
        assert_eq!(Fen::parse_yuan("8450.5"), Some(Fen(845_050)));
        assert_eq!(Fen::parse_yuan("0.001"), None);
        assert_eq!(Fen::parse_yuan("1e3"), None);
        assert_eq!(Fen::parse_yuan("1_000"), None);
        assert_eq!(Fen::parse_yuan("99999999999999.99"), Some(Fen(MAX_FEN)));
        assert_eq!(Fen::parse_yuan("100000000000000"), None);
    }

    #[test]
    fn printed_with_two_decimals() {
        assert_eq!(Fen(5).to_string(), "0.05");
        assert_eq!(Fen(-123_450).to_string(), "-1234.50");
        assert_eq!(format!("{:>10}", Fen(100)), "      1.00");
    }
}
