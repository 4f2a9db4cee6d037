//! A step in the life of a filing.

use chrono::{DateTime, NaiveDate, Utc};

use super::filing::{Actor, Filing, State};

yizhan_workflow::named! {
    /// What is done. From `Expire` on no caller does it: time, another filing that takes the place of this one, or what became of the person
    /// in enrollment's register.
    Action {
        Submit = 1, "SUBMIT", "提交";
        Accept = 2, "ACCEPT", "受理";
        Complete = 3, "COMPLETE", "办结";
        Reject = 4, "REJECT", "不予备案";
        Return = 5, "RETURN", "退回补正";
        Supply = 6, "SUPPLY", "补充材料";
        HandOver = 7, "HAND_OVER", "转办";
        Withdraw = 8, "WITHDRAW", "撤回";
        Cancel = 9, "CANCEL", "取消";
        Expire = 10, "EXPIRE", "到期";
        Lapse = 11, "LAPSE", "逾期失效";
        Replace = 12, "REPLACE", "变更";
        Follow = 13, "FOLLOW", "随参保关系变动";
    }
}

/// A step: the filing as it becomes, and how. Writing it sets the version.
pub type Taken = yizhan_workflow::Taken<Filing, State, Action, Actor>;

/// When steps are taken, and by whom.
#[derive(Clone, Debug)]
pub struct Occasion {
    /// The day.
    pub today: NaiveDate,
    /// The moment.
    pub now: DateTime<Utc>,
    /// Who does it.
    pub actor: Actor,
}

impl Occasion {
    /// A step taken then, without a reason: from where the filing stood, if it did, to how it becomes.
    pub fn step(&self, from: Option<State>, action: Action, after: Filing) -> Taken {
        Taken { after, from, action, actor: self.actor.clone(), reason: String::new() }
    }
}
