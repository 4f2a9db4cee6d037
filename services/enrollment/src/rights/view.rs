//! What somebody sees of a person's register: all of it, or the parts of a grant.

use std::collections::BTreeSet;

use futures::future::join_all;
use yizhan_proto::enrollment::v1::{Arrears, Contribution};
use yizhan_runtime::ServiceError;

use crate::access::domain::grant::Scope;
use crate::app::Register;
use crate::coverage::list_contributions::{arrears_of, contribution};
use crate::coverage::store::contributions as stored;
use crate::person::domain::timeline::Timeline;
use crate::person::store::timelines::StoredTimeline;

/// Contributions of a view at most.
const MAX_CONTRIBUTIONS: u64 = 500;

/// A view; parts not asked for are empty.
#[derive(Clone, Debug)]
pub struct View {
    /// The person, with what may be seen.
    pub person: StoredTimeline,
    /// What was paid so far.
    pub benefits: Vec<Benefit>,
    /// Settlement could not be asked.
    pub benefits_unavailable: bool,
    /// The last contributions.
    pub contributions: Vec<Contribution>,
    /// What is owed.
    pub arrears: Vec<Arrears>,
}

/// What a person's settlements add up to.
#[derive(Clone, Debug)]
pub struct Benefit {
    /// 统筹区 that paid.
    pub poolarea_no: String,
    /// First day of the policy year.
    pub policy_year: String,
    /// Name.
    pub accumulator: String,
    /// In fen or visits.
    pub total: i64,
}

impl View {
    /// Everything.
    pub async fn whole(register: &Register, person: StoredTimeline) -> Result<View, ServiceError> {
        let benefits = benefits(register, &person).await;
        let (contributions, arrears) = contributions(register, &person.psn_no).await?;
        let benefits_unavailable = benefits.is_none();
        let benefits = benefits.unwrap_or_default();
        Ok(View { person, benefits, benefits_unavailable, contributions, arrears })
    }

    /// The parts of a grant.
    pub async fn of_scopes(
        register: &Register,
        person: StoredTimeline,
        scopes: &BTreeSet<Scope>,
    ) -> Result<View, ServiceError> {
        let granted = |scope| scopes.contains(&scope);
        let benefits =
            if granted(Scope::Benefits) { benefits(register, &person).await } else { Some(Vec::new()) };
        let (contributions, arrears) = if granted(Scope::Contributions) {
            contributions(register, &person.psn_no).await?
        } else {
            (Vec::new(), Vec::new())
        };
        let benefits_unavailable = benefits.is_none();
        let benefits = benefits.unwrap_or_default();
        let person = cut_to(person, granted);
        Ok(View { person, benefits, benefits_unavailable, contributions, arrears })
    }
}

/// The person with what is granted only. Built from nothing, so that a part that the timeline gets later is not shown until
/// somebody decides in which scope it is.
fn cut_to(mut person: StoredTimeline, granted: impl Fn(Scope) -> bool) -> StoredTimeline {
    let nothing = Timeline::of(person.timeline.person.clone());
    let whole = std::mem::replace(&mut person.timeline, nothing);
    if granted(Scope::Coverage) {
        person.timeline.coverages = whole.coverages;
    }
    if granted(Scope::Identities) {
        person.timeline.identities = whole.identities;
    }
    if granted(Scope::Memberships) {
        person.timeline.memberships = whole.memberships;
    }
    person
}

async fn contributions(
    register: &Register,
    psn_no: &str,
) -> Result<(Vec<Contribution>, Vec<Arrears>), ServiceError> {
    let last = stored::last(&register.db, psn_no, MAX_CONTRIBUTIONS).await?;
    Ok((last.into_iter().map(contribution).collect(), arrears_of(register, psn_no).await?))
}

/// Of every area that ever paid for the person; `None` unless all could be asked.
async fn benefits(register: &Register, person: &StoredTimeline) -> Option<Vec<Benefit>> {
    let settlement = register.settlement.as_ref()?;
    let paying = person.timeline.coverages.iter().map(|coverage| coverage.poolarea_no.as_str());
    let areas: BTreeSet<&str> =
        paying.filter(|area| !area.is_empty()).chain([person.poolarea_no.as_str()]).collect();
    let answers = join_all(areas.iter().map(|area| settlement.accumulators(&person.psn_no, area))).await;
    let mut benefits = Vec::new();
    for (area, answer) in areas.into_iter().zip(answers) {
        benefits.extend(answer?.into_iter().map(|accumulator| Benefit {
            poolarea_no: area.to_owned(),
            policy_year: accumulator.policy_year,
            accumulator: accumulator.accumulator,
            total: accumulator.total,
        }));
    }
    Some(benefits)
}
