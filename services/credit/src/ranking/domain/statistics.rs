//! What needs roots and logarithms: statistics of counts, never of money.
#![expect(
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "shares of counts, rounded to six decimals"
)]

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

/// 97.5 % of the normal distribution are below.
const Z: f64 = 1.959_963_984_540_054;

/// The 95 % Wilson interval of a share of at least one.
pub fn wilson(satisfied: u32, answers: u32) -> (Decimal, Decimal) {
    let (count, share) = (f64::from(answers), f64::from(satisfied) / f64::from(answers));
    let middle = share + Z * Z / (2.0 * count);
    let half = Z * (share * (1.0 - share) / count + Z * Z / (4.0 * count * count)).sqrt();
    let whole = 1.0 + Z * Z / count;
    (rounded(((middle - half) / whole).max(0.0)), rounded(((middle + half) / whole).min(1.0)))
}

fn rounded(number: f64) -> Decimal {
    Decimal::from_f64(number).unwrap_or_default().round_dp(6)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 81 of 263, the example of Newcombe (1998): 0.2553 to 0.3662; and the ends.
    #[test]
    fn the_interval_is_wilsons() {
        let four =
            |(lower, upper): (Decimal, Decimal)| [lower, upper].map(|end| format!("{:.4}", end.round_dp(4)));
        assert_eq!(four(wilson(81, 263)), ["0.2553", "0.3662"]);
        assert_eq!(four(wilson(0, 30)), ["0.0000", "0.1135"]);
        assert_eq!(four(wilson(30, 30)), ["0.8865", "1.0000"]);
    }
}
