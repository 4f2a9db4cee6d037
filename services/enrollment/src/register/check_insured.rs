//! 参保信息核查: coverages beyond a death, and two records of one person, as it seems, that are insured on the same days.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use yizhan_proto::enrollment::v1::{
    CheckInsuredRequest, CheckInsuredResponse, InsuranceDoubt, InsuranceDoubtKind,
};
use yizhan_rules::months::day_after;
use yizhan_runtime::clock::day_text;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};

use crate::app::Register;
use crate::person::domain::basic_schemes::is_basic_normal;
use crate::person::domain::codes::CERTIFICATE_TYPES;
use crate::person::domain::timeline::{Coverage, CoverageState, Timeline};
use crate::person::store::entities::person;
use crate::person::store::personal_data::PersonalData;
use crate::person::store::persons;
use crate::person::store::timelines::{self, StoredTimeline};

/// Persons of one question at most.
const MAX_CHECKED: usize = 100;
/// The number of a certificate, under another type.
const SAME_NUMBER: &str = "SAME_NUMBER";
/// Name and phone.
const SAME_NAME_AND_PHONE: &str = "SAME_NAME_AND_PHONE";

/// Everything there is to doubt of some persons: a few reads for all of them.
pub async fn check_insured(
    register: &Register,
    caller: &Caller,
    request: CheckInsuredRequest,
) -> Result<CheckInsuredResponse, ServiceError> {
    if !matches!(caller, Caller::Service { .. } | Caller::LocalAdministrator) {
        let denied = "only services check the register";
        return Err(ServiceError::new(Reason::PersonNotOwn, denied).with_text("仅限系统内服务调用"));
    }
    let mut wrong = Violations::new();
    let said = Reason::TooMany.saying(format!("应为 1 至 {MAX_CHECKED} 人"));
    wrong.require((1..=MAX_CHECKED).contains(&request.psn_nos.len()), "psn_nos", said);
    for (at, psn_no) in request.psn_nos.iter().take(MAX_CHECKED).enumerate() {
        Fields::of(&mut wrong).psn_no(&format!("psn_nos[{at}]"), psn_no);
    }
    wrong.none()?;
    let today = register.clock.today();
    let checked = timelines::find_many(&register.db, request.psn_nos).await?;
    let mut doubts: Vec<InsuranceDoubt> = checked.values().flat_map(after_death).collect();
    let insured = checked.into_values().filter(|one| basic_from(&one.timeline, today).next().is_some());
    doubts.extend(twice(register, insured.collect(), today).await?);
    doubts.sort_by(|one, other| one.psn_no.cmp(&other.psn_no));
    Ok(CheckInsuredResponse { doubts })
}

/// One for each scheme.
fn after_death(person: &StoredTimeline) -> Vec<InsuranceDoubt> {
    let Some(died) = person.timeline.person.die_date else { return Vec::new() };
    let first = day_after(died);
    let beyond = person.timeline.coverages.iter();
    let beyond = beyond.filter(|one| one.state != CoverageState::Ended && !one.period.ended_before(first));
    let mut by_scheme: BTreeMap<&str, Vec<&Coverage>> = BTreeMap::new();
    for coverage in beyond {
        by_scheme.entry(coverage.insutype.code()).or_default().push(coverage);
    }
    let doubt = |(insutype, beyond): (&str, Vec<&Coverage>)| {
        let begin = beyond.iter().map(|one| one.period.begndate).min().unwrap_or(first);
        let ends: Option<Vec<NaiveDate>> = beyond.iter().map(|one| one.period.enddate).collect();
        InsuranceDoubt {
            kind: InsuranceDoubtKind::AfterDeath.into(),
            psn_no: person.psn_no.clone(),
            poolarea_no: person.poolarea_no.to_string(),
            insutype: insutype.to_owned(),
            begndate: begin.max(first).to_string(),
            enddate: day_text(ends.and_then(|ends| ends.into_iter().max())),
            die_date: died.to_string(),
            ..InsuranceDoubt::default()
        }
    };
    by_scheme.into_iter().map(doubt).collect()
}

/// Normal basic coverages that have a day from this one on.
fn basic_from(timeline: &Timeline, day: NaiveDate) -> impl Iterator<Item = &Coverage> {
    timeline.coverages.iter().filter(move |one| is_basic_normal(one) && !one.period.ended_before(day))
}

/// A person's row with what it says in clear.
struct Known {
    row: person::Model,
    clear: PersonalData,
}

async fn twice(
    register: &Register,
    insured: Vec<StoredTimeline>,
    today: NaiveDate,
) -> Result<Vec<InsuranceDoubt>, ServiceError> {
    let own = known(register, insured.iter()).await?;
    let digests: Vec<(String, &str)> = own.values().flat_map(|one| other_digests(register, one)).collect();
    let numbers =
        persons::find_psn_nos_by_certificates(&register.db, digests.iter().map(|(digest, _)| digest.clone()))
            .await?;
    let tels = own.values().filter(|one| !one.row.tel_digest.is_empty());
    let tels = tels.map(|one| (one.row.tel_digest.as_str(), one.row.brdy));
    let with_tel = persons::find_by_tels(&register.db, tels).await?;
    let mut pairs: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for one in own.values() {
        let same_tel = with_tel.iter().filter(|other| other.tel_digest == one.row.tel_digest);
        let same_tel = same_tel.filter(|_| !one.row.tel_digest.is_empty());
        pairs.extend(
            same_tel.map(|other| ((one.row.psn_no.as_str(), other.psn_no.as_str()), SAME_NAME_AND_PHONE)),
        );
    }
    let same_number =
        digests.iter().filter_map(|(digest, psn_no)| Some((*psn_no, numbers.get(digest)?.as_str())));
    pairs.extend(same_number.map(|pair| (pair, SAME_NUMBER)));
    pairs.retain(|(one, other), _| one != other);
    let psn_nos: BTreeSet<String> = pairs.keys().map(|(_, other)| (*other).to_owned()).collect();
    let others = timelines::find_many(&register.db, psn_nos).await?;
    let clear = known(register, others.values()).await?;
    let persons: BTreeMap<&str, &StoredTimeline> =
        insured.iter().map(|one| (one.psn_no.as_str(), one)).collect();
    let doubt = |((psn_no, other), evidence): ((&str, &str), &str)| {
        let fits = is_one_person(own.get(psn_no)?, clear.get(other)?, evidence);
        fits.then(|| insured_twice((persons.get(psn_no)?, others.get(other)?), evidence, today)).flatten()
    };
    Ok(pairs.into_iter().filter_map(doubt).collect())
}

async fn known<'t>(
    register: &Register,
    timelines: impl Iterator<Item = &'t StoredTimeline>,
) -> Result<BTreeMap<String, Known>, ServiceError> {
    let keys: Vec<_> = timelines.map(|one| (one.poolarea_no, one.psn_no.clone())).collect();
    let rows = persons::find_many(&register.db, keys).await?;
    let open = |(psn_no, row): (String, person::Model)| {
        let clear = PersonalData::open(&row, &register.vault).map_err(ServiceError::internal)?;
        Ok((psn_no, Known { row, clear }))
    };
    rows.into_iter().map(open).collect()
}

/// Digests of the person's number under all other types of certificates.
fn other_digests<'k>(register: &Register, one: &'k Known) -> Vec<(String, &'k str)> {
    let number = one.clear.certno.expose();
    let types = CERTIFICATE_TYPES.iter().filter(|kind| **kind != one.row.psn_cert_type && !number.is_empty());
    types.map(|kind| (register.certificate_key.digest(kind, number), one.row.psn_no.as_str())).collect()
}

fn is_one_person(one: &Known, other: &Known, evidence: &str) -> bool {
    let alike = one.row.brdy == other.row.brdy && one.row.gend == other.row.gend;
    alike && (evidence == SAME_NUMBER || one.clear.psn_name == other.clear.psn_name)
}

/// The first days on which both are insured.
fn insured_twice(
    (one, other): (&StoredTimeline, &StoredTimeline),
    evidence: &str,
    today: NaiveDate,
) -> Option<InsuranceDoubt> {
    let both = basic_from(&one.timeline, today).find_map(|held| {
        basic_from(&other.timeline, today)
            .find(|too| too.period.overlaps(&held.period))
            .map(|too| (held, too))
    });
    let (held, too) = both?;
    let end = [held.period.enddate, too.period.enddate].into_iter().flatten().min();
    Some(InsuranceDoubt {
        kind: InsuranceDoubtKind::Twice.into(),
        psn_no: one.psn_no.clone(),
        poolarea_no: one.poolarea_no.to_string(),
        insutype: held.insutype.code().to_owned(),
        begndate: held.period.begndate.max(too.period.begndate).to_string(),
        enddate: day_text(end),
        other_psn_no: other.psn_no.clone(),
        other_poolarea_no: other.poolarea_no.to_string(),
        other_insutype: too.insutype.code().to_owned(),
        evidence: evidence.to_owned(),
        ..InsuranceDoubt::default()
    })
}
