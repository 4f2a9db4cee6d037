//! The states of a transfer and the one table of its steps.

use yizhan_workflow::{Never, Step, To, Workflow, no_needs, step};

/// Where a transfer stands; the numbers are the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Opened, no document yet.
    Applied = 1,
    /// T2101 is out.
    Notified,
    /// T2102 is there.
    StatementReady,
    /// Taken by the receiving area.
    Accepted,
    /// Rejected by the receiving area.
    Rejected,
    /// The statement was given back.
    Returned,
    /// Refused by the sending area.
    Refused,
    /// Stands still.
    Locked,
    /// Taken back.
    Withdrawn,
    /// Done.
    Finished,
}

impl State {
    /// All of them.
    pub const ALL: [State; 10] = [
        State::Applied,
        State::Notified,
        State::StatementReady,
        State::Accepted,
        State::Rejected,
        State::Returned,
        State::Refused,
        State::Locked,
        State::Withdrawn,
        State::Finished,
    ];

    /// The contract's number.
    pub fn code(self) -> i32 {
        self as i32
    }

    /// From the contract's number.
    pub fn from_code(code: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
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

    /// Whether more can happen.
    pub fn is_open(self) -> bool {
        !TRANSFERS.is_over(self)
    }
}

/// A step; the numbers are the contract's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Opening it.
    Start = 1,
    /// T2101 申请通知单.
    GenerateNotice,
    /// T2102 缴费年限.
    GenerateStatement,
    /// 转入接收.
    Accept,
    /// 拒绝.
    Reject,
    /// 回退.
    Return,
    /// T2103 办结反馈.
    Finish,
    /// 锁定.
    Lock,
    /// 解锁.
    Unlock,
    /// 撤销.
    Withdraw,
}

impl Action {
    /// All that [`next`] knows.
    pub const ALL: [Action; 9] = [
        Action::GenerateNotice,
        Action::GenerateStatement,
        Action::Accept,
        Action::Reject,
        Action::Return,
        Action::Finish,
        Action::Lock,
        Action::Unlock,
        Action::Withdraw,
    ];

    /// The contract's number.
    pub fn code(self) -> i32 {
        self as i32
    }

    /// From the contract's number; opening is no step of an open transfer.
    pub fn from_code(code: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.code() == code)
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// 转出地.
    Sending = 1,
    /// 转入地.
    Receiving,
    /// The person.
    Person,
}

impl Side {
    /// The contract's number.
    pub fn code(self) -> i32 {
        self as i32
    }

    /// From the contract's number.
    pub fn from_code(code: i32) -> Option<Self> {
        [Side::Sending, Side::Receiving, Side::Person].into_iter().find(|side| side.code() == code)
    }
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initiator {
    /// T21 转入地发起.
    Receiving,
    /// T22 转出地发起.
    Sending,
}

impl Initiator {
    /// From 业务流程编码.
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "T21" => Some(Initiator::Receiving),
            "T22" => Some(Initiator::Sending),
            _ => None,
        }
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
mod tests {
    use super::*;

    const SENDING: Sides = Sides { sending: true, receiving: false, person: false };
    const RECEIVING: Sides = Sides { sending: false, receiving: true, person: false };
    const PERSON: Sides = Sides { sending: false, receiving: false, person: true };
    const BOTH: Sides = Sides { sending: true, receiving: true, person: false };

    fn at(state: State, initiator: Initiator) -> Position {
        let locked = (state == State::Locked).then_some((State::Accepted, Side::Sending));
        Position { state, initiator, locked }
    }

    /// Every state, every action, every caller: written out once more, by hand, as a person reads the contract.
    fn expected(state: State, action: Action, initiator: Initiator, caller: Sides) -> Option<State> {
        use Action::*;
        let starts = caller.has(initiator.side());
        match (state, action) {
            (State::Applied, GenerateNotice) if starts => Some(State::Notified),
            (State::Notified | State::Returned, GenerateStatement) if caller.sending => {
                Some(State::StatementReady)
            }
            (State::Notified | State::Returned, Reject) if caller.sending => Some(State::Refused),
            (State::StatementReady, Accept) if caller.receiving => Some(State::Accepted),
            (State::StatementReady, Reject) if caller.receiving => Some(State::Rejected),
            (State::StatementReady | State::Accepted, Return) if caller.receiving => Some(State::Returned),
            (State::Accepted, Finish) if caller.receiving => Some(State::Finished),
            (State::Locked, Unlock) if caller.sending => Some(State::Accepted),
            (State::Locked, _) => None,
            (open, Lock) if open.is_open() && (caller.sending || caller.receiving) => Some(State::Locked),
            (State::Accepted, Withdraw) => None,
            (open, Withdraw) if open.is_open() && (starts || caller.person) => Some(State::Withdrawn),
            _ => None,
        }
    }

    #[test]
    fn the_table_is_good() {
        assert_eq!(TRANSFERS.flaws(&State::ALL), [""; 0]);
    }

    #[test]
    fn every_step_from_every_state_by_everyone() {
        let mut allowed = 0;
        for state in State::ALL {
            for initiator in [Initiator::Receiving, Initiator::Sending] {
                for caller in [SENDING, RECEIVING, PERSON, BOTH, Sides::default()] {
                    let position = at(state, initiator);
                    for action in Action::ALL {
                        let expected = expected(state, action, initiator, caller);
                        let found = next(position, action, caller);
                        let told = allowed_actions(position, caller).contains(&action);
                        assert_eq!(told, expected.is_some(), "{state:?} {action:?} {initiator:?} {caller:?}");
                        match found {
                            Ok((after, side)) => {
                                assert_eq!(Some(after.state), expected);
                                assert!(caller.has(side), "nobody acts for a side they are not");
                                assert_eq!(after.locked.is_some(), after.state == State::Locked);
                                allowed += 1;
                            }
                            Err(refused) => {
                                assert_eq!(expected, None);
                                assert_eq!(refused.state, state);
                            }
                        }
                    }
                }
            }
        }
        assert!(allowed > 60, "{allowed}");
    }

    #[test]
    fn what_is_over_stays_over() {
        for state in State::ALL.into_iter().filter(|state| !state.is_open()) {
            assert_eq!(allowed_actions(at(state, Initiator::Sending), BOTH), []);
        }
    }

    #[test]
    fn unlocking_leads_back_and_only_the_locker_unlocks() {
        let accepted = at(State::Accepted, Initiator::Receiving);
        let (locked, side) = next(accepted, Action::Lock, RECEIVING).unwrap();
        assert_eq!((locked.state, side), (State::Locked, Side::Receiving));
        assert_eq!(next(locked, Action::Unlock, SENDING).unwrap_err().allowed, []);
        let (back, _) = next(locked, Action::Unlock, RECEIVING).unwrap();
        assert_eq!(back, accepted);
    }

    #[test]
    fn codes_come_back() {
        for state in State::ALL {
            assert_eq!(State::from_code(state.code()), Some(state));
        }
        for action in Action::ALL {
            assert_eq!(Action::from_code(action.code()), Some(action));
        }
        assert_eq!(Action::from_code(Action::Start.code()), None);
        assert_eq!((State::from_code(0), State::from_code(11), Action::from_code(11)), (None, None, None));
    }
}
