//! Exact fractions of whole numbers, so that the reference shares not even the decimals of
//! the engine. An overflow panics (tests run with overflow checks).

use std::cmp::Ordering;
use std::ops::{Add, Mul, Sub};

use rust_decimal::Decimal;

/// A fraction in lowest terms; the bottom is above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fraction {
    top: i128,
    bottom: i128,
}

impl Fraction {
    pub const ZERO: Fraction = Fraction { top: 0, bottom: 1 };
    pub const ONE: Fraction = Fraction { top: 1, bottom: 1 };

    pub fn new(top: i128, bottom: i128) -> Fraction {
        assert!(bottom > 0);
        let common = common_divisor(top.abs(), bottom);
        Fraction { top: top / common, bottom: bottom / common }
    }

    pub fn whole(number: i64) -> Fraction {
        Fraction::new(i128::from(number), 1)
    }

    pub fn of(decimal: Decimal) -> Fraction {
        Fraction::new(decimal.mantissa(), 10i128.pow(decimal.scale()))
    }

    /// Half up to a whole number.
    pub fn half_up(self) -> i64 {
        assert!(self.top >= 0, "nothing below zero is ever rounded");
        let rounded = (2 * self.top + self.bottom) / (2 * self.bottom);
        i64::try_from(rounded).expect("amounts fit")
    }

    /// Without what is behind the point; not below zero.
    pub fn whole_part(self) -> i64 {
        i64::try_from(self.top / self.bottom).expect("amounts fit")
    }

    /// Divided by what is above zero.
    pub fn over(self, other: Fraction) -> Fraction {
        self * Fraction::new(other.bottom, other.top)
    }

    pub fn or_zero(self) -> Fraction {
        self.max(Fraction::ZERO)
    }

    /// As a ratio, between 0 and 100 %.
    pub fn as_ratio(self) -> Fraction {
        self.clamp(Fraction::ZERO, Fraction::ONE)
    }
}

fn common_divisor(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl Add for Fraction {
    type Output = Fraction;
    fn add(self, other: Fraction) -> Fraction {
        let bottom = self.bottom / common_divisor(self.bottom, other.bottom) * other.bottom;
        Fraction::new(self.top * (bottom / self.bottom) + other.top * (bottom / other.bottom), bottom)
    }
}

impl Sub for Fraction {
    type Output = Fraction;
    fn sub(self, other: Fraction) -> Fraction {
        self + Fraction { top: -other.top, bottom: other.bottom }
    }
}

impl Mul for Fraction {
    type Output = Fraction;
    fn mul(self, other: Fraction) -> Fraction {
        let (a, b) = (Fraction::new(self.top, other.bottom), Fraction::new(other.top, self.bottom));
        Fraction { top: a.top * b.top, bottom: a.bottom * b.bottom }
    }
}

impl Ord for Fraction {
    fn cmp(&self, other: &Fraction) -> Ordering {
        (*self - *other).top.cmp(&0)
    }
}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Fraction) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
