//! Where a filing stands.

use serde::{Deserialize, Serialize};

/// Where a filing stands. The numbers are the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    /// 待受理.
    Submitted = 1,
    /// 已受理.
    Accepted = 2,
    /// 退回补正.
    Returned = 3,
    /// 已办结.
    InForce = 4,
    /// 已办结, 材料待补.
    Provisional = 5,
    /// 不予备案.
    Rejected = 6,
    /// 已撤回.
    Withdrawn = 7,
    /// 已取消.
    Cancelled = 8,
    /// 已变更.
    Replaced = 9,
    /// 已到期.
    Expired = 10,
    /// 逾期失效.
    Lapsed = 11,
}

impl State {
    /// Every one.
    pub const ALL: [State; 11] = [
        State::Submitted,
        State::Accepted,
        State::Returned,
        State::InForce,
        State::Provisional,
        State::Rejected,
        State::Withdrawn,
        State::Cancelled,
        State::Replaced,
        State::Expired,
        State::Lapsed,
    ];

    /// Its name in the contract, without the prefix.
    pub fn name(self) -> &'static str {
        match self {
            State::Submitted => "SUBMITTED",
            State::Accepted => "ACCEPTED",
            State::Returned => "RETURNED",
            State::InForce => "IN_FORCE",
            State::Provisional => "PROVISIONAL",
            State::Rejected => "REJECTED",
            State::Withdrawn => "WITHDRAWN",
            State::Cancelled => "CANCELLED",
            State::Replaced => "REPLACED",
            State::Expired => "EXPIRED",
            State::Lapsed => "LAPSED",
        }
    }

    /// Its number in the contract.
    pub fn number(self) -> i32 {
        self as i32
    }

    /// Whether it waits to be decided.
    pub fn is_open(self) -> bool {
        matches!(self, State::Submitted | State::Accepted | State::Returned)
    }

    /// Whether it covers its days now.
    pub fn is_in_force(self) -> bool {
        matches!(self, State::InForce | State::Provisional)
    }

    /// Whether it covers, or once covered, days.
    pub fn was_in_force(self) -> bool {
        !self.is_open() && !matches!(self, State::Rejected | State::Withdrawn)
    }
}
