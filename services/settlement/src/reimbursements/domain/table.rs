//! The one table of steps: who may take which, from where, what it needs, where it leads.

use yizhan_workflow::{Step, To, Workflow, named, step};

named! {
    /// Where an application stands.
    State {
        Waiting = 1, "WAITING", "待补正";
        FirstReview = 2, "FIRST_REVIEW", "待初审";
        SecondReview = 3, "SECOND_REVIEW", "待复审";
        Approved = 4, "APPROVED", "待拨付";
        Bounced = 5, "BOUNCED", "拨付退回";
        Closed = 6, "CLOSED", "已办结";
        Refused = 7, "REFUSED", "不予报销";
        Withdrawn = 8, "WITHDRAWN", "已撤回";
        Reversed = 9, "REVERSED", "已撤销";
        Owing = 10, "OWING", "待退回";
    }
}

named! {
    /// A step.
    Action {
        Submit = 1, "SUBMIT", "受理";
        Supplement = 2, "SUPPLEMENT", "补正";
        Pass = 3, "PASS", "初审通过";
        Ask = 4, "ASK", "要求补正";
        SendBack = 5, "SEND_BACK", "退回初审";
        Refuse = 6, "REFUSE", "不予报销";
        Approve = 7, "APPROVE", "复审通过";
        Withdraw = 8, "WITHDRAW", "撤回";
        ChangeAccount = 9, "CHANGE_ACCOUNT", "变更账户";
        Reverse = 10, "REVERSE", "撤销";
        Repay = 11, "REPAY", "退回款入账";
        Net = 12, "NET", "抵扣";
        Pay = 13, "PAY", "拨付";
        Bounce = 14, "BOUNCE", "银行退回";
    }
}

/// What somebody is to an application. One may be both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The person.
    Applicant,
    /// An officer of the area's agency.
    Officer,
    /// No caller: a run.
    Run,
}

/// What a step needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Not an officer who took it in, or corrected it.
    NotOwn,
    /// Not an officer who passed it in the first review.
    AnotherOfficer,
    /// Nothing was asked for yet.
    FirstAsk,
    /// The days for what was asked for are over.
    SupplementOver,
    /// No run holds it.
    NotListed,
    /// It stands.
    NotReversed,
}

const STEPS: &[Step<State, Action, Role, Need>] = {
    use {Action::*, Need::*, Role::*, State::*};
    &[
        step(Supplement, &[Waiting], &[Applicant, Officer], To::State(FirstReview)),
        step(Supplement, &[FirstReview], &[Officer], To::Stay).aside(),
        step(Pass, &[FirstReview], &[Officer], To::State(SecondReview)).needs(&[NotOwn]),
        step(Ask, &[FirstReview], &[Officer], To::State(Waiting)).needs(&[FirstAsk]).says_why().aside(),
        step(SendBack, &[SecondReview], &[Officer], To::State(FirstReview))
            .needs(&[NotOwn, AnotherOfficer])
            .says_why()
            .aside(),
        step(Refuse, &[Waiting], &[Officer], To::State(Refused)).needs(&[SupplementOver]).says_why(),
        step(Refuse, &[FirstReview], &[Officer], To::State(Refused)).needs(&[NotOwn]).says_why(),
        step(Refuse, &[SecondReview], &[Officer], To::State(Refused))
            .needs(&[NotOwn, AnotherOfficer])
            .says_why(),
        step(Approve, &[SecondReview], &[Officer], To::OneOf(&[Approved, Closed]))
            .needs(&[NotOwn, AnotherOfficer]),
        step(Withdraw, &[Waiting, FirstReview, SecondReview], &[Applicant, Officer], To::State(Withdrawn))
            .says_why()
            .aside(),
        step(ChangeAccount, &[Approved], &[Applicant, Officer], To::Stay).needs(&[NotListed]).aside(),
        step(ChangeAccount, &[Bounced], &[Applicant, Officer], To::State(Approved)),
        step(Reverse, &[Approved, Bounced, Closed], &[Officer], To::OneOf(&[Reversed, Owing]))
            .needs(&[NotReversed])
            .says_why()
            .aside(),
        step(Repay, &[Owing], &[Officer], To::OneOf(&[Owing, Reversed])),
        step(Pay, &[Approved], &[Run], To::OneOf(&[Closed, Reversed])),
        step(Net, &[Approved, Owing], &[Run], To::OneOf(&[Approved, Closed, Owing, Reversed])).aside(),
        step(Bounce, &[Approved, Closed, Owing, Reversed], &[Run], To::OneOf(&[Bounced, Owing, Reversed]))
            .aside(),
    ]
};

/// Applications, from the window to the day on which nothing is owed either way.
pub const REIMBURSEMENTS: Workflow<State, Action, Role, Need> = Workflow {
    steps: STEPS,
    begins: &[State::Waiting, State::FirstReview],
    ends: &[State::Refused, State::Withdrawn],
};

impl Action {
    /// One that a caller takes, by its number in the contract.
    pub fn asked(number: i32) -> Option<Action> {
        let asked = REIMBURSEMENTS.actions(&[Role::Applicant, Role::Officer]);
        asked.into_iter().find(|action| action.number() == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_good() {
        assert_eq!(REIMBURSEMENTS.flaws(State::ALL), [""; 0]);
        assert_eq!(
            REIMBURSEMENTS.waits_for(&[Role::Officer]),
            [State::Waiting, State::FirstReview, State::SecondReview, State::Bounced, State::Owing]
        );
    }
}
