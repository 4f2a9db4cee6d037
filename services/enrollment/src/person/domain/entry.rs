//! The entries of a timeline's lists: by what they are told apart and sorted.

use chrono::NaiveDate;

use super::household::HouseholdMember;
use super::period::Period;
use super::timeline::{AccountShare, Coverage, DiseaseEntitlement, Identity, Membership, Timeline};

/// What putting an entry into a timeline did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// Its key was new.
    Created,
    /// It replaced a different entry of the same key.
    Updated,
    /// It was there already.
    Unchanged,
}

/// An entry of one of the lists of a timeline.
pub trait Entry: Clone + PartialEq {
    /// The list it belongs to.
    fn list(timeline: &Timeline) -> &Vec<Self>;

    /// The same, to change it.
    fn list_mut(timeline: &mut Timeline) -> &mut Vec<Self>;

    /// What entries are told apart by, and their list is sorted by.
    fn key(&self) -> impl Ord;

    /// The days it holds.
    fn period(&self) -> Period;

    /// The same on other days.
    fn over(&self, period: Period) -> Self;

    /// The first day it holds.
    fn begndate(&self) -> NaiveDate {
        self.period().begndate
    }

    /// Whether the two are the same entry, perhaps with other contents.
    fn same_key(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Timeline {
    /// Puts an entry in, replacing the one of the same key.
    pub fn put<E: Entry>(&mut self, entry: E) -> Put {
        let list = E::list_mut(self);
        let put = match list.iter().position(|held| held.same_key(&entry)) {
            Some(at) if list[at] == entry => return Put::Unchanged,
            Some(at) => {
                list[at] = entry;
                Put::Updated
            }
            None => {
                list.push(entry);
                Put::Created
            }
        };
        list.sort_by(|one, other| one.key().cmp(&other.key()));
        put
    }

    /// Takes the entry of this key out; gives whether there was one.
    pub fn withdraw<E: Entry>(&mut self, entry: &E) -> bool {
        let list = E::list_mut(self);
        let held = list.len();
        list.retain(|held| !held.same_key(entry));
        list.len() < held
    }

    /// The stretch of the same insutype that overlaps this one, if any.
    pub fn overlapping(&self, coverage: &Coverage) -> Option<&Coverage> {
        self.coverages.iter().find(|held| {
            held.insutype == coverage.insutype
                && !held.same_key(coverage)
                && held.period.overlaps(&coverage.period)
        })
    }
}

/// For each kind of entries its list in the timeline, and its key.
macro_rules! entries {
    ($($entry:ident in $list:ident by |$held:ident| $key:expr;)+) => {$(
        impl Entry for $entry {
            fn list(timeline: &Timeline) -> &Vec<Self> {
                &timeline.$list
            }

            fn list_mut(timeline: &mut Timeline) -> &mut Vec<Self> {
                &mut timeline.$list
            }

            fn key(&self) -> impl Ord {
                let $held = self;
                $key
            }

            fn period(&self) -> Period {
                self.period
            }

            fn over(&self, period: Period) -> Self {
                $entry { period, ..self.clone() }
            }
        }
    )+};
}

entries! {
    Coverage in coverages by |held| (held.insutype, held.period.begndate);
    Identity in identities by |held| {
        (held.period.begndate, format!("{} {} {}", held.psn_idet_type, held.name, held.department))
    };
    Membership in memberships by |held| (held.kind, held.period.begndate, held.category.as_str());
    AccountShare in account_shares by |held| (held.period.begndate, held.sharer_psn_no.as_str());
    HouseholdMember in households by |held| (held.period.begndate, held.household_no.as_str());
    DiseaseEntitlement in diseases by |held| (held.kind, held.period.begndate, held.dise_codg.as_str());
}
