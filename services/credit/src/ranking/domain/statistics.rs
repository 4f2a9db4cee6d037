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

/// Population stability index of counts in bands before and after, of as many: Σ (after − before) · ln(after ÷ before) of the shares. An empty
/// band counts as half of one, so that nothing is divided by zero.
pub fn stability_index<const N: usize>(before: [u32; N], after: [u32; N]) -> Option<Decimal> {
    let all: u32 = before.iter().sum();
    let share = |count: u32| (if count == 0 { 0.5 } else { f64::from(count) }) / f64::from(all);
    let parts = before.into_iter().zip(after).filter(|(before, after)| before != after);
    let part = |(before, after)| (share(after) - share(before)) * (share(after) / share(before)).ln();
    (all > 0).then(|| rounded(parts.map(part).sum()))
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

    #[test]
    fn the_index_is_zero_without_a_shift() {
        assert_eq!(stability_index([5, 5], [5, 5]), Some(Decimal::ZERO));
        assert_eq!(stability_index([0, 0], [0, 0]), None);
        // 0.3 · ln(0.8 ÷ 0.5) − 0.3 · ln(0.2 ÷ 0.5) = 0.3 · ln 4
        assert_eq!(stability_index([5, 5], [8, 2]), Some(Decimal::new(415_888, 6)));
    }
}
