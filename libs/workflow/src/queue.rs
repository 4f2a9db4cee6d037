//! What of a queue is overdue. A queue is kept in a table with the day since which each case waits; whether that was too long ago depends
//! on the calendar of an area and on how many working days there were, so both are asked once for all cases alike.

use std::collections::BTreeMap;

use chrono::NaiveDate;

/// Cases of these, to be decided in so many working days, are overdue if they wait since this day or longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overdue<K> {
    /// Whose calendar counts, as a rule areas.
    pub of: Vec<K>,
    /// How many working days there are.
    pub working_days: u32,
    /// The latest day.
    pub since: NaiveDate,
}

/// Since when what is overdue waits, of each whose calendar counts and each number of working days; `latest_start` counts them back from
/// today. Mostly one calendar holds everywhere, so those that it makes alike are taken together.
pub fn overdue<K>(
    terms: impl IntoIterator<Item = (K, u32)>,
    latest_start: impl Fn(&K, u32) -> NaiveDate,
) -> Vec<Overdue<K>> {
    let mut alike: BTreeMap<(u32, NaiveDate), Vec<K>> = BTreeMap::new();
    for (key, working_days) in terms {
        alike.entry((working_days, latest_start(&key, working_days))).or_default().push(key);
    }
    let overdue = |((working_days, since), of)| Overdue { of, working_days, since };
    alike.into_iter().map(overdue).collect()
}
