use super::*;
use crate::people::domain::{Action, ITEMS, Need, Role};

fn at(hour: u32) -> DateTime<Utc> {
    format!("2026-05-01T{hour:02}:00:00Z").parse().unwrap()
}

fn raised(line_fen: i64, last: &str, poolarea_no: &str) -> Raised {
    let item =
        PersonItem { psn_no: "P1".into(), line_fen, own_share_fen: line_fen + 1, ..PersonItem::default() };
    Raised {
        item_id: "I1".into(),
        kind: Kind::OwnShare,
        poolarea_no: poolarea_no.into(),
        last: last.into(),
        item,
    }
}

fn worked(row: &Model, state: State) -> Model {
    let row = Model { state: state.number(), ..row.clone() };
    Model { is_open: is_open(state, row.stands), ..row }
}

#[test]
fn an_item_follows_what_stands() {
    let above = raised(20_000, "2026-04-01 S1", "430200");
    assert_eq!(next(None, None, at(1)), None);
    let new = next(None, Some(&above), at(1)).unwrap();
    assert_eq!((new.why, new.row.is_open, new.row.version), (None, true, 1));
    assert_eq!(next(Some(&new.row), Some(&above), at(2)), None, "told twice");
    let contacted = worked(&new.row, State::Contacted);
    let gone = next(Some(&contacted), None, at(2)).unwrap();
    assert_eq!((gone.why, gone.row.stands, gone.row.is_open), (Some(Why::BelowLine), false, false));
    assert_eq!(next(Some(&gone.row), None, at(3)), None);
    let again = next(Some(&gone.row), Some(&above), at(3)).unwrap();
    assert_eq!(
        (again.why, again.row.state, again.row.is_open),
        (Some(Why::AboveLine), State::Contacted.number(), true)
    );
}

#[test]
fn an_application_that_runs_stays_to_be_worked_on() {
    let new = next(None, Some(&raised(20_000, "2026-04-01 S1", "430200")), at(1)).unwrap().row;
    let gone = next(Some(&worked(&new, State::Applied)), None, at(2)).unwrap().row;
    assert_eq!((gone.stands, gone.is_open), (false, true));
    let met = |need| need != Need::Stands;
    let allowed = ITEMS.case(State::Applied, met).allowed(&[Role::Officer]);
    assert_eq!(allowed, [Action::Grant, Action::Decline, Action::Close]);
}

#[test]
fn a_further_line_opens_what_was_declined_and_says_so() {
    let new = next(None, Some(&raised(20_000, "2026-04-01 S1", "430200")), at(1)).unwrap().row;
    let more = raised(50_000, "2026-05-01 S2", "430200");
    for (state, then) in [
        (State::Contacted, State::Contacted),
        (State::Granted, State::Granted),
        (State::Declined, State::New),
        (State::Closed, State::New),
    ] {
        let next = next(Some(&worked(&new, state)), Some(&more), at(2)).unwrap();
        assert_eq!(
            (next.why, next.row.state, next.row.line_fen),
            (Some(Why::NextLine), then.number(), 50_000)
        );
    }
    let high = next(None, Some(&more), at(1)).unwrap().row;
    let less = next(Some(&high), Some(&raised(20_000, "2026-04-01 S1", "430200")), at(2)).unwrap();
    assert_eq!(less.why, Some(Why::LowerLine));
}

#[test]
fn the_area_that_keeps_the_record_works_on_it_until_another_pays() {
    let new = next(None, Some(&raised(20_000, "2026-04-01 S1", "430200")), at(1)).unwrap().row;
    let there = moved(&new, "430300", at(2)).unwrap();
    assert_eq!((there.why, there.row.poolarea_no.as_str()), (Some(Why::AreaChanged), "430300"));
    assert_eq!(moved(&there.row, "430300", at(3)), None, "both areas are told of it");
    assert_eq!(moved(&worked(&new, State::Closed), "430300", at(2)), None);
    let late = raised(20_000, "2026-04-09 S3", "430200");
    let stays = next(Some(&there.row), Some(&late), at(3)).map_or(there.row.clone(), |next| next.row);
    assert_eq!(stays.poolarea_no, "430300", "a visit from before");
    let back = next(Some(&stays), Some(&raised(20_000, "2026-06-01 S4", "430200")), at(4)).unwrap();
    assert_eq!((back.why, back.row.poolarea_no.as_str()), (Some(Why::AreaChanged), "430200"));
}

#[test]
fn the_table_has_no_flaws() {
    assert_eq!(ITEMS.flaws(State::ALL), Vec::<String>::new());
    let doubt = |need| need != Need::OwnShare;
    assert_eq!(
        ITEMS.case(State::New, doubt).allowed(&[Role::Officer]),
        [Action::See, Action::Contact, Action::Close]
    );
    let over = ITEMS.case(State::Granted, |_| true).next(Action::Apply, &[Role::Officer]).unwrap_err();
    assert_eq!(over.allowed, [Action::Reopen]);
}
