//! A merge of two persons taken back: what of one timeline is whose.

use std::collections::BTreeSet;

use crate::coverage::domain::take_back::{NotTakenBack, take_back};
use crate::person::domain::entry::Entry;
use crate::person::domain::timeline::{AccountShare, Timeline};

/// Two persons again.
#[derive(Clone, Debug)]
pub struct Apart {
    /// The one whose number had stayed.
    pub kept: Timeline,
    /// The other.
    pub other: Timeline,
}

/// What a change made of the kept record: as it was before, and after.
pub type Made = (Timeline, Timeline);

/// Takes what a merge moved out of the kept record as it is `now`. `other` is the other record as it was before the merge, `theirs` the
/// changes since that are the other person's, the latest first: they go with it.
pub fn apart(
    now: &Timeline,
    merge: &Made,
    other: &Timeline,
    theirs: &[Made],
    went: &BTreeSet<String>,
) -> Result<Apart, NotTakenBack> {
    let (mut kept, mut other) = (now.clone(), other.clone());
    for (before, after) in theirs {
        undone(take_back(&mut kept, before, after))?;
    }
    undone(take_back(&mut kept, &merge.0, &merge.1))?;
    kept.merged_psn_nos.retain(|psn_no| !went.contains(psn_no));
    // What is taken back the other way round is done.
    for (before, after) in theirs.iter().rev() {
        undone(take_back(&mut other, after, before))?;
    }
    Ok(Apart { kept, other })
}

/// A change of what stands beside the timeline changed nothing of it.
fn undone(result: Result<(), NotTakenBack>) -> Result<(), NotTakenBack> {
    match result {
        Err(NotTakenBack::Nothing) => Ok(()),
        other => other,
    }
}

/// In a third person's shares those are the other person's again that were theirs `before` the merge, as far as they are there still. What was
/// withdrawn since stays withdrawn, of both where one share had stood for two.
pub fn restore_sharer(now: &mut Timeline, before: &Timeline, kept_psn_no: &str, psn_no: &str) {
    for was in before.account_shares.iter().filter(|share| share.sharer_psn_no == psn_no) {
        let merged = AccountShare { sharer_psn_no: kept_psn_no.to_owned(), ..was.clone() };
        let Some(held) = now.account_shares.iter().find(|held| held.same_key(&merged)).cloned() else {
            continue;
        };
        now.withdraw(&held);
        let withdrawn = held.withdrawn;
        match before.account_shares.iter().find(|share| share.same_key(&merged)) {
            Some(own) => {
                now.put(AccountShare { withdrawn, ..own.clone() });
                now.put(AccountShare { withdrawn, ..was.clone() });
            }
            None => {
                now.put(AccountShare { sharer_psn_no: psn_no.to_owned(), ..held });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{merge, rename_sharer};
    use super::*;
    use crate::person::domain::timeline::examples::{coverage, period, person, product};

    /// The kept record insured as an employee until 2022, the other since 2023.
    fn two() -> (Timeline, Timeline, Made) {
        let (mut kept, mut other) = (person("1980-01-01"), person("1980-01-01"));
        kept.put(coverage("310", "2020-01-01", "2022-12-31"));
        kept.put(product("惠衢保", "惠衢保", "2021-01-01", ""));
        other.put(coverage("310", "2023-01-01", ""));
        other.put(product("惠衢保", "惠衢保", "2021-01-01", ""));
        let merged = merge(("K", &kept), ("M", &other)).unwrap();
        let made = (kept.clone(), merged.kept);
        (kept, other, made)
    }

    fn went() -> BTreeSet<String> {
        BTreeSet::from(["M".to_owned()])
    }

    #[test]
    fn two_records_are_as_they_were_and_what_came_since_is_the_kept_one_s() {
        let (kept, other, merge) = two();
        let mut now = merge.1.clone();
        let again = apart(&now, &merge, &other, &[], &went()).unwrap();
        assert_eq!((again.kept, again.other), (kept.clone(), other.clone()));
        now.put(product("工会", "工会", "2024-01-01", ""));
        let since = apart(&now, &merge, &other, &[], &went()).unwrap();
        assert_eq!((since.kept.memberships.len(), since.other), (2, other));
        assert_eq!(since.kept.coverages, kept.coverages);
    }

    #[test]
    fn what_the_operator_names_goes_with_the_other() {
        let (kept, other, merge) = two();
        // The other's coverage ended since.
        let before = merge.1.clone();
        let mut after = before.clone();
        after.put(coverage("310", "2023-01-01", "2024-06-30"));
        let refused = apart(&after, &merge, &other, &[], &went()).unwrap_err();
        assert_eq!(refused, NotTakenBack::BuiltUpon(Some("2023-01-01".parse().unwrap())));
        let named = apart(&after, &merge, &other, &[(before, after.clone())], &went()).unwrap();
        assert_eq!(named.kept, kept);
        assert_eq!(named.other.coverages, [coverage("310", "2023-01-01", "2024-06-30")]);
    }

    #[test]
    fn shares_of_the_account_go_back_and_stay_withdrawn() {
        let share = |sharer: &str, begndate: &str| AccountShare {
            sharer_psn_no: sharer.to_owned(),
            period: period(begndate, ""),
            kinship: None,
            consent: None,
            withdrawn: None,
        };
        let mut before = person("1990-01-01");
        for share in [share("K", "2024-01-01"), share("M", "2024-01-01"), share("M", "2025-01-01")] {
            before.put(share);
        }
        let mut now = before.clone();
        rename_sharer(&mut now, "M", "K");
        assert_eq!(now.account_shares.len(), 2);
        let mut back = now.clone();
        restore_sharer(&mut back, &before, "K", "M");
        assert_eq!(back, before);
        let day = "2025-06-01".parse().unwrap();
        now.account_shares.iter_mut().for_each(|share| share.withdrawn = Some(day));
        restore_sharer(&mut now, &before, "K", "M");
        assert_eq!(now.account_shares.len(), 3);
        assert!(now.account_shares.iter().all(|share| share.withdrawn == Some(day)));
    }
}
