//! A step in the life of a filing.

use super::filing::{Actor, Filing, State};

/// What is done. The numbers are the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// 提交.
    Submit = 1,
    /// 受理.
    Accept,
    /// 办结.
    Complete,
    /// 不予备案.
    Reject,
    /// 退回补正.
    Return,
    /// 补充材料.
    Supply,
    /// 转办.
    HandOver,
    /// 撤回.
    Withdraw,
    /// 取消.
    Cancel,
    /// 到期, by time.
    Expire,
    /// 逾期失效, by time.
    Lapse,
    /// 变更: another filing takes the place of this one.
    Replace,
    /// Following what became of the person in enrollment's register.
    Follow,
}

impl Action {
    /// Its number in the contract.
    pub fn number(self) -> i32 {
        self as i32
    }

    /// Its name in the contract, without the prefix.
    pub fn name(self) -> &'static str {
        match self {
            Action::Submit => "SUBMIT",
            Action::Accept => "ACCEPT",
            Action::Complete => "COMPLETE",
            Action::Reject => "REJECT",
            Action::Return => "RETURN",
            Action::Supply => "SUPPLY",
            Action::HandOver => "HAND_OVER",
            Action::Withdraw => "WITHDRAW",
            Action::Cancel => "CANCEL",
            Action::Expire => "EXPIRE",
            Action::Lapse => "LAPSE",
            Action::Replace => "REPLACE",
            Action::Follow => "FOLLOW",
        }
    }
}

/// A step: the filing as it becomes, and how. Writing it sets the version.
pub type Taken = yizhan_workflow::Taken<Filing, State, Action, Actor>;
