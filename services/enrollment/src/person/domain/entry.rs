//! The entries of a timeline's lists: by what they are told apart and sorted.

use chrono::NaiveDate;

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

    /// Whether the two are the same entry, perhaps with other contents.
    fn same_key(&self, other: &Self) -> bool;

    /// What the list is sorted by.
    fn order(&self) -> (String, NaiveDate, String);

    /// As imported over the one of the same key: keeps what imports cannot tell, where it still fits.
    fn imported_over(self, _held: &Self) -> Self {
        self
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
        list.sort_by_key(Entry::order);
        put
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

impl Entry for Coverage {
    fn list(timeline: &Timeline) -> &Vec<Self> {
        &timeline.coverages
    }

    fn list_mut(timeline: &mut Timeline) -> &mut Vec<Self> {
        &mut timeline.coverages
    }

    fn same_key(&self, other: &Self) -> bool {
        self.insutype == other.insutype && self.period.begndate == other.period.begndate
    }

    fn order(&self) -> (String, NaiveDate, String) {
        (self.insutype.to_string(), self.period.begndate, String::new())
    }

    /// The decision stays while the first day of entitlement is the one it led to.
    fn imported_over(self, held: &Self) -> Self {
        let decided = held.waiting.clone().filter(|_| held.entitled_begndate == self.entitled_begndate);
        Coverage { waiting: decided, ..self }
    }
}

impl Entry for Identity {
    fn list(timeline: &Timeline) -> &Vec<Self> {
        &timeline.identities
    }

    fn list_mut(timeline: &mut Timeline) -> &mut Vec<Self> {
        &mut timeline.identities
    }

    fn same_key(&self, other: &Self) -> bool {
        self.psn_idet_type == other.psn_idet_type
            && self.name == other.name
            && self.department == other.department
            && self.period.begndate == other.period.begndate
    }

    fn order(&self) -> (String, NaiveDate, String) {
        (
            String::new(),
            self.period.begndate,
            format!("{} {} {}", self.psn_idet_type, self.name, self.department),
        )
    }
}

impl Entry for Membership {
    fn list(timeline: &Timeline) -> &Vec<Self> {
        &timeline.memberships
    }

    fn list_mut(timeline: &mut Timeline) -> &mut Vec<Self> {
        &mut timeline.memberships
    }

    fn same_key(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.category == other.category
            && self.period.begndate == other.period.begndate
    }

    fn order(&self) -> (String, NaiveDate, String) {
        (self.kind.code().to_string(), self.period.begndate, self.category.clone())
    }
}

impl Entry for AccountShare {
    fn list(timeline: &Timeline) -> &Vec<Self> {
        &timeline.account_shares
    }

    fn list_mut(timeline: &mut Timeline) -> &mut Vec<Self> {
        &mut timeline.account_shares
    }

    fn same_key(&self, other: &Self) -> bool {
        self.sharer_psn_no == other.sharer_psn_no && self.period.begndate == other.period.begndate
    }

    fn order(&self) -> (String, NaiveDate, String) {
        (String::new(), self.period.begndate, self.sharer_psn_no.clone())
    }
}

impl Entry for DiseaseEntitlement {
    fn list(timeline: &Timeline) -> &Vec<Self> {
        &timeline.diseases
    }

    fn list_mut(timeline: &mut Timeline) -> &mut Vec<Self> {
        &mut timeline.diseases
    }

    fn same_key(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.dise_codg == other.dise_codg
            && self.period.begndate == other.period.begndate
    }

    fn order(&self) -> (String, NaiveDate, String) {
        (self.kind.code().to_string(), self.period.begndate, self.dise_codg.clone())
    }
}
