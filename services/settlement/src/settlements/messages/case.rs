//! From a reported visit to the engine's case: what the policies ask about it.

use std::collections::{BTreeMap, BTreeSet};

use yizhan_money::Fen;
use yizhan_policy::case::{Account, Case, Continuity, Counted, Disease, Line, Person, Visit};
use yizhan_proto::enrollment::v1::{
    CriticalIllnessReward, DiseaseKind as Recognised, Eligibility, Identity, Membership, MembershipKind,
};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::{Reason, ServiceError};
use yizhan_terms::{Area, Care, DiseaseKind, Filing, Status};

use super::answer::LookedUp;
use super::visit::{CheckedLine, elsewhere};
use crate::reference::domain::Item;

/// What a visit looks like to policies, before the person's accumulators and stays are read: care at home where the filing service was not
/// asked.
pub fn build(known: &LookedUp) -> Result<Case, ServiceError> {
    let LookedUp { visit, stay, institution, items, filed, .. } = known;
    let eligibility = &stay.eligibility;
    let filed = filed.as_ref();
    let lines = visit.reported.feedetail.iter().zip(&visit.lines).zip(items);
    Ok(Case {
        area: poolarea(eligibility)?,
        scheme: visit.insutype,
        person: person(eligibility)?,
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
            disease: disease(&visit.reported.opsp_dise_code, visit.med_type.care(), eligibility),
            tags: visit.reported.tags.iter().cloned().collect(),
            not_covered: stay.not_covered.clone(),
            previous: None,
        },
        lines: lines
            .map(|((reported, checked), item)| {
                line(&reported.feedetl_sn, &reported.hilist_code, checked, item)
            })
            .collect(),
        accumulated: BTreeMap::new(),
        paid_elsewhere: elsewhere::of_case(&visit.reported),
        account: Account::default(),
        counted: Counted::Claims,
        earlier: None,
    })
}

/// 统筹区 of the person.
pub fn poolarea(eligibility: &Eligibility) -> Result<Area, ServiceError> {
    let unreadable =
        || ServiceError::internal(anyhow::anyhow!("enrollment's answer has no readable poolarea_no"));
    Area::parse(&eligibility.poolarea_no).ok_or_else(unreadable)
}

/// What policies ask about the person.
pub fn person(eligibility: &Eligibility) -> Result<Person, ServiceError> {
    let status = Status::from_psn_type(&eligibility.psn_type).ok_or_else(|| {
        ServiceError::new(
            Reason::PsnTypeUnsupported,
            format!("psn_type {} has no benefit policy", eligibility.psn_type),
        )
        .with_text("该人员类别暂无待遇政策")
        .with("psn_type", &eligibility.psn_type)
    })?;
    let (identities, memberships) = names_of(&eligibility.identities, &eligibility.memberships);
    Ok(Person {
        status,
        age: u32::try_from(eligibility.age).unwrap_or(0),
        identities,
        memberships,
        years_insured: u32::try_from(eligibility.consecutive_years).unwrap_or(0),
        continuity: eligibility.critical_illness_reward.as_ref().and_then(continuity),
    })
}

/// The disease a visit is reported to be of, as the register recognises it. Of who is recognised both ways, 门诊慢特病 is what was
/// reported as such, and everything else is of the 两病.
fn disease(code: &str, care: Care, eligibility: &Eligibility) -> Option<Disease> {
    let held = eligibility.diseases.iter().filter(|held| held.dise_codg == code);
    let mut recognised: Vec<Disease> = held
        .filter_map(|held| {
            let since = parse_date(&held.begndate);
            Some(Disease { code: code.to_owned(), kind: kind(held.kind())?, since })
        })
        .collect();
    recognised.sort_by_key(|one| (one.kind == DiseaseKind::Chronic) != (care == Care::Chronic));
    recognised.into_iter().next()
}

fn kind(recognised: Recognised) -> Option<DiseaseKind> {
    match recognised {
        Recognised::Unspecified => None,
        Recognised::Chronic => Some(DiseaseKind::Chronic),
        Recognised::TwoDiseases => Some(DiseaseKind::TwoDiseases),
    }
}

/// What may raise the cap of critical-illness insurance; nothing where no year counts, nor could by the books.
fn continuity(told: &CriticalIllnessReward) -> Option<Continuity> {
    let raises = told.years_fen > 0 || !told.zero_claim.is_empty() || !told.open_years.is_empty();
    raises.then(|| Continuity {
        years_fen: Fen(told.years_fen),
        per_zero_claim_year_fen: Fen(told.per_zero_claim_year_fen),
        zero_claim_years: told.zero_claim.iter().copied().collect(),
        open_years: told.open_years.iter().copied().collect(),
        use_clears: told.use_clears_zero_claim,
        limit_fen: Some(Fen(told.limit_fen)).filter(|limit| *limit > Fen::ZERO),
        limit_permille: u32::try_from(told.limit_permille).unwrap_or(0),
        rule: told.rule.clone(),
        citation: told.citation.clone(),
    })
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
        paid_elsewhere_fen: Fen::ZERO,
        earlier: None,
    }
}
