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
        (open, Lock) if !TRANSFERS.is_over(open) && (caller.sending || caller.receiving) => {
            Some(State::Locked)
        }
        (State::Accepted, Withdraw) => None,
        (open, Withdraw) if !TRANSFERS.is_over(open) && (starts || caller.person) => Some(State::Withdrawn),
        _ => None,
    }
}

#[test]
fn the_table_is_good() {
    assert_eq!(TRANSFERS.flaws(&State::iter().collect::<Vec<_>>()), [""; 0]);
}

#[test]
fn every_step_from_every_state_by_everyone() {
    let mut allowed = 0;
    for state in State::iter() {
        for initiator in [Initiator::Receiving, Initiator::Sending] {
            for caller in [SENDING, RECEIVING, PERSON, BOTH, Sides::default()] {
                let position = at(state, initiator);
                for action in TRANSFERS.actions(&Role::ALL) {
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
    for state in State::iter().filter(|state| TRANSFERS.is_over(*state)) {
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
    for state in State::iter() {
        assert_eq!(State::from_code(state.to_value()), Some(state));
    }
    for action in TRANSFERS.actions(&Role::ALL) {
        assert_eq!(Action::from_code(action.to_value()), Some(action));
    }
    assert_eq!(Action::from_code(Action::Start.to_value()), None);
    assert_eq!((State::from_code(0), State::from_code(11), Action::from_code(11)), (None, None, None));
}
