//! The states of a transfer and the one table of its steps.

use sea_orm::{ActiveEnum, DeriveActiveEnum, EnumIter, Iterable};
use yizhan_workflow::{Never, Step, To, Workflow, no_needs, step};

/// Where a transfer stands; the numbers are the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i32", db_type = "Integer")]
pub enum State {
    /// Opened, no document yet.
    Applied = 1,
    /// T2101 is out.
    Notified = 2,
    /// T2102 is there.
    StatementReady = 3,
    /// Taken by the receiving area.
    Accepted = 4,
    /// Rejected by the receiving area.
    Rejected = 5,
    /// The statement was given back.
    Returned = 6,
    /// Refused by the sending area.
    Refused = 7,
    /// Stands still.
    Locked = 8,
    /// Taken back.
    Withdrawn = 9,
    /// Done.
    Finished = 10,
}

impl State {
    /// From the contract's number.
    pub fn from_code(code: i32) -> Option<Self> {
        State::try_from_value(&code).ok()
    }

    /// Those in which more can happen.
    pub fn open() -> impl Iterator<Item = State> {
        State::iter().filter(|state| !TRANSFERS.is_over(*state))
    }

    /// Whose turn it is, on the clock: the sending area's up to its statement, the receiving area's from there to the end.
    pub fn turn(self) -> Option<Side> {
        match self {
            State::Applied | State::Notified | State::Returned => Some(Side::Sending),
            State::StatementReady | State::Accepted => Some(Side::Receiving),
            State::Rejected | State::Refused | State::Locked | State::Withdrawn | State::Finished => None,
        }
    }

    /// 申请状态. The dictionary has no code for finished: it stays 转入已接收.
    pub fn appy_stas(self) -> &'static str {
        match self {
            State::Applied | State::Notified => "0",
            State::StatementReady => "1",
            State::Accepted | State::Finished => "2",
            State::Rejected => "3",
            State::Returned => "4",
            State::Refused => "5",
            State::Locked => "6",
            State::Withdrawn => "7",
        }
    }
}

/// A step; the numbers are the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i32", db_type = "Integer")]
pub enum Action {
    /// Opening it.
    Start = 1,
    /// T2101 申请通知单.
    GenerateNotice = 2,
    /// T2102 缴费年限.
    GenerateStatement = 3,
    /// 转入接收.
    Accept = 4,
    /// 拒绝.
    Reject = 5,
    /// 回退.
    Return = 6,
    /// T2103 办结反馈.
    Finish = 7,
    /// 锁定.
    Lock = 8,
    /// 解锁.
    Unlock = 9,
    /// 撤销.
    Withdraw = 10,
}

impl Action {
    /// From the contract's number; opening is no step of an open transfer.
    pub fn from_code(code: i32) -> Option<Self> {
        TRANSFERS.actions(&Role::ALL).into_iter().find(|action| action.to_value() == code)
    }

    /// Whether the record must say why.
    pub fn needs_reason(self) -> bool {
        TRANSFERS.says_why(self)
    }

    /// The document it generates (业务环节编码).
    pub fn document(self) -> Option<&'static str> {
        match self {
            Action::GenerateNotice => Some("T2101"),
            Action::GenerateStatement => Some("T2102"),
            Action::Finish => Some("T2103"),
            _ => None,
        }
    }
}

/// Which side takes a step; the numbers are the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "i32", db_type = "Integer")]
pub enum Side {
    /// 转出地.
    Sending = 1,
    /// 转入地.
    Receiving = 2,
    /// The person.
    Person = 3,
}

/// The sides a caller may act for: an agency of a province acts for both of two areas in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sides {
    /// 转出地.
    pub sending: bool,
    /// 转入地.
    pub receiving: bool,
    /// The person.
    pub person: bool,
}

impl Sides {
    /// Whether it is one of them.
    pub fn has(self, side: Side) -> bool {
        match side {
            Side::Sending => self.sending,
            Side::Receiving => self.receiving,
            Side::Person => self.person,
        }
    }
}

/// Which area a transfer starts from (业务流程编码).
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Initiator {
    /// 转入地发起.
    #[sea_orm(string_value = "T21")]
    Receiving,
    /// 转出地发起.
    #[sea_orm(string_value = "T22")]
    Sending,
}

impl Initiator {
    /// From 业务流程编码.
    pub fn from_code(code: &str) -> Option<Self> {
        Initiator::try_from_value(&code.to_owned()).ok()
    }

    /// The side.
    pub fn side(self) -> Side {
        match self {
            Initiator::Receiving => Side::Receiving,
            Initiator::Sending => Side::Sending,
        }
    }
}

/// What of a transfer decides which steps it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Where it stands.
    pub state: State,
    /// Who started it.
    pub initiator: Initiator,
    /// While locked: where it stood, and which side locked it.
    pub locked: Option<(State, Side)>,
}

/// As what a step is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Sending,
    Receiving,
    /// The side that started it.
    Initiator,
    Person,
    /// The side that locked it.
    Locker,
}

impl Role {
    const ALL: [Role; 5] = [Role::Sending, Role::Receiving, Role::Initiator, Role::Person, Role::Locker];

    /// The side it is here; nobody locked what is not locked.
    fn side(self, position: Position) -> Option<Side> {
        match self {
            Role::Sending => Some(Side::Sending),
            Role::Receiving => Some(Side::Receiving),
            Role::Initiator => Some(position.initiator.side()),
            Role::Person => Some(Side::Person),
            Role::Locker => position.locked.map(|(_, side)| side),
        }
    }
}

/// Every step there is: from where, by whom, to where. Nothing else decides about steps.
const STEPS: &[Step<State, Action, Role>] = {
    use {Action::*, State::*};
    // Unlocking leads back to where it stood.
    const LOCKABLE: &[State] = &[Applied, Notified, StatementReady, Accepted, Returned];
    const AREAS: &[Role] = &[Role::Sending, Role::Receiving];
    const BEGAN: &[Role] = &[Role::Initiator, Role::Person];
    &[
        step(GenerateNotice, &[Applied], &[Role::Initiator], To::State(Notified)),
        step(GenerateStatement, &[Notified, Returned], &[Role::Sending], To::State(StatementReady)),
        step(Accept, &[StatementReady], &[Role::Receiving], To::State(Accepted)),
        step(Reject, &[StatementReady], &[Role::Receiving], To::State(Rejected)).says_why(),
        step(Reject, &[Notified, Returned], &[Role::Sending], To::State(Refused)).says_why(),
        step(Return, &[StatementReady, Accepted], &[Role::Receiving], To::State(Returned)).says_why().aside(),
        step(Finish, &[Accepted], &[Role::Receiving], To::State(Finished)),
        step(Lock, LOCKABLE, AREAS, To::State(Locked)).says_why().aside(),
        step(Unlock, &[Locked], &[Role::Locker], To::OneOf(LOCKABLE)),
        step(Withdraw, &[Applied, Notified, StatementReady, Returned], BEGAN, To::State(Withdrawn))
            .says_why()
            .aside(),
    ]
};

const TRANSFERS: Workflow<State, Action, Role> = {
    use State::*;
    Workflow { steps: STEPS, begins: &[Applied], ends: &[Rejected, Refused, Withdrawn, Finished] }
};

/// Why a step is refused.
pub type Refused = yizhan_workflow::Refused<State, Action, Never>;
/// A step that was allowed: where the transfer stands behind it, and for which side it was taken.
pub type Taken = yizhan_workflow::Taken<Position, State, Action, Side>;

/// As what the caller takes part.
fn roles(position: Position, caller: Sides) -> Vec<Role> {
    let held = |role: &Role| role.side(position).is_some_and(|side| caller.has(side));
    Role::ALL.into_iter().filter(held).collect()
}

/// Where a step leads, and for which side it is taken.
pub fn next(position: Position, action: Action, caller: Sides) -> Result<(Position, Side), Refused> {
    let next = TRANSFERS.case(position.state, no_needs).next(action, &roles(position, caller))?;
    let side = next.by.side(position).unwrap_or(position.initiator.side());
    let state = match next.to {
        To::State(state) => state,
        To::Stay | To::OneOf(_) => position.locked.map_or(position.state, |(before, _)| before),
    };
    let locked = (state == State::Locked).then_some((position.state, side));
    Ok((Position { state, locked, ..position }, side))
}

/// What the caller may do now.
pub fn allowed_actions(position: Position, caller: Sides) -> Vec<Action> {
    TRANSFERS.case(position.state, no_needs).allowed(&roles(position, caller))
}

#[cfg(test)]
mod tests;
