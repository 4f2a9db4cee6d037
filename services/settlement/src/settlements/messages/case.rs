//! From a reported visit to the engine's case: what the policies ask about it.

use std::collections::{BTreeMap, BTreeSet};

use yizhan_policy::case::{Account, Case, Counted, Line, Person, Visit};
use yizhan_proto::enrollment::v1::{Eligibility, Identity, Membership, MembershipKind};
use yizhan_runtime::{Reason, ServiceError};
use yizhan_terms::{Area, Filing, Status};

use super::answer::LookedUp;
use super::visit::CheckedLine;
use crate::reference::domain::Item;

/// What a visit looks like to policies, before the person's accumulators are read: care at home where the filing service was not
/// asked.
pub fn build(known: &LookedUp) -> Result<Case, ServiceError> {
    let LookedUp { visit, stay, institution, items, filed, .. } = known;
    let eligibility = &stay.eligibility;
    let filed = filed.as_ref();
    let status = Status::from_psn_type(&eligibility.psn_type).ok_or_else(|| {
        ServiceError::new(
            Reason::PsnTypeUnsupported,
            format!("psn_type {} has no benefit policy", eligibility.psn_type),
        )
        .with_text("该人员类别暂无待遇政策")
        .with("psn_type", &eligibility.psn_type)
    })?;
    let lines = visit.reported.feedetail.iter().zip(&visit.lines).zip(items);
    Ok(Case {
        area: poolarea(eligibility)?,
        scheme: visit.insutype,
        person: person(eligibility, status),
        visit: Visit {
            care: visit.med_type.care(),
            level: institution.level,
            begin: visit.begin,
            end: visit.end,
            filing: filed.map_or(Filing::Local, |filed| filed.class),
            remote: filed.and_then(|filed| filed.rule.clone()),
            in_province: filed.is_none_or(|filed| filed.in_province),
            contracted: institution.contracted,
            diagnoses: visit.reported.dise_codg.clone(),
            tags: visit.reported.tags.iter().cloned().collect(),
            not_covered: stay.not_covered.clone(),
        },
        lines: lines
            .map(|((reported, checked), item)| {
                line(&reported.feedetl_sn, &reported.hilist_code, checked, item)
            })
            .collect(),
        accumulated: BTreeMap::new(),
        account: Account::default(),
        counted: Counted::Claims,
    })
}

/// 统筹区 of the person.
pub fn poolarea(eligibility: &Eligibility) -> Result<Area, ServiceError> {
    let unreadable =
        || ServiceError::internal(anyhow::anyhow!("enrollment's answer has no readable poolarea_no"));
    Area::parse(&eligibility.poolarea_no).ok_or_else(unreadable)
}

fn person(eligibility: &Eligibility, status: Status) -> Person {
    let (identities, memberships) = names_of(&eligibility.identities, &eligibility.memberships);
    Person {
        status,
        age: u32::try_from(eligibility.age).unwrap_or(0),
        identities,
        memberships,
        years_insured: u32::try_from(eligibility.consecutive_years).unwrap_or(0),
    }
}

/// Identities and memberships by the names that policies ask for.
pub fn names_of(identities: &[Identity], memberships: &[Membership]) -> (BTreeSet<String>, BTreeSet<String>) {
    let identities = identities.iter().map(|identity| identity.name.clone()).collect();
    (identities, memberships.iter().flat_map(membership_names).collect())
}

/// `civil_servant` and `civil_servant/科级`: policies may ask for either.
fn membership_names(membership: &Membership) -> Vec<String> {
    let kind = match membership.kind() {
        MembershipKind::Union => "union_mutual_aid",
        MembershipKind::CivilServant => "civil_servant",
        MembershipKind::Veteran => "veteran",
        MembershipKind::Commercial => "commercial",
        MembershipKind::FamilyDoctor => "family_doctor",
        MembershipKind::ResidentTier => "resident_tier",
        // Facts behind the reward of continuous years, not memberships that a policy asks for.
        MembershipKind::ZeroClaimYear | MembershipKind::RewardUsed => return Vec::new(),
        MembershipKind::Unspecified => return Vec::new(),
    };
    let mut names = vec![kind.to_owned()];
    if !membership.category.is_empty() {
        names.push(format!("{kind}/{}", membership.category));
    }
    names
}

fn line(id: &str, code: &str, line: &CheckedLine, item: &Item) -> Line {
    Line {
        id: id.to_owned(),
        code: code.to_owned(),
        quantity: line.quantity,
        price_fen: line.price_fen,
        amount_fen: line.amount,
        class: item.class.clone(),
        list_type: item.list_type.clone(),
        ceiling_fen: item.ceiling_fen,
        prepay: item.prepay,
        labels: item.labels.clone(),
        day: line.day,
    }
}
