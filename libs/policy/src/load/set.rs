//! Several documents together: which one holds for an area, scheme and day.

use std::borrow::Borrow;
use std::fmt;

use chrono::NaiveDate;
use yizhan_documents::{Documents, Kind, Period, Problem, Problems};
use yizhan_reasons::Reason;
use yizhan_terms::{Area, Insutype};

use super::beside::{InForce, refused};
use crate::engine::{last_day_of, policy_year};
use crate::model::{Accumulator, Policy, Unit};

/// Documents that can be used together.
///
/// # Errors
/// When two of them contradict each other; see [`check_set`].
pub fn together(policies: Vec<Policy>) -> Result<Documents<Policy>, Problems> {
    let problems = check_set(&policies);
    if problems.is_empty() { Ok(policies.into_iter().collect()) } else { Err(Problems(problems)) }
}

/// The policy for an area, scheme and day: among the versions in force that day the one published last, with the products beside it. An older
/// version stays in use for the days a newer one does not cover.
///
/// # Errors
/// When there is none, with what there is.
pub fn find(
    policies: &Documents<Policy>,
    area: Area,
    scheme: Insutype,
    day: NaiveDate,
) -> Result<&Policy, NoPolicy> {
    let apart = match InForce::among(policies.documents(), area, scheme, day) {
        Some(InForce { base, products }) if products.is_empty() => return Ok(base),
        Some(found) => {
            let [id, version] = found.name();
            match policies.version(&id, &version) {
                Some(joined) => return Ok(joined),
                None => Some(format!("{id} {version}")),
            }
        }
        None => None,
    };
    let all = policies.documents().iter().map(|policy| policy.as_ref());
    let of_area = all.filter(|policy: &&Policy| policy.areas.contains(&area) && !policy.is_product());
    let of_area = of_area.flat_map(|policy| policy.schemes.iter().map(|scheme| (*scheme, policy.period)));
    Err(NoPolicy { area, scheme, day, of_area: of_area.collect(), apart })
}

/// The policy of a day among documents that were named together: the only one, whatever the day, or that of the first one's area and scheme
/// with the products beside it.
///
/// # Errors
/// When there is none.
pub fn find_named(policies: &Documents<Policy>, day: NaiveDate) -> Result<&Policy, NoPolicy> {
    let first = policies.documents().first();
    match first.filter(|only| policies.documents().len() == 1 && !only.is_product()) {
        Some(only) => Ok(only),
        None => {
            let (area, scheme) =
                first.map_or((Area::NATION, Insutype::Employee), |first| (first.areas[0], first.schemes[0]));
            find(policies, area, scheme, day)
        }
    }
}

/// No document holds; tells which schemes and dates the area has documents for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct NoPolicy {
    /// The area asked for.
    pub area: Area,
    /// The scheme asked for.
    pub scheme: Insutype,
    /// The day asked for.
    pub day: NaiveDate,
    /// What the area has.
    pub of_area: Vec<(Insutype, Period)>,
    /// Documents that hold beside each other and do not go together, which is refused when they are published.
    pub apart: Option<String>,
}

impl NoPolicy {
    /// The reason that is given for it.
    pub const REASON: Reason = Reason::NoPolicy;
}

impl fmt::Display for NoPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NoPolicy { area, scheme, day, of_area, apart } = self;
        write!(f, "no policy for area {area}, scheme {} ({}) on {day}", scheme.code(), scheme.label())?;
        if let Some(apart) = apart {
            return write!(f, "; what holds does not go together: {apart}");
        }
        if of_area.is_empty() {
            return write!(f, "; the area has none at all");
        }
        let known: Vec<String> =
            of_area.iter().map(|(scheme, period)| format!("{} {period}", scheme.code())).collect();
        write!(f, "; the area has: {}", known.join(", "))
    }
}

/// Problems between documents: two for one area, scheme and day; one accumulator declared
/// differently by two documents of one area. A problem is told of the later document.
pub fn check_set(policies: &[impl Borrow<Policy>]) -> Vec<Problem> {
    let all = policies.iter().map(Borrow::borrow);
    let check = |(index, later)| {
        let earlier = &policies[..index];
        check_beside(later, earlier).into_iter().chain(refused(later, earlier))
    };
    all.enumerate().flat_map(check).collect()
}

/// What is wrong with publishing a policy beside the published ones. A version may replace days of an older version of its
/// own policy, never days of another policy.
pub(super) fn conflicts(policy: &Policy, published: &Documents<Policy>) -> Vec<Problem> {
    let beside = |earlier: &std::sync::Arc<Policy>| {
        let own = earlier.id == policy.id;
        let problems = check_beside(policy, std::slice::from_ref(earlier));
        problems.into_iter().filter(move |problem| !(own && problem.kind == Kind::PoliciesOverlap))
    };
    let alone = published.documents().iter().flat_map(beside);
    alone.chain(refused(policy, published.documents())).collect()
}

fn check_beside(later: &Policy, earlier: &[impl Borrow<Policy>]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for earlier in earlier.iter().map(Borrow::borrow) {
        let Some(area) = shared_area(earlier, later) else { continue };
        problems.extend(overlapping(earlier, later, area));
        problems.extend(differing_accumulators(earlier, later, area));
        problems.extend(lost_accumulators(earlier, later));
    }
    problems
}

fn shared_area(a: &Policy, b: &Policy) -> Option<Area> {
    b.areas.iter().find(|area| a.areas.contains(area)).copied()
}

fn shared_scheme(a: &Policy, b: &Policy) -> Option<Insutype> {
    b.schemes.iter().find(|scheme| a.schemes.contains(scheme)).copied()
}

fn overlapping(earlier: &Policy, later: &Policy, area: Area) -> Option<Problem> {
    // Products stand beside documents and beside each other; two of one name are the same product.
    let beside = earlier.is_product() != later.is_product() || (later.is_product() && earlier.id != later.id);
    let scheme =
        shared_scheme(earlier, later).filter(|_| !beside && earlier.period.overlaps(&later.period))?;
    let named = |policy: &Policy| format!("`{}` ({}, {})", policy.id, policy.file, policy.period);
    let until = later.period.from.pred_opt().filter(|_| earlier.period.from < later.period.from);
    let cure = match until {
        Some(until) => format!("end the first with `to: {until}`"),
        None => "let the days of one end before those of the other begin".to_owned(),
    };
    let message = format!(
        "{} and {} are both the policy of area {area}, scheme {}: {cure}",
        named(earlier),
        named(later),
        scheme.code(),
    );
    Some(of_document(later, "areas", Kind::PoliciesOverlap, message))
}

fn differing_accumulators(earlier: &Policy, later: &Policy, area: Area) -> Vec<Problem> {
    let differs = |a: &Accumulator, b: &Accumulator| a.name == b.name && kept(a) != kept(b);
    let both = later.accumulators.iter().filter(|b| earlier.accumulators.iter().any(|a| differs(a, b)));
    both.map(|accumulator| {
        let name = &accumulator.name;
        let message = format!(
            "`{}` declares accumulator `{name}` of area {area} with another unit, `by` or `per`",
            earlier.id
        );
        of_document(later, &format!("accumulators.{name}"), Kind::AccumulatorDiffers, message)
    })
    .collect()
}

/// A document that takes over in the middle of a policy year from another one of its area and scheme (a version of before, or the policy of the
/// days before) goes on with the totals of the year. Told of the later document, whichever of the two holds first.
fn lost_accumulators(earlier: &Policy, later: &Policy) -> Vec<Problem> {
    if shared_scheme(earlier, later).is_none() || !share_a_year(earlier, later) || !takes_over(earlier, later)
    {
        return Vec::new();
    }
    let replaces = earlier.id == later.id || earlier.period.from <= later.period.from;
    let (from, to) = if replaces { (earlier, later) } else { (later, earlier) };
    let moved = |name: &str| to.together.moved.iter().any(|moved| moved == name);
    let declares = |policy: &Policy, name: &str| policy.accumulators.iter().any(|one| one.name == name);
    let renamed = |name: &str| to.renames.iter().find(|(old, _)| old == name).map(|(_, now)| *now);
    let lost = |accumulator: &&Accumulator| {
        let goes_on = |now: &Accumulator| kept(now) == kept(accumulator);
        match renamed(&accumulator.name) {
            Some(now) => now.is_some_and(|index| !goes_on(&to.accumulators[index])),
            None => !declares(to, &accumulator.name) && !moved(&accumulator.name),
        }
    };
    // What one version mapped the next maps too: the totals still stand under the name of then.
    let mapped = from
        .renames
        .iter()
        .filter(|(old, now)| now.is_some() && !declares(to, old) && renamed(old).is_none());
    let names = from.accumulators.iter().filter(lost).map(|one| &one.name).chain(mapped.map(|(old, _)| old));
    names
        .map(|name| {
            let message = format!(
                "`{}` {} adds up `{name}` in the same policy year as `{}` {}, which declares no such accumulator and maps it to \
                 none like it: the year would begin anew. Keep the name, or write `renames: {{ {name}: … }}`",
                from.id, from.version, to.id, to.version,
            );
            let problem = of_document(later, "accumulators", Kind::AccumulatorLost, message);
            Problem { line: later.accumulators_line, ..problem }
        })
        .collect()
}

/// Whether one of them may take the place of the other: a product takes that of its own versions only.
fn takes_over(one: &Policy, other: &Policy) -> bool {
    one.is_product() == other.is_product() && (!one.is_product() || one.id == other.id)
}

/// How an accumulator is kept: what one that goes on with its totals shares with it.
fn kept(accumulator: &Accumulator) -> (Unit, bool, bool) {
    (accumulator.unit, accumulator.by_level, accumulator.by_month)
}

/// Whether some policy year has days of both.
fn share_a_year(one: &Policy, other: &Policy) -> bool {
    let years = |policy: &Policy| {
        let last = policy.period.to.map(|to| last_day_of(policy, policy_year(policy, to)));
        Period { from: policy_year(policy, policy.period.from), to: last }
    };
    years(one).overlaps(&years(other))
}

/// What is wrong with a document as a whole.
pub(super) fn of_document(policy: &Policy, path: &str, kind: Kind, message: String) -> Problem {
    Problem { file: policy.file.clone(), line: 1, column: 1, path: path.to_owned(), kind, message }
}
