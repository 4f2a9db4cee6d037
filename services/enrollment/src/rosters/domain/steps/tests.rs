use sea_orm::Iterable;

use super::*;

const ACTIONS: [Action; 5] =
    [Action::Send, Action::Seal, Action::GiveUp, Action::ApplyRows, Action::EndAbsent];

#[test]
fn the_table_is_good() {
    let all: Vec<State> = State::iter().collect();
    assert_eq!(ROSTERS.flaws(&all), [""; 0]);
    assert_eq!(to_be_applied(), [State::Rows, State::Absence]);
}

/// Every step from every state by everyone, as the contract tells it.
#[test]
fn nothing_is_given_up_once_it_is_sealed_and_nothing_is_applied_before() {
    use Action::*;
    for (state, by, full, allowed) in [
        (State::Staging, Role::Department, true, &[Send, Seal, GiveUp][..]),
        (State::Staging, Role::Applier, true, &[]),
        (State::Staging, Role::Clock, true, &[GiveUp]),
        (State::Rows, Role::Department, false, &[]),
        (State::Rows, Role::Applier, false, &[ApplyRows]),
        (State::Rows, Role::Clock, false, &[]),
        (State::Absence, Role::Department, true, &[]),
        (State::Absence, Role::Applier, true, &[EndAbsent]),
        (State::Done, Role::Department, true, &[]),
        (State::Done, Role::Applier, true, &[]),
        (State::Abandoned, Role::Department, true, &[]),
        (State::Abandoned, Role::Clock, true, &[]),
    ] {
        let found: Vec<Action> =
            ACTIONS.into_iter().filter(|action| next(state, *action, by, full).is_ok()).collect();
        assert_eq!(found, allowed, "{state:?} {by:?}");
    }
}

#[test]
fn only_a_full_roster_ends_what_it_misses() {
    let applied = |full| next(State::Rows, Action::ApplyRows, Role::Applier, full).unwrap();
    assert_eq!((applied(true), applied(false)), (State::Absence, State::Done));
}
