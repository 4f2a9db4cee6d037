//! What somebody sees of a person's register: all of it, or the parts of a grant.

use std::collections::BTreeSet;

use futures::future::join_all;

use crate::domain::access_grant::Scope;
use crate::register::Register;
use crate::store::timelines::StoredTimeline;

/// A view; parts not asked for are empty.
#[derive(Clone, Debug)]
pub struct View {
    /// The person, with what may be seen.
    pub person: StoredTimeline,
    /// What was paid so far.
    pub benefits: Vec<Benefit>,
    /// Settlement could not be asked.
    pub benefits_unavailable: bool,
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
    pub async fn whole(register: &Register, person: StoredTimeline) -> View {
        let benefits = benefits(register, &person).await;
        View { person, benefits_unavailable: benefits.is_none(), benefits: benefits.unwrap_or_default() }
    }

    /// The parts of a grant.
    pub async fn of_scopes(
        register: &Register,
        mut person: StoredTimeline,
        scopes: &BTreeSet<Scope>,
    ) -> View {
        let timeline = &mut person.timeline;
        timeline.diseases.clear();
        timeline.account_shares.clear();
        if !scopes.contains(&Scope::Identities) {
            timeline.identities.clear();
        }
        if !scopes.contains(&Scope::Memberships) {
            timeline.memberships.clear();
        }
        // Who paid is told by the coverages, so these go last.
        let benefits = if scopes.contains(&Scope::Benefits) {
            benefits(register, &person).await
        } else {
            Some(Vec::new())
        };
        if !scopes.contains(&Scope::Coverage) {
            person.timeline.coverages.clear();
        }
        View { person, benefits_unavailable: benefits.is_none(), benefits: benefits.unwrap_or_default() }
    }
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
