//! From which day on a change makes a timeline say something else than before: followers need not look at what happened earlier.

use chrono::NaiveDate;

use super::entry::Entry;
use super::timeline::{Coverage, DiseaseEntitlement, Identity, Membership, Timeline};

/// The first day about which the two may answer a question of entitlement differently; `None` where there is none. Whose account may be
/// used entitles to nothing.
pub fn first_day(before: &Timeline, after: &Timeline) -> Option<NaiveDate> {
    let (was, is) = (&before.person, &after.person);
    let born = (was.brdy != is.brdy).then(|| was.brdy.min(is.brdy));
    let died =
        if was.die_date == is.die_date { None } else { was.die_date.into_iter().chain(is.die_date).min() };
    let entries = [
        of_list::<Coverage>(before, after),
        of_list::<Identity>(before, after),
        of_list::<Membership>(before, after),
        of_list::<DiseaseEntitlement>(before, after),
    ];
    entries.into_iter().chain([born, died]).flatten().min()
}

fn of_list<E: Entry>(before: &Timeline, after: &Timeline) -> Option<NaiveDate> {
    let (before, after) = (E::list(before), E::list(after));
    let gone = before.iter().filter(|entry| !after.contains(entry)).map(|entry| day_of(entry, after));
    let new = after.iter().filter(|entry| !before.contains(entry)).map(|entry| day_of(entry, before));
    gone.chain(new).min()
}

/// The first day an entry that only one side has says something else than the other side: behind the earlier end where only the end differs.
fn day_of<E: Entry>(entry: &E, others: &[E]) -> NaiveDate {
    let period = entry.period();
    let other = others.iter().find(|other| entry.same_key(other) && entry.over(other.period()) == **other);
    let ends = other.into_iter().flat_map(|other| [period.enddate, other.period().enddate]).flatten();
    ends.min().and_then(|last| last.succ_opt()).unwrap_or(period.begndate)
}

#[cfg(test)]
mod tests {
    use super::super::timeline::examples::{coverage, period, person};
    use super::*;

    fn day(text: &str) -> Option<NaiveDate> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn an_end_touches_what_comes_after_it() {
        let mut before = person("1980-01-01");
        before.put(coverage("310", "2020-01-01", ""));
        assert_eq!(first_day(&before, &before), None);
        let mut after = before.clone();
        after.put(coverage("310", "2020-01-01", "2026-05-31"));
        assert_eq!(first_day(&before, &after), day("2026-06-01"));
        assert_eq!(first_day(&after, &before), day("2026-06-01"), "undone, the same days are touched");
        let mut longer = after.clone();
        longer.put(coverage("310", "2020-01-01", "2026-08-31"));
        assert_eq!(first_day(&after, &longer), day("2026-06-01"));
        let mut retired = before.clone();
        retired.put(Coverage { psn_type: "12".to_owned(), ..coverage("310", "2020-01-01", "") });
        assert_eq!(first_day(&before, &retired), day("2020-01-01"), "another thing from its first day on");
    }

    #[test]
    fn the_earliest_of_all_that_changed() {
        let before = person("1980-01-01");
        let mut after = before.clone();
        let poor = Identity {
            psn_idet_type: "2303".to_owned(),
            name: "低保".to_owned(),
            period: period("2026-03-01", ""),
            department: String::new(),
        };
        after.put(poor);
        after.put(coverage("310", "2026-02-01", ""));
        assert_eq!(first_day(&before, &after), day("2026-02-01"));
        after.person.die_date = day("2026-01-15");
        assert_eq!(first_day(&before, &after), day("2026-01-15"));
        let renamed = Timeline {
            person: super::super::timeline::PersonFacts {
                psn_name_masked: "李*".to_owned(),
                ..before.person.clone()
            },
            ..before.clone()
        };
        assert_eq!(first_day(&before, &renamed), None);
        let mut born = before.clone();
        born.person.brdy = "1979-12-31".parse().unwrap();
        assert_eq!(first_day(&before, &born), day("1979-12-31"));
    }
}
