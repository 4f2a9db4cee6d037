//! What somebody sees of a person's register: all of it, or the parts of a grant.

use std::collections::BTreeSet;

use yizhan_proto::enrollment::v1::Rights;
use yizhan_runtime::ServiceError;

use crate::access::domain::grant::Scope;
use crate::app::Register;
use crate::coverage::list_contributions::{arrears_of, contribution};
use crate::coverage::store::contributions as stored;
use crate::person::domain::timeline::Timeline;
use crate::person::store::timelines::StoredTimeline;
use crate::rights::messages;

/// Contributions of a view at most.
const MAX_CONTRIBUTIONS: u64 = 500;

/// Everything.
pub async fn whole(register: &Register, person: StoredTimeline) -> Result<Rights, ServiceError> {
    with_contributions(register, messages::rights(person)).await
}

/// The parts of a grant; the others are empty.
pub async fn of_scopes(
    register: &Register,
    person: StoredTimeline,
    scopes: &BTreeSet<Scope>,
) -> Result<Rights, ServiceError> {
    let rights = messages::rights(cut_to(person, |scope| scopes.contains(&scope)));
    match scopes.contains(&Scope::Contributions) {
        true => with_contributions(register, rights).await,
        false => Ok(rights),
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

async fn with_contributions(register: &Register, rights: Rights) -> Result<Rights, ServiceError> {
    let last = stored::last(&register.db, &rights.psn_no, MAX_CONTRIBUTIONS).await?;
    let arrears = arrears_of(register, &rights.psn_no).await?;
    Ok(Rights { contributions: last.into_iter().map(contribution).collect(), arrears, ..rights })
}
