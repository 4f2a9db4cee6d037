//! What must come out of a visit.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use yizhan_money::Fen;

use super::compare::{self, Difference};
use crate::engine::Stopped;
use crate::outcome::Outcome;

/// What must come out. What is not named may be anything, but a layer not named in `paid` pays nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expect {
    /// Amounts of the whole visit, by the words of [`Expect::AMOUNTS`].
    pub amounts: BTreeMap<&'static str, Fen>,
    /// What each layer pays.
    pub paid: BTreeMap<String, Fen>,
    /// What each reached band of a layer gives, exact, in fen.
    pub bands: BTreeMap<String, Vec<Decimal>>,
    /// The deductible each layer charges, exact, in fen.
    pub deductible: BTreeMap<String, Decimal>,
    /// What the payment limit of a layer kept out, exact, in fen.
    pub over_cap: BTreeMap<String, Decimal>,
    /// Quality mark of the row that decided the scale of a layer.
    pub quality: BTreeMap<String, char>,
    /// The sources that are of a year before the visit's policy year, in the order in which they decided something.
    pub old: Option<Vec<String>>,
    /// It is refused; nothing else is expected then but what the layers before would have paid.
    pub refused: Option<Refused>,
}

/// How a visit must be refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Code of the reason.
    pub code: String,
    /// A part of the message.
    pub because: Option<String>,
    /// What the layers before the one that refused would have paid; a layer before it that is not named would have paid nothing.
    pub before: Option<BTreeMap<String, Fen>>,
}

impl Expect {
    /// What is not as expected.
    pub fn compare(&self, settled: &Result<Outcome<'_>, Box<Stopped<'_>>>) -> Vec<Difference> {
        match settled {
            Ok(outcome) => compare::outcome(self, outcome),
            Err(stopped) => compare::refusal(self, stopped),
        }
    }

    /// 医疗费总额, its four parts, the deductible of basic insurance, what funds together, hospital, person (个人负担: account and cash),
    /// accounts and cash pay, what is paid beside the bill, and what somebody else had paid of it.
    pub const AMOUNTS: &[&str] = &[
        "total",
        "in_scope",
        "preself",
        "overlimit",
        "full_self",
        "act_pay_dedc",
        "fund",
        "hospital",
        "person",
        "account",
        "cash",
        "beside_bill",
        "paid_elsewhere",
    ];
}
