//! Where a filing stands.

use serde::{Deserialize, Serialize};

yizhan_workflow::named! {
    /// Where a filing stands.
    #[derive(Serialize, Deserialize)]
    State {
        Submitted = 1, "SUBMITTED", "待受理";
        Accepted = 2, "ACCEPTED", "已受理";
        Returned = 3, "RETURNED", "退回补正";
        InForce = 4, "IN_FORCE", "已办结";
        Provisional = 5, "PROVISIONAL", "已办结，材料待补";
        Rejected = 6, "REJECTED", "不予备案";
        Withdrawn = 7, "WITHDRAWN", "已撤回";
        Cancelled = 8, "CANCELLED", "已取消";
        Replaced = 9, "REPLACED", "已变更";
        Expired = 10, "EXPIRED", "已到期";
        Lapsed = 11, "LAPSED", "逾期失效";
    }
}

impl State {
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
