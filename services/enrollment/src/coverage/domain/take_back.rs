//! What was recorded by mistake is taken back (更正): the entries that a change brought go, those it took come again. Only if nothing
//! was built upon it since: what came later is taken back first.

use chrono::NaiveDate;

use super::coverage_changes::end_by_death;
use crate::person::domain::entry::Entry;
use crate::person::domain::household::HouseholdMember;
use crate::person::domain::invariants::{Broken, broken};
use crate::person::domain::timeline::{
    AccountShare, Coverage, DiseaseEntitlement, Identity, Membership, Timeline,
};

/// Why a change is not taken back; the timeline is as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotTakenBack {
    /// It did nothing that could be.
    Nothing,
    /// Something it brought or took was changed again, or a coverage was decided since; that one's first day.
    BuiltUpon(Option<NaiveDate>),
    /// What it took no longer fits beside what came since.
    Contradicts(Vec<Broken>),
}

/// Takes back what made `after` of `before`.
pub fn take_back(now: &mut Timeline, before: &Timeline, after: &Timeline) -> Result<(), NotTakenBack> {
    let mut next = now.clone();
    let covers = undo::<Coverage>(&mut next, before, after)?;
    let others = [
        undo::<Identity>(&mut next, before, after)?,
        undo::<Membership>(&mut next, before, after)?,
        undo::<AccountShare>(&mut next, before, after)?,
        undo::<DiseaseEntitlement>(&mut next, before, after)?,
        undo::<HouseholdMember>(&mut next, before, after)?,
    ];
    let died = before.person.die_date != after.person.die_date;
    if covers.is_none() && others.iter().all(Option::is_none) && !died {
        return Err(NotTakenBack::Nothing);
    }
    if died {
        if next.person.die_date != after.person.die_date {
            return Err(NotTakenBack::BuiltUpon(None));
        }
        next.person.die_date = before.person.die_date;
    }
    let since = |held: &&Coverage| held.waiting.is_some() && !after.coverages.contains(held);
    let decided = next.coverages.iter().filter(|held| !before.coverages.contains(held));
    let built = decided.filter(since).find(|held| covers.is_some_and(|first| first <= held.period.begndate));
    if let Some(built) = built {
        return Err(NotTakenBack::BuiltUpon(Some(built.period.begndate)));
    }
    if let Some(died) = next.person.die_date {
        end_by_death(&mut next, died);
    }
    let broken = broken(&next);
    if !broken.is_empty() {
        return Err(NotTakenBack::Contradicts(broken));
    }
    *now = next;
    Ok(())
}

/// Undoes it in one list; gives the first day of what changed there, if anything did.
fn undo<E: Entry>(
    now: &mut Timeline,
    before: &Timeline,
    after: &Timeline,
) -> Result<Option<NaiveDate>, NotTakenBack> {
    let (was, became) = (E::list(before), E::list(after));
    let came: Vec<&E> = became.iter().filter(|entry| !was.contains(entry)).collect();
    let gone: Vec<&E> = was.iter().filter(|entry| !became.contains(entry)).collect();
    let list = E::list_mut(now);
    for entry in &came {
        let at = list.iter().position(|held| held == *entry);
        list.remove(at.ok_or(NotTakenBack::BuiltUpon(Some(entry.begndate())))?);
    }
    for entry in &gone {
        if list.iter().any(|held| held.same_key(entry)) {
            return Err(NotTakenBack::BuiltUpon(Some(entry.begndate())));
        }
        list.push((*entry).clone());
    }
    list.sort_by(|one, other| one.key().cmp(&other.key()));
    Ok(came.iter().chain(&gone).map(|entry| entry.begndate()).min())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::domain::coverage_changes::{Change, Set, end, turn};
    use crate::person::domain::entry::Put;
    use crate::person::domain::timeline::CoverageState;
    use crate::person::domain::timeline::examples::*;
    use yizhan_terms::Insutype;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn insured() -> Timeline {
        let mut insured = person("1980-01-01");
        insured.put(coverage("310", "2024-01-01", ""));
        insured
    }

    #[test]
    fn every_change_is_taken_back_to_what_was() {
        type Happens = fn(&mut Timeline);
        let changes: [Happens; 6] = [
            |person| end(person, Insutype::Employee, day("2025-03-01"), Change::End).unwrap(),
            |person| end_by_death(person, day("2025-03-01")),
            |person| {
                turn(person, Insutype::Employee, day("2025-03-01"), Change::Pause, Set::default()).unwrap()
            },
            |person| {
                turn(person, Insutype::Employee, day("2025-03-01"), Change::Freeze, Set::default()).unwrap()
            },
            |person| assert_eq!(person.put(product("惠衢保", "惠衢保", "2025-01-01", "")), Put::Created),
            |person| assert_eq!(person.put(coverage("510", "2025-01-01", "")), Put::Created),
        ];
        for (at, happens) in changes.iter().enumerate() {
            let before = insured();
            let mut now = before.clone();
            happens(&mut now);
            let after = now.clone();
            assert_ne!(after, before, "{at}");
            take_back(&mut now, &before, &after).unwrap();
            assert_eq!(now, before, "{at}");
            assert!(take_back(&mut now, &before, &after).is_err(), "{at}: only once");
            assert_eq!(now, before, "{at}");
            // And taking back is a change as others are.
            take_back(&mut now, &after, &before).unwrap();
            assert_eq!(now, after, "{at}");
        }
    }

    #[test]
    fn what_was_built_upon_stays() {
        let before = insured();
        let mut now = before.clone();
        end(&mut now, Insutype::Employee, day("2025-03-01"), Change::End).unwrap();
        let ended = now.clone();
        // Insured as a resident since.
        now.put(coverage("390", "2025-06-01", "2025-12-31"));
        let refused = take_back(&mut now.clone(), &before, &ended).unwrap_err();
        assert_eq!(refused, NotTakenBack::Contradicts(vec![Broken::TwoBasicSchemes]));
        // Or the end was moved since.
        let mut moved = ended.clone();
        moved.coverages[0].period.enddate = Some(day("2025-01-31"));
        let refused = take_back(&mut moved, &before, &ended).unwrap_err();
        assert_eq!(refused, NotTakenBack::BuiltUpon(Some(day("2024-01-01"))));
        assert_eq!(take_back(&mut now, &ended, &ended), Err(NotTakenBack::Nothing));
    }

    #[test]
    fn who_died_meanwhile_stays_dead() {
        let before = insured();
        let mut now = before.clone();
        end(&mut now, Insutype::Employee, day("2025-03-01"), Change::End).unwrap();
        let ended = now.clone();
        end_by_death(&mut now, day("2025-06-30"));
        take_back(&mut now, &before, &ended).unwrap();
        assert_eq!(now.coverages[0].period.enddate, Some(day("2025-06-30")));
        assert_eq!(now.coverages[0].state, CoverageState::Normal);
    }
}
