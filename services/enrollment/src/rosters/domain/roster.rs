//! What the rows of a roster that are about one person do to that person's identities.

use chrono::{Days, NaiveDate};
use yizhan_runtime::Reason;

use crate::person::domain::entry::Entry;
use crate::person::domain::period::Period;
use crate::person::domain::timeline::{Identity, MAX_ENTRIES, Membership, Timeline};
use crate::rules::Department;

/// What a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Has it.
    Add,
    /// Has it no longer.
    Remove,
}

/// A row of one person that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Number of the row.
    pub row: i64,
    /// What it says.
    pub action: Action,
    /// 人员身份类别; may be empty.
    pub psn_idet_type: String,
    /// Name of the kind.
    pub name: String,
    /// Add: a day on which it holds, from which a new stretch begins. Remove: the last day.
    pub day: NaiveDate,
    /// Remove: only the stretch that began on this day.
    pub begndate: Option<NaiveDate>,
    /// Add: the last day. Remove: `day`.
    pub enddate: Option<NaiveDate>,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A new stretch.
    Added,
    /// A stretch ends on another day.
    Updated,
    /// Ended.
    Ended,
    /// Known.
    Unchanged,
    /// Not applied, and why not.
    Refused(Reason),
}

impl Claim {
    /// Add says so of these days.
    fn period(&self) -> Period {
        Period { begndate: self.day, enddate: self.enddate }
    }

    fn conflicts_with(&self, other: &Claim) -> bool {
        let same_kind = self.name == other.name && self.psn_idet_type == other.psn_idet_type;
        same_kind
            && match (self.action, other.action) {
                (Action::Add, Action::Add) => self.period().overlaps(&other.period()),
                (Action::Remove, Action::Remove) => self.day == other.day,
                (Action::Add, Action::Remove) => self.period().contains(other.day),
                (Action::Remove, Action::Add) => other.period().contains(self.day),
            }
    }

    fn is_about(&self, identity: &Identity, department: &str) -> bool {
        identity.department == department
            && identity.name == self.name
            && identity.psn_idet_type == self.psn_idet_type
    }
}

/// The rows that repeat or contradict an earlier one.
pub fn duplicates(claims: &[Claim]) -> Vec<i64> {
    let mut accepted: Vec<&Claim> = Vec::new();
    let mut refused = Vec::new();
    for claim in claims {
        if accepted.iter().any(|earlier| earlier.conflicts_with(claim)) {
            refused.push(claim.row);
        } else {
            accepted.push(claim);
        }
    }
    refused
}

/// Makes a person's identities what the rows say, and tells what became of each. Doing it twice does nothing the second time:
/// removals come first, additions in the order of their days, and no two rows speak of the same days.
pub fn place(identities: &mut Vec<Identity>, department: &str, claims: &[Claim]) -> Vec<(i64, Outcome)> {
    let refused = duplicates(claims);
    let mut told: Vec<(i64, Outcome)> =
        refused.iter().map(|row| (*row, Outcome::Refused(Reason::DuplicateRow))).collect();
    let mut rest: Vec<&Claim> = claims.iter().filter(|claim| !refused.contains(&claim.row)).collect();
    rest.sort_by_key(|claim| (claim.action == Action::Add, claim.day));
    for claim in rest {
        let outcome = match claim.action {
            Action::Add => add(identities, department, claim),
            Action::Remove => remove(identities, department, claim),
        };
        told.push((claim.row, outcome));
    }
    told
}

fn add(identities: &mut Vec<Identity>, department: &str, claim: &Claim) -> Outcome {
    let held = identities
        .iter()
        .position(|held| claim.is_about(held, department) && held.period.contains(claim.day));
    let later = identities.iter().any(|other| {
        claim.is_about(other, department)
            && other.period.begndate > claim.day
            && claim.period().overlaps(&other.period)
    });
    match held {
        Some(at) if identities[at].period.enddate == claim.enddate => Outcome::Unchanged,
        _ if later => Outcome::Refused(Reason::IdentityOverlap),
        Some(at) => {
            identities[at].period.enddate = claim.enddate;
            Outcome::Updated
        }
        None if identities.len() >= MAX_ENTRIES => Outcome::Refused(Reason::TooManyEntries),
        None => {
            insert(identities, claim, department);
            Outcome::Added
        }
    }
}

fn insert(identities: &mut Vec<Identity>, claim: &Claim, department: &str) {
    let new = Identity {
        psn_idet_type: claim.psn_idet_type.clone(),
        name: claim.name.clone(),
        period: claim.period(),
        department: department.to_owned(),
    };
    let at = identities.partition_point(|other| other.key() <= new.key());
    identities.insert(at, new);
}

fn remove(identities: &mut Vec<Identity>, department: &str, claim: &Claim) -> Outcome {
    let meant = |held: &&mut Identity| {
        claim.is_about(held, department)
            && held.period.contains(claim.day)
            && claim.begndate.is_none_or(|begndate| held.period.begndate == begndate)
    };
    if claim.begndate.is_some_and(|first| first.pred_opt() == Some(claim.day)) {
        // Never so.
        let held = identities.len();
        identities.retain(|held| {
            !(claim.is_about(held, department) && Some(held.period.begndate) == claim.begndate)
        });
        let gone = identities.len() < held;
        return if gone { Outcome::Ended } else { Outcome::Refused(Reason::IdentityNotHeld) };
    }
    match identities.iter_mut().find(meant) {
        None => Outcome::Refused(Reason::IdentityNotHeld),
        Some(held) if held.period.enddate == Some(claim.day) => Outcome::Unchanged,
        Some(held) => {
            held.period.enddate = Some(claim.day);
            Outcome::Ended
        }
    }
}

/// Lets the memberships that come with a department's identities be what those are: they begin, end and go with them. Where the agency
/// says the same of itself, that stays.
pub fn follow(timeline: &mut Timeline, department: &Department) {
    timeline.memberships.retain(|held| held.department != department.code);
    for identity in timeline.identities.clone().iter().filter(|held| held.department == department.code) {
        let kin = department.kind(&identity.name, "").and_then(|kind| kind.membership.as_ref());
        let membership = kin.map(|kin| Membership {
            kind: kin.kind,
            category: kin.category.clone(),
            series: kin.series.clone(),
            period: identity.period,
            since_year: None,
            department: department.code.clone(),
        });
        if let Some(membership) = membership
            && !timeline.memberships.iter().any(|held| held.same_key(&membership))
        {
            timeline.put(membership);
        }
    }
}

/// Ends what a full roster misses: the department's identities of those kinds that hold on the day end the day before; those
/// that began on the very day never were. Gives how many.
pub fn end_absent(
    identities: &mut Vec<Identity>,
    department: &str,
    effective: NaiveDate,
    is_absent: impl Fn(&Identity) -> bool,
) -> i64 {
    let Some(day_before) = effective.checked_sub_days(Days::new(1)) else { return 0 };
    let mut count = 0;
    identities.retain_mut(|held| {
        if held.department != department || !held.period.contains(effective) || !is_absent(held) {
            return true;
        }
        count += 1;
        held.period.enddate = Some(day_before);
        held.period.begndate <= day_before
    });
    count
}

#[cfg(test)]
mod tests;
