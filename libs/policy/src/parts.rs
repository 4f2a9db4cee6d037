//! 全自费, 超限价自费, 先行自付, 符合政策范围: the four parts of what was charged.

use serde::{Deserialize, Serialize};
use yizhan_money::Fen;

/// The four parts of a bill or line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// `medfee_sumamt`
    pub total_fen: Fen,
    /// `fulamt_ownpay_amt` 全自费
    pub full_self_fen: Fen,
    /// `overlmt_selfpay` 超限价自费
    pub over_limit_fen: Fen,
    /// `preselfpay_amt` 先行自付
    pub pre_self_fen: Fen,
    /// `inscp_scp_amt` 符合政策范围
    pub in_scope_fen: Fen,
}

impl Parts {
    /// Adds another's parts to these.
    pub fn add(&mut self, other: &Parts) {
        self.total_fen += other.total_fen;
        self.full_self_fen += other.full_self_fen;
        self.over_limit_fen += other.over_limit_fen;
        self.pre_self_fen += other.pre_self_fen;
        self.in_scope_fen += other.in_scope_fen;
    }

    /// Takes another's parts off these.
    pub fn take_off(&mut self, other: &Parts) {
        self.total_fen -= other.total_fen;
        self.full_self_fen -= other.full_self_fen;
        self.over_limit_fen -= other.over_limit_fen;
        self.pre_self_fen -= other.pre_self_fen;
        self.in_scope_fen -= other.in_scope_fen;
    }
}
