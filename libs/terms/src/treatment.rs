//! What the filing register has applied to care away from home, and benefit policies apply.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// How care away from home is paid otherwise than care at home. National documents know two
/// mechanisms, a lower ratio and an extra 先行自付 (docs/CODES.md, out_fil_type).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// 同比例: as at home.
    Same,
    /// 比例下浮: percentage points as the papers write them, -100 to 0; -10 makes 85 % of it 75 %.
    Points(Decimal),
    /// 系数: the ratio is multiplied by it, 0 to 1; 0.9 makes 80 % of it 72 %.
    Factor(Decimal),
    /// 先行自付 before the deductible, 0 to 1; 0.1 is 10 %.
    Prepay(Decimal),
}

impl Treatment {
    /// The name documents and the contract give it.
    pub const fn name(self) -> &'static str {
        match self {
            Treatment::Same => "same",
            Treatment::Points(_) => "points",
            Treatment::Factor(_) => "factor",
            Treatment::Prepay(_) => "prepay",
        }
    }

    /// Its number as ratios are calculated: -10 points are -0.1; nothing for the same rate.
    pub fn ratio(self) -> Option<Decimal> {
        match self {
            Treatment::Same => None,
            Treatment::Points(points) => Some(points / Decimal::ONE_HUNDRED),
            Treatment::Factor(ratio) | Treatment::Prepay(ratio) => Some(ratio),
        }
    }

    /// Whether more is paid by it than by another, whatever the bill: both are of one kind, or one of them lowers nothing.
    pub fn is_better_than(self, other: Treatment) -> bool {
        use Treatment::{Factor, Points, Prepay};
        match (self, other) {
            _ if other.lowers_nothing() => false,
            _ if self.lowers_nothing() => true,
            (Points(this), Points(that)) | (Factor(this), Factor(that)) => this > that,
            (Prepay(this), Prepay(that)) => this < that,
            _ => false,
        }
    }

    fn lowers_nothing(self) -> bool {
        match self {
            Treatment::Same => true,
            Treatment::Points(number) | Treatment::Prepay(number) => number.is_zero(),
            Treatment::Factor(ratio) => ratio == Decimal::ONE,
        }
    }

    /// Whether its number lies within the limits that its kind has.
    pub fn is_in_range(self) -> bool {
        match self {
            Treatment::Same => true,
            Treatment::Points(points) => (-Decimal::ONE_HUNDRED..=Decimal::ZERO).contains(&points),
            Treatment::Factor(ratio) | Treatment::Prepay(ratio) => {
                (Decimal::ZERO..=Decimal::ONE).contains(&ratio)
            }
        }
    }
}
