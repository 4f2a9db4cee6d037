use super::*;

const OURS: &str = "civil-affairs";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn held(begndate: &str, enddate: &str) -> Identity {
    let period = Period { begndate: day(begndate), enddate: enddate.parse().ok() };
    Identity { psn_idet_type: "2303".into(), name: "低保".into(), period, department: OURS.into() }
}

fn claim(row: i64, action: Action, from: &str, enddate: &str) -> Claim {
    let enddate = if action == Action::Add { enddate.parse().ok() } else { Some(day(from)) };
    let (psn_idet_type, name) = ("2303".into(), "低保".into());
    Claim { row, action, psn_idet_type, name, day: day(from), begndate: None, enddate }
}

fn add(row: i64, from: &str, enddate: &str) -> Claim {
    claim(row, Action::Add, from, enddate)
}

fn remove(row: i64, last: &str) -> Claim {
    claim(row, Action::Remove, last, "")
}

/// Applies, and again: what the second time tells and leaves must be no change.
fn placed(mut identities: Vec<Identity>, claims: &[Claim]) -> (Vec<(i64, Outcome)>, Vec<Identity>) {
    let mut told = place(&mut identities, OURS, claims);
    let before = identities.clone();
    for (row, outcome) in place(&mut identities, OURS, claims) {
        let quiet = matches!(outcome, Outcome::Unchanged | Outcome::Refused(_));
        assert!(quiet, "row {row} again: {outcome:?}");
    }
    assert_eq!(identities, before, "the same rows again change nothing");
    told.sort_by_key(|(row, _)| *row);
    (told, identities)
}

#[test]
fn an_addition_begins_continues_or_shortens() {
    use Outcome::*;
    let cases: &[(&[Identity], Claim, Outcome, &[Identity])] = &[
        (&[], add(1, "2024-02-29", ""), Added, &[held("2024-02-29", "")]),
        (&[held("2024-01-01", "")], add(1, "2024-01-01", ""), Unchanged, &[held("2024-01-01", "")]),
        (&[held("2024-01-01", "")], add(1, "2024-06-01", ""), Unchanged, &[held("2024-01-01", "")]),
        (
            &[held("2024-01-01", "2024-12-31")],
            add(1, "2024-12-31", "2025-12-31"),
            Updated,
            &[held("2024-01-01", "2025-12-31")],
        ),
        (
            &[held("2024-01-01", "2024-12-31")],
            add(1, "2025-01-01", ""),
            Added,
            &[held("2024-01-01", "2024-12-31"), held("2025-01-01", "")],
        ),
        (
            &[held("2024-01-01", "")],
            add(1, "2024-01-01", "2024-06-30"),
            Updated,
            &[held("2024-01-01", "2024-06-30")],
        ),
        (
            &[held("2024-06-01", "")],
            add(1, "2024-01-01", ""),
            Refused(Reason::IdentityOverlap),
            &[held("2024-06-01", "")],
        ),
        (
            &[held("2024-01-01", "2024-03-31"), held("2024-06-01", "")],
            add(1, "2024-01-01", "2024-06-01"),
            Refused(Reason::IdentityOverlap),
            &[held("2024-01-01", "2024-03-31"), held("2024-06-01", "")],
        ),
    ];
    for (before, claim, outcome, after) in cases {
        let (told, identities) = placed(before.to_vec(), std::slice::from_ref(claim));
        assert_eq!((told[0].1, identities.as_slice()), (*outcome, *after), "{claim:?}");
    }
}

#[test]
fn a_removal_ends_what_holds_and_nothing_else() {
    let (told, left) = placed(vec![held("2024-01-01", "")], &[remove(1, "2024-05-31")]);
    assert_eq!((told[0].1, left), (Outcome::Ended, vec![held("2024-01-01", "2024-05-31")]));
    for identities in [vec![], vec![held("2024-06-01", "")], vec![held("2024-01-01", "2024-05-30")]] {
        let (told, left) = placed(identities.clone(), &[remove(1, "2024-05-31")]);
        assert_eq!(told[0].1, Outcome::Refused(Reason::IdentityNotHeld));
        assert_eq!(left, identities);
    }
    let other = Identity { department: "veterans".into(), ..held("2024-01-01", "") };
    let (told, left) = placed(vec![other.clone()], &[remove(1, "2024-05-31")]);
    assert_eq!((told[0].1, left), (Outcome::Refused(Reason::IdentityNotHeld), vec![other]));
}

#[test]
fn order_in_the_file_does_not_matter() {
    let rows = [add(1, "2024-06-01", ""), remove(2, "2024-05-31")];
    let (told, left) = placed(vec![held("2023-01-01", "")], &rows);
    assert_eq!(told, [(1, Outcome::Added), (2, Outcome::Ended)]);
    assert_eq!(left, [held("2023-01-01", "2024-05-31"), held("2024-06-01", "")]);
    let rows = [add(1, "2024-04-01", ""), add(2, "2024-01-01", "2024-03-31")];
    let (_, left) = placed(vec![held("2024-01-01", "")], &rows);
    assert_eq!(left, [held("2024-01-01", "2024-03-31"), held("2024-04-01", "")]);
}

#[test]
fn rows_that_repeat_or_contradict_are_refused() {
    let refused = Outcome::Refused(Reason::DuplicateRow);
    let twice = [add(1, "2024-01-01", ""), add(2, "2024-01-01", "")];
    assert_eq!(placed(vec![], &twice).0, [(1, Outcome::Added), (2, refused)]);
    let against = [remove(1, "2024-05-31"), add(2, "2024-01-01", "")];
    let (told, left) = placed(vec![held("2024-01-01", "")], &against);
    assert_eq!(told, [(1, Outcome::Ended), (2, refused)]);
    assert_eq!(left, [held("2024-01-01", "2024-05-31")]);
}

#[test]
fn absence_ends_the_day_before() {
    let other = Identity { department: String::new(), ..held("2024-01-01", "") };
    let over = held("2023-01-01", "2023-12-31");
    let mut identities = vec![over.clone(), other.clone(), held("2024-01-01", ""), held("2024-03-01", "")];
    assert_eq!(end_absent(&mut identities, OURS, day("2024-03-01"), |_| true), 2);
    assert_eq!(identities, [over, other, held("2024-01-01", "2024-02-29")]);
}
