//! What a settlement pays, to be compared with what it would pay.

use std::collections::BTreeMap;

use super::chain::Change;

/// What the funds pay, by fund_pay_type, in fen; beside the bill too.
pub type Funds = BTreeMap<String, i64>;

/// Why a settlement would be paid otherwise, or cannot be calculated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// UPPER_SNAKE.
    pub code: String,
    /// For people, in zh-CN.
    pub text: String,
}

impl Why {
    /// In these words.
    pub fn new(code: impl ToString, text: impl Into<String>) -> Why {
        Why { code: code.to_string(), text: text.into() }
    }
}

/// Who pays what of a visit, in fen, and what it adds to the person's years.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paid {
    /// The funds.
    pub funds: Funds,
    /// 个人负担: accounts and cash.
    pub person_fen: i64,
    /// The own account.
    pub own_fen: i64,
    /// The relative's.
    pub shared_fen: i64,
    /// 现金
    pub cash_fen: i64,
    /// What it adds; sorted, without zeros.
    pub added: Vec<Change>,
}

impl Paid {
    /// What the funds pay together.
    pub fn sum(&self) -> i64 {
        self.funds.values().sum()
    }
}
