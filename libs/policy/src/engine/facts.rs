//! Whether a condition holds for a case.

use std::cmp::Ordering;

use chrono::NaiveDate;
use yizhan_documents::Facts as _;

use super::refusal::Refusal;
use super::segments::{Segment, policy_year};
use crate::case::{Accumulated, Case, Line, PreviousStay, Visit};
use crate::keys::key;
use crate::model::{Condition, Layer, Policy, Previous, PreviousLevel};

/// What conditions are asked of: the case, on a day, in a policy year.
pub(crate) struct Facts<'a> {
    pub policy: &'a Policy,
    pub case: &'a Case,
    /// The day whose values apply.
    pub day: NaiveDate,
    /// What earlier visits of the policy year accumulated.
    before: Option<&'a Accumulated>,
}

impl<'a> Facts<'a> {
    pub(super) fn new(policy: &'a Policy, case: &'a Case, segment: &Segment) -> Facts<'a> {
        Facts { policy, case, day: segment.day, before: case.accumulated.get(&segment.policy_year) }
    }

    /// What is asked of a case on a day, with what was accumulated in the policy year of that day.
    pub fn on(policy: &'a Policy, case: &'a Case, day: NaiveDate) -> Facts<'a> {
        Facts { policy, case, day, before: case.accumulated.get(&policy_year(policy, day)) }
    }

    pub fn require_in_force(&self) -> Result<(), Refusal> {
        if self.policy.period.contains(self.day) {
            return Ok(());
        }
        Err(Refusal::NotInForce { policy: self.policy.id.clone(), day: self.day })
    }

    /// Which visit of the year this one is, by a counting accumulator; the first is 1.
    fn nth(&self, counter: usize) -> i64 {
        let counter = &self.policy.accumulators[counter];
        let name = key(&counter.name, counter, (self.day, self.case.visit.level));
        self.before.and_then(|before| before.get(name.as_ref())).copied().unwrap_or(0) + 1
    }

    /// The first condition that does not hold, by the name the document gives it.
    pub fn first_failing(&self, conditions: &[Condition]) -> Option<&'static str> {
        conditions.iter().find(|condition| !self.holds(condition)).map(Condition::name)
    }

    /// The same facts with those of a line.
    pub(super) fn of_line<'f>(&'f self, line: &'f Line) -> OfLine<'f, 'a> {
        OfLine { facts: self, line }
    }

    /// Whether a layer is in force and applies.
    pub fn applies(&self, layer: &Layer) -> bool {
        layer.period.contains(self.day) && self.all_hold(&layer.when)
    }
}

impl yizhan_documents::Facts<Condition> for Facts<'_> {
    fn holds(&self, condition: &Condition) -> bool {
        let (person, visit) = (&self.case.person, &self.case.visit);
        match condition {
            Condition::Care(any) => any.contains(&visit.care),
            Condition::Level(any) => any.contains(&visit.level),
            Condition::Status(any) => any.contains(&person.status),
            Condition::Age(range) => range.contains(i64::from(person.age)),
            Condition::Identity(any) => any.iter().any(|name| person.identities.contains(name)),
            Condition::NoIdentity(none) => !none.iter().any(|name| person.identities.contains(name)),
            Condition::Membership(any) => any.iter().any(|name| person.memberships.contains(name)),
            Condition::NoMembership(none) => !none.iter().any(|name| person.memberships.contains(name)),
            Condition::YearsInsured(range) => range.contains(i64::from(person.years_insured)),
            Condition::Filing(any) => any.contains(&visit.filing),
            Condition::InProvince(wanted) => visit.in_province == *wanted,
            Condition::Contracted(wanted) => visit.contracted == *wanted,
            Condition::Diagnosis(any) => {
                any.iter().any(|prefix| visit.diagnoses.iter().any(|code| code.starts_with(prefix.as_str())))
            }
            Condition::Disease(any) => {
                visit.disease.as_ref().is_some_and(|disease| any.contains(&disease.code))
            }
            Condition::DiseaseKind(any) => any.contains(&visit.disease_kind()),
            Condition::Tag(any) => any.iter().any(|tag| visit.tags.contains(tag)),
            Condition::NoTag(none) => !none.iter().any(|tag| visit.tags.contains(tag)),
            // Only a line has one: the loader lets nothing else ask for it.
            Condition::Class(_) | Condition::ListType(_) | Condition::Label(_) | Condition::NoLabel(_) => {
                false
            }
            Condition::Nth { counter, range } => range.contains(self.nth(*counter)),
            Condition::Previous(asked) => {
                visit.previous.as_ref().is_some_and(|previous| asked.holds(previous, visit))
            }
        }
    }
}

impl Previous {
    fn holds(&self, previous: &PreviousStay, visit: &Visit) -> bool {
        let level = match previous.level.cmp(&visit.level) {
            Ordering::Less => PreviousLevel::Lower,
            Ordering::Equal => PreviousLevel::Same,
            Ordering::Greater => PreviousLevel::Higher,
        };
        (visit.begin - previous.end).num_days() <= self.within_days
            && self.transferred.is_none_or(|so| so == previous.transferred)
            && (self.levels.is_empty() || self.levels.contains(&level))
    }
}

/// What conditions are asked of when a line is asked about.
pub(super) struct OfLine<'f, 'a> {
    facts: &'f Facts<'a>,
    line: &'f Line,
}

impl yizhan_documents::Facts<Condition> for OfLine<'_, '_> {
    fn holds(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Class(any) => any.contains(&self.line.class),
            Condition::ListType(any) => any.contains(&self.line.list_type),
            Condition::Label(any) => any.iter().any(|label| self.line.labels.contains(label)),
            Condition::NoLabel(none) => !none.iter().any(|label| self.line.labels.contains(label)),
            other => self.facts.holds(other),
        }
    }
}

impl Condition {
    /// The name the document gives it.
    pub fn name(&self) -> &'static str {
        match self {
            Condition::Care(_) => "care",
            Condition::Level(_) => "level",
            Condition::Status(_) => "status",
            Condition::Age(_) => "age",
            Condition::Identity(_) => "identity",
            Condition::NoIdentity(_) => "no_identity",
            Condition::Membership(_) => "membership",
            Condition::NoMembership(_) => "no_membership",
            Condition::YearsInsured(_) => "years_insured",
            Condition::Filing(_) => "filing",
            Condition::InProvince(_) => "in_province",
            Condition::Contracted(_) => "contracted",
            Condition::Diagnosis(_) => "diagnosis",
            Condition::Disease(_) => "disease",
            Condition::DiseaseKind(_) => "disease_kind",
            Condition::Tag(_) => "tag",
            Condition::NoTag(_) => "no_tag",
            Condition::Class(_) => "class",
            Condition::ListType(_) => "list_type",
            Condition::Label(_) => "label",
            Condition::NoLabel(_) => "no_label",
            Condition::Nth { .. } => "nth",
            Condition::Previous(_) => "previous",
        }
    }
}
