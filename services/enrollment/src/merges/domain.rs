//! Two records of one person made one: what moves, and what contradicts.

pub mod apart;

use std::fmt;

use crate::coverage::domain::coverage_changes::end_by_death;
use crate::person::domain::entry::Entry;
use crate::person::domain::household::HouseholdMember;
use crate::person::domain::invariants::{Broken, broken};
use crate::person::domain::period::Period;
use crate::person::domain::timeline::{
    AccountShare, Coverage, CoverageState, DiseaseEntitlement, Identity, MAX_ENTRIES, Membership, Timeline,
};

/// Two timelines that became one.
#[derive(Clone, Debug)]
pub struct Merged {
    /// What the kept record holds now.
    pub kept: Timeline,
    /// What stays of the other.
    pub tombstone: Timeline,
    /// Entries that moved.
    pub moved: usize,
    /// Entries both had alike.
    pub equal: usize,
}

/// Something the two records say differently. Printed without personal data, e.g. `coverage 310@2024-01-01 390@2024-03-01`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contradiction {
    /// The persons differ in this field.
    Person(&'static str),
    /// Two coverages that cannot both be: of the kept record, and of the other.
    Coverages(Box<(Coverage, Coverage)>),
    /// One entry of a list, by its first day, told in two ways.
    Entry(&'static str, chrono::NaiveDate),
    /// Together two entries of a list hold on one day that exclude each other.
    Overlap(&'static str),
    /// Together more entries of a list than a record may hold.
    TooMany(&'static str),
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Contradiction::Person(field) => write!(f, "person {field}"),
            Contradiction::Coverages(both) => {
                let (kept, other) = both.as_ref();
                write!(f, "coverage {}@{} ", kept.insutype, kept.period.begndate)?;
                write!(f, "{}@{}", other.insutype, other.period.begndate)
            }
            Contradiction::Entry(list, begndate) => write!(f, "{list} {begndate}"),
            Contradiction::Overlap(list) => write!(f, "{list} overlap"),
            Contradiction::TooMany(list) => write!(f, "{list} more than {MAX_ENTRIES}"),
        }
    }
}

/// Moves everything of `other` into `keep`; or says everything that contradicts.
pub fn merge(
    (keep_psn_no, keep): (&str, &Timeline),
    (other_psn_no, other): (&str, &Timeline),
) -> Result<Merged, Vec<Contradiction>> {
    let mut merging = Merging { kept: keep.clone(), moved: 0, equal: 0, contradictions: Vec::new() };
    merging.person(other);
    merging.coverages(&keep.coverages, &other.coverages);
    merging.entries::<Identity>("identity", &other.identities);
    merging.entries::<Membership>("membership", &other.memberships);
    merging.kept.account_shares.retain(|share| share.sharer_psn_no != other_psn_no);
    let shares: Vec<AccountShare> =
        other.account_shares.iter().filter(|share| share.sharer_psn_no != keep_psn_no).cloned().collect();
    merging.entries("account_share", &shares);
    merging.entries::<DiseaseEntitlement>("disease", &other.diseases);
    merging.entries::<HouseholdMember>("household", &other.households);
    for broken in broken(&merging.kept) {
        match broken {
            Broken::DiseasesOverlap => merging.contradictions.push(Contradiction::Overlap("disease")),
            Broken::HouseholdsOverlap => merging.contradictions.push(Contradiction::Overlap("household")),
            // Named one by one.
            Broken::TwoBasicSchemes | Broken::CoveragesOverlap | Broken::Disorder => {}
        }
    }
    merging.kept.merged_psn_nos.extend(other.merged_psn_nos.iter().cloned());
    merging.kept.merged_psn_nos.insert(other_psn_no.to_owned());
    if !merging.contradictions.is_empty() {
        return Err(merging.contradictions);
    }
    // One record knew of a death, the other was insured beyond it.
    if let Some(died) = merging.kept.person.die_date {
        end_by_death(&mut merging.kept, died);
    }
    let tombstone =
        Timeline { merged_into: Some(keep_psn_no.to_owned()), ..Timeline::of(other.person.clone()) };
    Ok(Merged { kept: merging.kept, tombstone, moved: merging.moved, equal: merging.equal })
}

/// In a third person's account shares the kept record takes the other's place.
pub fn rename_sharer(timeline: &mut Timeline, from_psn_no: &str, to_psn_no: &str) {
    let (renamed, others): (Vec<_>, Vec<_>) = std::mem::take(&mut timeline.account_shares)
        .into_iter()
        .partition(|share| share.sharer_psn_no == from_psn_no);
    timeline.account_shares = others;
    for share in renamed {
        let renamed = AccountShare { sharer_psn_no: to_psn_no.to_owned(), ..share };
        let same = timeline.account_shares.iter().find(|held| held.same_key(&renamed));
        // Shared twice from the same day on: the longer one says all.
        if same.is_none_or(|held| held.period.enddate.is_some_and(|end| !renamed.period.ended_before(end))) {
            timeline.put(renamed);
        }
    }
}

struct Merging {
    kept: Timeline,
    moved: usize,
    equal: usize,
    contradictions: Vec<Contradiction>,
}

impl Merging {
    fn person(&mut self, other: &Timeline) {
        let (kept, other) = (&mut self.kept.person, &other.person);
        let known = |gend: &str| ["1", "2"].contains(&gend);
        let sex_differs = known(&kept.gend) && known(&other.gend) && kept.gend != other.gend;
        let death_differs =
            kept.die_date.is_some() && other.die_date.is_some() && kept.die_date != other.die_date;
        let fields = [("brdy", kept.brdy != other.brdy), ("gend", sex_differs), ("die_date", death_differs)];
        let differing = fields.into_iter().filter(|(_, differs)| *differs);
        self.contradictions.extend(differing.map(|(field, _)| Contradiction::Person(field)));
        kept.die_date = kept.die_date.or(other.die_date);
    }

    fn coverages(&mut self, kept: &[Coverage], others: &[Coverage]) {
        let (same, moving): (Vec<&Coverage>, Vec<&Coverage>) =
            others.iter().partition(|other| kept.contains(other));
        self.equal += same.len();
        self.moved += moving.len();
        for (held, other) in kept.iter().flat_map(|held| moving.iter().map(move |other| (held, *other))) {
            if contradict(held, other) && !same.contains(&held) {
                self.contradictions.push(Contradiction::Coverages(Box::new((held.clone(), other.clone()))));
            }
        }
        let kept_pieces = kept.iter().flat_map(|held| around(held, moving.iter().copied(), false));
        let moved_pieces = moving.iter().flat_map(|other| around(other, kept.iter(), true));
        let mut coverages: Vec<Coverage> = kept_pieces.chain(moved_pieces).collect();
        coverages.sort_by(|one, other| one.key().cmp(&other.key()));
        self.kept.coverages = coverages;
        self.limit("coverage", self.kept.coverages.len());
    }

    fn entries<E: Entry>(&mut self, list: &'static str, others: &[E]) {
        for other in others {
            match E::list(&self.kept).iter().find(|held| held.same_key(other)) {
                Some(held) if held == other => self.equal += 1,
                Some(_) => self.contradictions.push(Contradiction::Entry(list, other.begndate())),
                None => {
                    self.kept.put(other.clone());
                    self.moved += 1;
                }
            }
        }
        self.limit(list, E::list(&self.kept).len());
    }

    fn limit(&mut self, list: &'static str, entries: usize) {
        if entries > MAX_ENTRIES {
            self.contradictions.push(Contradiction::TooMany(list));
        }
    }
}

/// Two stretches that share a day and cannot both be true of one person: of one scheme, or of two basic schemes. 终止 says only
/// that there is nothing, and gives way.
fn contradict(one: &Coverage, other: &Coverage) -> bool {
    let ended = |coverage: &Coverage| coverage.state == CoverageState::Ended;
    (one.insutype == other.insutype || one.insutype.is_basic() && other.insutype.is_basic())
        && one.period.overlaps(&other.period)
        && !ended(one)
        && !ended(other)
}

/// What is left of a stretch of 终止 around those of the other record in the same scheme (`also_ended`: around its 终止 as
/// well); any other stretch as it is.
fn around<'a>(
    stretch: &Coverage,
    others: impl Iterator<Item = &'a Coverage>,
    also_ended: bool,
) -> Vec<Coverage> {
    if stretch.state != CoverageState::Ended {
        return vec![stretch.clone()];
    }
    let stronger = others.filter(|other| {
        other.insutype == stretch.insutype && (also_ended || other.state != CoverageState::Ended)
    });
    let pieces = stronger.fold(vec![stretch.period], |pieces, other| {
        pieces.iter().flat_map(|piece| without(*piece, other.period)).collect()
    });
    pieces.into_iter().map(|period| Coverage { period, ..stretch.clone() }).collect()
}

/// The days of a period that are not in another.
fn without(period: Period, other: Period) -> Vec<Period> {
    if !period.overlaps(&other) {
        return vec![period];
    }
    let before = other.begndate.pred_opt().filter(|last| period.begndate <= *last);
    let before = before.map(|last| Period { begndate: period.begndate, enddate: Some(last) });
    let after = other.enddate.and_then(|end| end.succ_opt()).filter(|first| !period.ended_before(*first));
    let after = after.map(|first| Period { begndate: first, enddate: period.enddate });
    before.into_iter().chain(after).collect()
}

#[cfg(test)]
mod tests;
