//! What changes of coverages share: finding the person, and saying why not.

use std::collections::BTreeMap;

use sea_orm::DatabaseTransaction;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};

use crate::app::{person_merged, person_unknown};
use crate::coverage::domain::coverage_changes::Refused;
use crate::coverage::domain::enrolment::Stop;
use crate::person::domain::timeline::{Coverage, MAX_ENTRIES, Timeline};
use crate::person::store::edit::Edit;
use crate::person::store::timelines;
use crate::register::import::{check_keeper, kept_by};
use crate::register::import_coverages::second_basic_scheme_text;
use crate::register::row_check::RowCheck;
use crate::rules::NoRule;

/// One registered person whose register the caller keeps, locked.
pub async fn lock_one(tx: &DatabaseTransaction, caller: &Caller, psn_no: &str) -> Result<Edit, ServiceError> {
    check_keeper(caller)?;
    let held = kept_by(caller, timelines::lock(tx, [psn_no.to_owned()]).await?).remove(psn_no);
    let held = held.ok_or_else(|| person_unknown(psn_no))?;
    match &held.timeline.merged_into {
        Some(into) => Err(person_merged(psn_no, into)),
        None => Ok(Edit::of(held)),
    }
}

/// Registered persons whose register the caller keeps, locked; by row who is not is wrong.
pub async fn lock_rows(
    tx: &DatabaseTransaction,
    caller: &Caller,
    psn_nos: &[&str],
) -> Result<BTreeMap<String, Edit>, ServiceError> {
    check_keeper(caller)?;
    let held = timelines::lock(tx, psn_nos.iter().map(|psn_no| (*psn_no).to_owned())).await?;
    let held = kept_by(caller, held);
    let mut violations = Violations::new();
    for (at, psn_no) in psn_nos.iter().enumerate() {
        let mut check = RowCheck::new(at, &mut violations);
        match held.get(*psn_no) {
            None => check.wrong("psn_no", Reason::PersonUnknown),
            Some(person) if person.timeline.merged_into.is_some() => {
                check.wrong("psn_no", Reason::PersonMerged);
            }
            Some(_) => {}
        }
    }
    violations.none()?;
    Ok(held.into_iter().map(|(psn_no, person)| (psn_no, Edit::of(person))).collect())
}

/// No list of a person may grow without end.
pub fn check_entries(person: &Timeline) -> Result<(), ServiceError> {
    let fits = person.coverages.len() <= MAX_ENTRIES;
    let mut violations = Violations::new();
    violations.require(fits, "psn_no", Reason::TooManyEntries);
    violations.none()
}

/// The reason and the text of a refusal, for a row; the same as [`error`] gives alone.
pub fn reason(stop: &Stop) -> (Reason, String) {
    match stop {
        Stop::Refused(Refused::NotFrom(..)) => {
            (Reason::ChangeNotAllowed, "当前参保状态不能办理该项变动".to_owned())
        }
        Stop::Refused(Refused::SecondBasicScheme(held)) => {
            (Reason::SecondBasicScheme, second_basic_scheme_text(held))
        }
        Stop::Refused(Refused::Overlap(held)) => {
            (Reason::CoverageOverlap, format!("与自 {} 起的同险种参保时段重叠", held.period.begndate))
        }
        Stop::Refused(Refused::OutsideLife(day)) => {
            (Reason::CoverageOutsideLife, format!("参保不能早于出生或晚于死亡（{day}）"))
        }
        Stop::NoRule(missing) => {
            let NoRule { family, area, day } = missing;
            (Reason::EntitlementRuleMissing, format!("{area} 在 {day} 没有生效的待遇规则（{family}）"))
        }
    }
}

/// The refusal of a single change.
pub fn error(stop: &Stop) -> ServiceError {
    let (reason, text) = reason(stop);
    let error = ServiceError::new(reason, message(stop)).with_text(text);
    match stop {
        Stop::Refused(Refused::NotFrom(standing, allowed)) => {
            error.with("standing", standing.name()).with("allowed", allowed.join(","))
        }
        Stop::Refused(Refused::SecondBasicScheme(held) | Refused::Overlap(held)) => with_stretch(error, held),
        Stop::Refused(Refused::OutsideLife(day)) => error.with("day", day),
        Stop::NoRule(missing) => {
            error.with("family", missing.family).with("area", missing.area).with("day", missing.day)
        }
    }
}

fn message(stop: &Stop) -> &'static str {
    match stop {
        Stop::Refused(Refused::NotFrom(..)) => "this change cannot happen in the state the coverage is in",
        Stop::Refused(Refused::SecondBasicScheme(_)) => "another basic scheme is in force on those days",
        Stop::Refused(Refused::Overlap(_)) => "the scheme has a stretch on those days already",
        Stop::Refused(Refused::OutsideLife(_)) => "the coverage would begin before birth or after death",
        Stop::NoRule(_) => "no entitlement rule is in force there on that day",
    }
}

fn with_stretch(error: ServiceError, held: &Coverage) -> ServiceError {
    let enddate = held.period.enddate.map(|end| end.to_string()).unwrap_or_default();
    error.with("insutype", held.insutype).with("begndate", held.period.begndate).with("enddate", enddate)
}
