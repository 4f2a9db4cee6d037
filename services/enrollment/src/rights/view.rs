//! What somebody sees of a person's register: all of it, or the parts of a grant.

use std::collections::BTreeSet;

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
    /// The last contributions.
    pub contributions: Vec<Contribution>,
    /// What is owed.
    pub arrears: Vec<Arrears>,
}

impl View {
    /// Everything.
    pub async fn whole(register: &Register, person: StoredTimeline) -> Result<View, ServiceError> {
        let (contributions, arrears) = contributions(register, &person.psn_no).await?;
        Ok(View { person, contributions, arrears })
    }

    /// The parts of a grant.
    pub async fn of_scopes(
        register: &Register,
        person: StoredTimeline,
        scopes: &BTreeSet<Scope>,
    ) -> Result<View, ServiceError> {
        let granted = |scope| scopes.contains(&scope);
        let (contributions, arrears) = if granted(Scope::Contributions) {
            contributions(register, &person.psn_no).await?
        } else {
            (Vec::new(), Vec::new())
        };
        Ok(View { person: cut_to(person, granted), contributions, arrears })
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
