//! Several documents together: which one holds for an area, scheme and day.

use std::fmt;

use chrono::NaiveDate;
use yizhan_reasons::Reason;
use yizhan_terms::Insutype;

use super::problem::{Kind, Problem, Problems};
use super::table::overlap;
use crate::model::{Accumulator, Period, Policy};

/// Documents that can be used together.
#[derive(Clone, Debug, Default)]
pub struct PolicySet {
    policies: Vec<Policy>,
}

impl PolicySet {
    /// # Errors
    /// When two documents contradict each other; see [`check_set`].
    pub fn new(policies: Vec<Policy>) -> Result<PolicySet, Problems> {
        let problems = check_set(&policies);
        if problems.is_empty() { Ok(PolicySet { policies }) } else { Err(Problems(problems)) }
    }

    /// The documents.
    pub fn policies(&self) -> &[Policy] {
        &self.policies
    }

    /// The document for an area, scheme and day.
    ///
    /// # Errors
    /// When there is none, with what there is.
    pub fn find(&self, area: &str, scheme: Insutype, day: NaiveDate) -> Result<&Policy, NoPolicy> {
        let of_area = |policy: &&Policy| policy.areas.iter().any(|name| name == area);
        let mut candidates = self.policies.iter().filter(of_area).filter(|policy| policy.scheme == scheme);
        candidates.find(|policy| policy.period.contains(day)).ok_or_else(|| NoPolicy {
            area: area.to_owned(),
            scheme,
            day,
            of_area: self
                .policies
                .iter()
                .filter(of_area)
                .map(|policy| (policy.scheme, policy.period))
                .collect(),
        })
    }
}

/// No document holds; tells which schemes and dates the area has documents for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct NoPolicy {
    /// The area asked for.
    pub area: String,
    /// The scheme asked for.
    pub scheme: Insutype,
    /// The day asked for.
    pub day: NaiveDate,
    /// What the area has.
    pub of_area: Vec<(Insutype, Period)>,
}

impl NoPolicy {
    /// The reason that is given for it.
    pub const REASON: Reason = Reason::NoPolicy;
}

impl fmt::Display for NoPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NoPolicy { area, scheme, day, of_area } = self;
        write!(f, "no policy for area {area}, scheme {} ({}) on {day}", scheme.code(), scheme.label())?;
        if of_area.is_empty() {
            return write!(f, "; the area has none at all");
        }
        let known: Vec<String> =
            of_area.iter().map(|(scheme, period)| format!("{} {}", scheme.code(), dates(*period))).collect();
        write!(f, "; the area has: {}", known.join(", "))
    }
}

fn dates(period: Period) -> String {
    match period.to {
        Some(to) => format!("{} to {to}", period.from),
        None => format!("from {}", period.from),
    }
}

/// Problems between documents: two for one area, scheme and day; one accumulator declared
/// differently by two documents of one area. A problem is told of the later document.
pub fn check_set(policies: &[Policy]) -> Vec<Problem> {
    let pairs = policies
        .iter()
        .enumerate()
        .flat_map(|(index, later)| policies[..index].iter().map(move |earlier| (earlier, later)));
    pairs
        .filter_map(|(earlier, later)| Some((earlier, later, shared_area(earlier, later)?)))
        .flat_map(|(earlier, later, area)| {
            let overlapping = overlapping(earlier, later, area);
            overlapping.into_iter().chain(differing_accumulators(earlier, later, area))
        })
        .collect()
}

fn shared_area<'p>(a: &Policy, b: &'p Policy) -> Option<&'p str> {
    b.areas.iter().find(|area| a.areas.contains(area)).map(String::as_str)
}

fn overlapping(earlier: &Policy, later: &Policy, area: &str) -> Option<Problem> {
    if earlier.scheme != later.scheme || !overlap(earlier.period, later.period) {
        return None;
    }
    let message = format!(
        "`{}` ({}) and `{}` ({}) are both the policy of area {area}, scheme {}",
        earlier.id,
        dates(earlier.period),
        later.id,
        dates(later.period),
        later.scheme.code(),
    );
    Some(of_document(later, "areas", Kind::PoliciesOverlap, message))
}

fn differing_accumulators(earlier: &Policy, later: &Policy, area: &str) -> Vec<Problem> {
    let differs =
        |a: &Accumulator, b: &Accumulator| a.name == b.name && (a.unit, a.by_level) != (b.unit, b.by_level);
    let both = later.accumulators.iter().filter(|b| earlier.accumulators.iter().any(|a| differs(a, b)));
    both.map(|accumulator| {
        let name = &accumulator.name;
        let message = format!(
            "`{}` declares accumulator `{name}` of area {area} with another unit or `by`",
            earlier.id
        );
        of_document(later, &format!("accumulators.{name}"), Kind::AccumulatorDiffers, message)
    })
    .collect()
}

/// A loaded policy does not remember its file: the problem names the document.
fn of_document(policy: &Policy, path: &str, kind: Kind, message: String) -> Problem {
    Problem { file: policy.id.clone(), line: 1, column: 1, path: path.to_owned(), kind, message }
}
