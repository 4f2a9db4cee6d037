//! The register's terms as the contract's messages.

use chrono::{DateTime, Utc};
use yizhan_proto::enrollment::v1 as pb;
use yizhan_runtime::cache::CacheStats;
use yizhan_runtime::clock::{day_text, timestamp};
use yizhan_terms::{Area, Insutype};

use crate::person::domain::household::HouseholdMember;
use crate::person::domain::timeline::{
    AccountShare, Coverage, DiseaseEntitlement, Identity, Kinship, Membership, Waiting,
};
use crate::person::store::personal_data::PersonalData;
use crate::person::store::registered::RegisteredPerson;
use crate::person::store::timelines::StoredTimeline;
use crate::register::domain::decision::Decision;
use crate::register::domain::eligibility::{Answer, Question, other_areas};
use crate::register::domain::kinship::Seen;
use crate::register::domain::reward::Reward;
use crate::register::domain::spans::Span;

/// The answer to a question about a person. `eligibility_id` names it; it holds until `expires_at`, an answer of the past for
/// good.
pub fn eligibility(
    person: &StoredTimeline,
    question: &Question,
    decision: Decision<'_>,
    eligibility_id: String,
    expires_at: Option<DateTime<Utc>>,
) -> pb::Eligibility {
    let facts = &person.timeline.person;
    let Decision { answer, paying_area, out_of_area, reward } = decision;
    let Answer { refusal, coverage, .. } = answer;
    let entitled = coverage.and_then(Coverage::entitled_period);
    let of_coverage = |read: fn(&Coverage) -> &String| coverage.map(|c| read(c).clone()).unwrap_or_default();
    let insutype = coverage.map(|coverage| coverage.insutype).or(question.insutype);
    pb::Eligibility {
        eligibility_id,
        psn_no: person.psn_no.clone(),
        person_version: person.version,
        as_of: question.as_of.to_string(),
        entitled: refusal.is_none(),
        reason: refusal.map(|refusal| refusal.reason().to_string()).unwrap_or_default(),
        reason_text: refusal.map(|refusal| refusal.text()).unwrap_or_default(),
        way_out: refusal.map(|refusal| refusal.way_out().to_owned()).unwrap_or_default(),
        poolarea_no: paying_area.to_string(),
        insutype: insutype.map(Insutype::code).unwrap_or_default().to_owned(),
        psn_type: of_coverage(|coverage| &coverage.psn_type),
        psn_name_masked: facts.psn_name_masked.clone(),
        gend: facts.gend.clone(),
        brdy: facts.brdy.to_string(),
        age: answer.age,
        consecutive_years: answer.consecutive_years,
        identities: answer.identities.into_iter().map(identity).collect(),
        memberships: answer.memberships.into_iter().map(|(held, since)| membership(held, since)).collect(),
        account_sharers: answer.account_sharers.into_iter().map(str::to_owned).collect(),
        account_shares: answer
            .account_shares
            .into_iter()
            .map(|share| share_row(&person.psn_no, share.clone()))
            .collect(),
        hi_type: of_coverage(|coverage| &coverage.hi_type),
        entitled_begndate: day_text(entitled.map(|period| period.begndate)),
        entitled_enddate: day_text(entitled.and_then(|period| period.enddate)),
        waiting: coverage.and_then(waiting),
        out_of_area,
        diseases: answer.diseases.into_iter().map(disease).collect(),
        expires_at: expires_at.map(timestamp),
        psn_insu_stas: coverage.map_or("0", |coverage| coverage.state.code()).to_owned(),
        critical_illness_reward: reward.map(self::reward),
        merged_psn_nos: person.timeline.merged_psn_nos.iter().cloned().collect(),
        other_poolarea_nos: other_areas(&person.timeline, [person.poolarea_no, paying_area], question.as_of)
            .into_iter()
            .map(|area| area.to_string())
            .collect(),
        spans: Vec::new(),
    }
}

/// Days of a stay; `home` is the 统筹区 that keeps the register.
pub fn span(span: Span<'_>, home: Area) -> pb::EntitlementSpan {
    let Span { first, last, refusal, coverage, identities, memberships } = span;
    let paying_area = coverage.and_then(|coverage| coverage.poolarea_no).unwrap_or(home);
    pb::EntitlementSpan {
        begndate: first.to_string(),
        enddate: last.to_string(),
        entitled: refusal.is_none(),
        reason: refusal.map(|refusal| refusal.reason().to_string()).unwrap_or_default(),
        reason_text: refusal.map(|refusal| refusal.text()).unwrap_or_default(),
        way_out: refusal.map(|refusal| refusal.way_out().to_owned()).unwrap_or_default(),
        insutype: coverage.map(|coverage| coverage.insutype.code().to_owned()).unwrap_or_default(),
        psn_type: coverage.map(|coverage| coverage.psn_type.clone()).unwrap_or_default(),
        poolarea_no: paying_area.to_string(),
        identities: identities.into_iter().map(identity).collect(),
        memberships: memberships.into_iter().map(|(held, since)| membership(held, since)).collect(),
    }
}

fn reward(reward: Reward) -> pb::CriticalIllnessReward {
    pb::CriticalIllnessReward {
        consecutive_years: reward.consecutive_years as i32,
        zero_claim_years: reward.zero_claim_years as i32,
        cap_increase_fen: reward.cap_increase_fen,
        limit_permille: reward.limit_permille as i32,
        years_fen: reward.years_fen,
        per_zero_claim_year_fen: reward.per_zero_claim_year_fen,
        zero_claim: reward.zero_claim,
        open_years: reward.open_years,
        use_clears_zero_claim: reward.use_clears_zero_claim,
        limit_fen: reward.limit_fen.unwrap_or(0),
        rule: reward.rule,
        citation: reward.citation,
    }
}

/// How the coverage's waiting period came about, told by the service or, where only its end was imported, by that.
pub fn waiting(coverage: &Coverage) -> Option<pb::WaitingPeriod> {
    let last = coverage.entitled_begndate?.pred_opt()?;
    let decided = coverage.waiting.as_ref();
    let begndate = decided.map_or(coverage.period.begndate, |waiting| waiting.begndate);
    let months = |of: fn(&Waiting) -> u32| decided.map(of).unwrap_or_default() as i32;
    (begndate <= last).then(|| pb::WaitingPeriod {
        begndate: begndate.to_string(),
        enddate: last.to_string(),
        fixed_months: months(|waiting| waiting.fixed_months),
        variable_months: months(|waiting| waiting.variable_months),
        repaired_months: months(|waiting| waiting.repaired_months),
        rule: decided.map(|waiting| waiting.rule.clone()).unwrap_or_default(),
        citation: decided.map(|waiting| waiting.citation.clone()).unwrap_or_default(),
    })
}

/// An entitlement to outpatient care of a disease.
pub fn disease(disease: &DiseaseEntitlement) -> pb::DiseaseEntitlement {
    pb::DiseaseEntitlement {
        kind: disease.kind.code(),
        dise_codg: disease.dise_codg.clone(),
        dise_name: disease.dise_name.clone(),
        begndate: disease.period.begndate.to_string(),
        enddate: day_text(disease.period.enddate),
        reverify_by: day_text(disease.reverify_by),
    }
}

fn identity(identity: &Identity) -> pb::Identity {
    pb::Identity {
        psn_idet_type: identity.psn_idet_type.clone(),
        name: identity.name.clone(),
        begndate: identity.period.begndate.to_string(),
        enddate: day_text(identity.period.enddate),
    }
}

fn membership(membership: &Membership, since_year: i32) -> pb::Membership {
    pb::Membership {
        kind: membership.kind.code(),
        category: membership.category.clone(),
        begndate: membership.period.begndate.to_string(),
        enddate: day_text(membership.period.enddate),
        since_year,
    }
}

/// A person with everything the register holds, masked.
pub fn person(registered: RegisteredPerson) -> pb::Person {
    let RegisteredPerson { person, stored, tel_masked } = registered;
    let timeline = stored.timeline;
    let psn_no = &stored.psn_no;
    pb::Person {
        person_version: stored.version,
        psn_name_masked: timeline.person.psn_name_masked,
        psn_cert_type: person.psn_cert_type,
        certno_masked: person.certno_masked,
        gend: person.gend,
        brdy: person.brdy.to_string(),
        die_date: day_text(person.die_date),
        coverages: timeline.coverages.into_iter().map(|entry| coverage_row(psn_no, entry)).collect(),
        identities: timeline.identities.into_iter().map(|entry| identity_row(psn_no, entry)).collect(),
        memberships: timeline.memberships.into_iter().map(|entry| membership_row(psn_no, entry)).collect(),
        account_shares: timeline.account_shares.into_iter().map(|entry| share_row(psn_no, entry)).collect(),
        diseases: timeline.diseases.iter().map(disease).collect(),
        households: timeline.households.iter().map(|held| household_row(psn_no, held)).collect(),
        merged_into: timeline.merged_into.unwrap_or_default(),
        tel_masked,
        resd_code: person.resd_code,
        psn_no: person.psn_no,
        poolarea_no: person.poolarea_no,
    }
}

/// A stretch.
pub fn coverage_row(psn_no: &str, coverage: Coverage) -> pb::CoverageRow {
    pb::CoverageRow {
        psn_no: psn_no.to_owned(),
        insutype: coverage.insutype.to_string(),
        psn_type: coverage.psn_type,
        psn_insu_stas: coverage.state.code().to_owned(),
        poolarea_no: coverage.poolarea_no.map(String::from).unwrap_or_default(),
        begndate: coverage.period.begndate.to_string(),
        enddate: day_text(coverage.period.enddate),
        entitled_begndate: day_text(coverage.entitled_begndate),
        hi_type: coverage.hi_type,
        psn_chg_type: coverage.psn_chg_type,
        withdrawn: false,
    }
}

/// As a row of the contract.
pub fn identity_row(psn_no: &str, identity: Identity) -> pb::IdentityRow {
    pb::IdentityRow {
        psn_no: psn_no.to_owned(),
        psn_idet_type: identity.psn_idet_type,
        name: identity.name,
        begndate: identity.period.begndate.to_string(),
        enddate: day_text(identity.period.enddate),
        department: identity.department,
        withdrawn: false,
    }
}

/// As a row of the contract.
pub fn membership_row(psn_no: &str, membership: Membership) -> pb::MembershipRow {
    pb::MembershipRow {
        psn_no: psn_no.to_owned(),
        kind: membership.kind.code(),
        category: membership.category,
        series: membership.series,
        begndate: membership.period.begndate.to_string(),
        enddate: day_text(membership.period.enddate),
        since_year: membership.since_year.unwrap_or_default(),
        withdrawn: false,
        department: membership.department,
    }
}

/// As a row of the contract.
pub fn share_row(psn_no: &str, share: AccountShare) -> pb::AccountShareRow {
    pb::AccountShareRow {
        psn_no: psn_no.to_owned(),
        sharer_psn_no: share.sharer_psn_no,
        begndate: share.period.begndate.to_string(),
        enddate: day_text(share.period.enddate),
        kinship: share.kinship.map_or(0, Kinship::code),
        consent_date: day_text(share.consent.as_ref().map(|consent| consent.day)),
        granted_by: share.consent.map(|consent| consent.granted_by).unwrap_or_default(),
        withdrawn_date: day_text(share.withdrawn),
        withdrawn: false,
        kinship_evidence: 0,
        kinship_mark: String::new(),
        kinship_rule: String::new(),
    }
}

/// A member of a household.
pub fn household_row(psn_no: &str, member: &HouseholdMember) -> pb::HouseholdRow {
    pb::HouseholdRow {
        psn_no: psn_no.to_owned(),
        household_no: member.household_no.clone(),
        relation: member.relation.code(),
        begndate: member.period.begndate.to_string(),
        enddate: day_text(member.period.enddate),
        withdrawn: false,
        poolarea_no: member.poolarea_no.to_string(),
    }
}

/// Puts what the households show beside the shares of an answer, one for each; an owner whose shares do not pay by the rule lends no account.
pub fn tell_kinship(answer: &mut pb::Eligibility, seen: &[Option<Seen>]) {
    let refused = |seen: &Option<Seen>| seen.as_ref().is_some_and(|seen| seen.refusal().is_some());
    for (share, seen) in answer.account_shares.iter_mut().zip(seen) {
        put_kinship(share, seen.as_ref());
    }
    let pays = |owner: &String| {
        let mut of_owner = answer
            .account_shares
            .iter()
            .zip(seen)
            .filter(|(share, _)| share.sharer_psn_no == *owner && share.withdrawn_date.is_empty());
        of_owner.any(|(_, seen)| !refused(seen))
    };
    let paying: Vec<String> = answer.account_sharers.iter().filter(|owner| pays(owner)).cloned().collect();
    answer.account_sharers = paying;
}

/// Puts what the households show into a share.
pub fn put_kinship(share: &mut pb::AccountShareRow, seen: Option<&Seen>) {
    if let Some(seen) = seen {
        share.kinship_evidence = seen.evidence as i32;
        share.kinship_mark = seen.mark().to_owned();
        share.kinship_rule = seen.rule.clone();
    }
}

/// What the cache did.
pub fn cache_status(stats: &CacheStats) -> pb::GetCacheStatusResponse {
    let count = |counted: u64| i64::try_from(counted).unwrap_or(i64::MAX);
    pb::GetCacheStatusResponse {
        backend: stats.backend.to_owned(),
        hits: count(stats.hits),
        near_hits: count(stats.near_hits),
        misses: count(stats.misses),
        negative_hits: count(stats.negative_hits),
        loads: count(stats.loads),
        shared_loads: count(stats.loads_shared),
        away: count(stats.away),
        poisoned: count(stats.poisoned),
        invalidated: count(stats.invalidated),
        generations: count(stats.generations),
        confirmed_age_ms: stats.confirmed_age.map_or(-1, |age| count(age.as_millis() as u64)),
    }
}

/// Personal data in clear.
pub fn in_clear(data: PersonalData) -> pb::PersonInClear {
    pb::PersonInClear {
        psn_name: data.psn_name.into_exposed(),
        certno: data.certno.into_exposed(),
        tel: data.tel.into_exposed(),
    }
}

/// Who has a certificate.
pub fn found_person(person: &StoredTimeline) -> pb::FindPersonResponse {
    pb::FindPersonResponse {
        psn_no: person.psn_no.clone(),
        poolarea_no: person.poolarea_no.to_string(),
        psn_name_masked: person.timeline.person.psn_name_masked.clone(),
        merged_into: person.timeline.merged_into.clone().unwrap_or_default(),
    }
}
