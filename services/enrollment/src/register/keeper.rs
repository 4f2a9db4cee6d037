//! Whose register it is: a person's own and the agency's that keeps it. They see and decide everything about the person; only the agency
//! writes.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};
use yizhan_terms::{Area, is_psn_no};

use crate::app::{Register, person_merged, person_unknown};
use crate::person::store::edit::Edit;
use crate::person::store::timelines::{self, StoredTimeline};
use crate::rules::{Departments, Fact, Rules};

/// The person, for those who may see and decide everything about them: the person, the agency that keeps their register, the
/// local administrator. Others who may ask about the person are told that this is not theirs; the rest learn no more than of
/// a person who does not exist.
pub async fn for_self_or_keeper(
    register: &Register,
    caller: &Caller,
    psn_no: &str,
) -> Result<Arc<StoredTimeline>, ServiceError> {
    let person = person_asked_about(register, caller, psn_no).await?;
    if is_self(caller, psn_no) || caller.may_manage_area(person.poolarea_no) {
        return Ok(Arc::new(person));
    }
    let text = "仅本人或参保地经办机构可以办理";
    Err(ServiceError::new(Reason::PersonNotOwn, "only for the person or their agency")
        .with_text(text)
        .with("psn_no", psn_no))
}

/// The person as the database has them now, for whoever may ask about them.
pub async fn person_asked_about(
    register: &Register,
    caller: &Caller,
    psn_no: &str,
) -> Result<StoredTimeline, ServiceError> {
    if !is_psn_no(psn_no) {
        return Err(person_unknown(psn_no));
    }
    let person = timelines::find(&register.db, psn_no).await?;
    let person = person.filter(|person| caller.may_ask_about(psn_no, person.poolarea_no));
    person.ok_or_else(|| person_unknown(psn_no))
}

/// Whether a person asks about themselves.
pub fn is_self(caller: &Caller, psn_no: &str) -> bool {
    matches!(caller, Caller::Person { psn_no: own } if own == psn_no)
}

/// Refuses a caller who keeps no register at all, before any person is looked for: so they cannot learn who is registered.
pub fn check_keeper(caller: &Caller) -> Result<(), ServiceError> {
    if matches!(caller, Caller::Agency { .. } | Caller::LocalAdministrator) {
        return Ok(());
    }
    Err(ServiceError::area_not_owned(""))
}

/// A fact that a department may record, where the rules of the day say that it reports it; the agency may always.
#[derive(Clone, Copy, Debug)]
pub struct Reported<'a> {
    /// What.
    pub fact: Fact,
    /// The rules.
    pub rules: &'a Rules,
    /// The day.
    pub today: NaiveDate,
}

impl Reported<'_> {
    /// Whether the caller may record it about persons of this area.
    fn may(&self, caller: &Caller, poolarea_no: Area) -> bool {
        let Caller::Department { code: Some(code), .. } = caller else { return false };
        let departments = self.rules.find::<Departments>(poolarea_no, self.today).ok();
        let department = departments.and_then(|departments| departments.rule.of(code));
        caller.may_read_area(poolarea_no)
            && department.is_some_and(|department| department.facts.contains(&self.fact))
    }

    /// Refuses who neither keeps a register nor reports this anywhere in their area, before any person is looked for. A department is told
    /// which of its facts it is not.
    fn check(&self, caller: &Caller) -> Result<(), ServiceError> {
        match (caller.owned_area(), caller) {
            (Some(area), _) if self.may(caller, area) => Ok(()),
            (Some(area), Caller::Department { code: Some(code), .. }) => {
                let departments = self.rules.find::<Departments>(area, self.today).ok();
                let name = departments.and_then(|found| Some(found.rule.of(code)?.name.clone()));
                let text = match &name {
                    Some(name) => {
                        format!("{name}在本统筹区不报送{}，请由产生该数据的部门报送", self.fact.name())
                    }
                    None => format!("本统筹区没有该部门代码，不能报送{}", self.fact.name()),
                };
                Err(ServiceError::area_not_owned("")
                    .with_text(text)
                    .with("department", code)
                    .with("fact", self.fact.code()))
            }
            _ => check_keeper(caller),
        }
    }
}

/// Persons whose register the caller keeps. Those of other areas are left out, as if nobody had registered them: whether and
/// where somebody is registered is told only to those who may ask about them.
pub fn kept_by<K: Ord>(caller: &Caller, held: BTreeMap<K, StoredTimeline>) -> BTreeMap<K, StoredTimeline> {
    held.into_iter().filter(|(_, person)| caller.may_manage_area(person.poolarea_no)).collect()
}

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

/// The same, also for a department that reports this.
pub async fn lock_reported(
    tx: &DatabaseTransaction,
    caller: &Caller,
    psn_no: &str,
    reported: Reported<'_>,
) -> Result<Edit, ServiceError> {
    reported.check(caller)?;
    let held = timelines::lock(tx, [psn_no.to_owned()]).await?.remove(psn_no);
    let kept = |person: &StoredTimeline| {
        caller.may_manage_area(person.poolarea_no) || reported.may(caller, person.poolarea_no)
    };
    let held = held.filter(kept).ok_or_else(|| person_unknown(psn_no))?;
    match &held.timeline.merged_into {
        Some(into) => Err(person_merged(psn_no, into)),
        None => Ok(Edit::of(held)),
    }
}

/// Registered persons whose register the caller keeps, one for each row of a request, and others, registered anywhere, by the fields
/// that name them; all locked. By row who is not registered so is wrong.
pub async fn lock_rows(
    tx: &DatabaseTransaction,
    caller: &Caller,
    kept: &[(&str, &str)],
    others: &[(&str, &str)],
) -> Result<BTreeMap<String, Edit>, ServiceError> {
    check_keeper(caller)?;
    lock_all(tx, kept, others, |area| caller.may_manage_area(area)).await
}

/// Persons, one for each row of a request, about whom the caller may record this, as the agency or as a department that reports it.
pub async fn lock_rows_reported(
    tx: &DatabaseTransaction,
    caller: &Caller,
    psn_nos: &[&str],
    reported: Reported<'_>,
) -> Result<BTreeMap<String, Edit>, ServiceError> {
    reported.check(caller)?;
    let kept: Vec<_> = psn_nos.iter().map(|psn_no| ("psn_no", *psn_no)).collect();
    lock_all(tx, &kept, &[], |area| caller.may_manage_area(area) || reported.may(caller, area)).await
}

async fn lock_all(
    tx: &DatabaseTransaction,
    kept: &[(&str, &str)],
    others: &[(&str, &str)],
    may_write: impl Fn(Area) -> bool,
) -> Result<BTreeMap<String, Edit>, ServiceError> {
    let all = kept.iter().chain(others).map(|(_, psn_no)| (*psn_no).to_owned());
    let held = timelines::lock(tx, all).await?;
    let mut violations = Violations::new();
    let mut check = |at: usize, field: &str, person: Option<&StoredTimeline>| {
        let mut fields = Fields::row(at, &mut violations);
        let person = fields.some(person, field, Reason::PersonUnknown);
        let stands = person.is_none_or(|person| person.timeline.merged_into.is_none());
        fields.require(stands, field, Reason::PersonMerged);
    };
    for (at, (field, psn_no)) in kept.iter().enumerate() {
        check(at, field, held.get(*psn_no).filter(|person| may_write(person.poolarea_no)));
    }
    // Of a row that is not the caller's nothing else is told.
    let ours = |at: usize| held.get(kept[at].1).is_some_and(|person| may_write(person.poolarea_no));
    for (at, (field, psn_no)) in others.iter().enumerate().filter(|(at, _)| ours(*at)) {
        check(at, field, held.get(*psn_no));
    }
    violations.none()?;
    Ok(held.into_iter().map(|(psn_no, person)| (psn_no, Edit::of(person))).collect())
}
