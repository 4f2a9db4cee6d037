//! A small office: asked, answered or sent back, and for ever taken back by whoever asked.

use proptest::prelude::*;
use yizhan_workflow::{Next, Overdue, Step, To, Why, Workflow, overdue, step};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Asked,
    SentBack,
    Answered,
    Closed,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Answer,
    SendBack,
    Amend,
    TakeBack,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Asker,
    Clerk,
    Chief,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Seen,
    Signed,
}
use {Action::*, Need::*, Role::*, State::*};

const STATES: [State; 4] = [Asked, SentBack, Answered, Closed];
const STEPS: &[Step<State, Action, Role, Need>] = &[
    step(Answer, &[Asked], &[Clerk], To::State(Answered)).needs(&[Seen, Signed]),
    step(Answer, &[Asked], &[Chief], To::State(Answered)).needs(&[Seen]),
    step(SendBack, &[Asked], &[Clerk, Chief], To::State(SentBack)).says_why().aside(),
    step(Amend, &[SentBack], &[Asker], To::State(Asked)),
    step(Amend, &[Asked], &[Asker], To::Stay).aside(),
    step(TakeBack, &[Asked, SentBack], &[Asker], To::State(Closed)).says_why().aside(),
];
const OFFICE: Workflow<State, Action, Role, Need> =
    Workflow { steps: STEPS, begins: &[Asked], ends: &[Answered, Closed] };

#[test]
fn the_table_is_good_and_each_flaw_is_found() {
    assert_eq!(OFFICE.flaws(&STATES), [""; 0]);
    let no_end = Workflow { ends: &[Answered, Asked], ..OFFICE };
    assert_eq!(no_end.flaws(&STATES), ["Asked is no end", "Closed has no way out"]);
    let lost = Workflow { begins: &[Answered], ..OFFICE };
    assert_eq!(lost.flaws(&STATES).len(), 3);
    const TWICE: &[Step<State, Action, Role, Need>] = &[
        step(Answer, &[Asked], &[Clerk, Chief], To::State(Answered)),
        step(Answer, &[Asked, SentBack], &[Chief], To::State(Closed)),
        step(Amend, &[], &[Asker], To::State(SentBack)),
        step(Amend, &[Asked], &[Asker], To::OneOf(&[])),
    ];
    assert_eq!(
        Workflow { steps: TWICE, ..OFFICE }.flaws(&STATES),
        [
            "SentBack is never reached",
            "Answer, row 1, repeats another",
            "Amend, row 2, is no step",
            "Amend, row 3, is no step",
        ]
    );
}

#[test]
fn a_refusal_says_whose_it_is_then_when_then_what_is_missing() {
    let seen = OFFICE.case(Asked, |need| need == Seen);
    assert_eq!(seen.next(Answer, &[Asker]).unwrap_err().why, Why::NotByThisRole);
    assert_eq!(seen.next(Answer, &[Clerk]).unwrap_err().why, Why::Needs(Signed));
    assert_eq!(seen.next(Answer, &[Clerk, Chief]), Ok(Next { to: To::State(Answered), by: Chief }));
    let over = OFFICE.case(Closed, |_| true).next(Answer, &[Clerk]).unwrap_err();
    assert_eq!((over.state, over.why, over.allowed), (Closed, Why::NotInThisState, vec![]));
}

#[test]
fn who_is_next_and_what_waits() {
    assert_eq!(OFFICE.case(Asked, |_| true).who_is_next(), [Clerk, Chief]);
    assert_eq!(OFFICE.case(Asked, |_| false).who_is_next(), []);
    assert_eq!(OFFICE.case(SentBack, |_| true).who_is_next(), [Asker]);
    assert_eq!(OFFICE.waits_for(&[Clerk]), [Asked]);
    assert_eq!(OFFICE.actions(&[Asker]), [Amend, TakeBack]);
    assert!(OFFICE.says_why(SendBack) && !OFFICE.says_why(Amend) && OFFICE.is_over(Answered));
}

#[test]
fn what_one_calendar_makes_alike_is_asked_for_once() {
    let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
    let since = |area: &&str, _: u32| if *area == "Z" { day("2026-01-02") } else { day("2026-01-05") };
    let told = overdue([("A", 2), ("Z", 2), ("B", 2), ("A", 5)], since);
    let one = |of: &[&'static str], working_days, since: &str| Overdue {
        of: of.to_vec(),
        working_days,
        since: day(since),
    };
    assert_eq!(
        told,
        [one(&["Z"], 2, "2026-01-02"), one(&["A", "B"], 2, "2026-01-05"), one(&["A"], 5, "2026-01-05")]
    );
}

proptest! {
    /// What is told to be allowed is what can be done, whoever asks and whatever is met; and nobody acts as what they are not.
    #[test]
    fn allowed_is_what_can_be_done(
        state in prop::sample::select(&STATES[..]),
        roles in prop::sample::subsequence(vec![Asker, Clerk, Chief], 0..=3),
        met in prop::sample::subsequence(vec![Seen, Signed], 0..=2),
    ) {
        let case = OFFICE.case(state, |need| met.contains(&need));
        let allowed = case.allowed(&roles);
        for action in [Answer, SendBack, Amend, TakeBack] {
            match case.next(action, &roles) {
                Ok(next) => prop_assert!(allowed.contains(&action) && roles.contains(&next.by)),
                Err(refused) => {
                    prop_assert!(!allowed.contains(&action));
                    prop_assert_eq!((refused.state, &refused.allowed), (state, &allowed));
                }
            }
        }
        prop_assert!(!OFFICE.is_over(state) || allowed.is_empty());
    }
}
