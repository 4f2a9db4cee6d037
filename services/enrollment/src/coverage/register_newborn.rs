//! 新生儿 "one thing": person, resident coverage and contributions in one call.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use yizhan_proto::enrollment::v1::{
    Contribution, PersonRow, RegisterNewbornRequest, RegisterNewbornResponse,
};
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations, db, once};
use yizhan_terms::{Insutype, is_psn_no};

use crate::app::{Done, Register, Write};
use crate::coverage::contribution_check::{self, NewContribution};
use crate::coverage::domain::contributions::Kind;
use crate::coverage::domain::enrolment::{Payment, resident_pays};
use crate::coverage::enrolment::error;
use crate::coverage::messages::decided;
use crate::coverage::store::contributions as stored;
use crate::person::store::entities::person;
use crate::person::store::timelines;
use crate::register::import_persons::{NewPerson, new_person};
use crate::register::{certificates, changes};

/// 人员类别 新生儿.
const NEWBORN: &str = "1401";
/// Payments at most.
const MAX_PAYMENTS: usize = 2;

/// Registers the child; the guardian must be registered.
pub async fn register_newborn(
    register: &Register,
    caller: &Caller,
    mut request: RegisterNewbornRequest,
) -> Result<RegisterNewbornResponse, ServiceError> {
    let (key, mut violations) = once::open(caller, &mut request);
    let newborn = checked(request, register.clock.today(), &mut violations);
    let newborn = violations.finish(newborn)?;
    caller.check_manages(newborn.child.poolarea_no.as_str())?;
    once::once(register, &key, |write| Box::pin(newborn.register(write, caller))).await
}

/// A child to be registered.
struct Newborn {
    child: NewPerson,
    guardian: String,
    /// With the day each was paid, in the order of coverage years.
    payments: Vec<(NaiveDate, NewContribution)>,
}

fn checked(
    request: RegisterNewbornRequest,
    today: NaiveDate,
    violations: &mut Violations,
) -> Option<Newborn> {
    let told = request.person.unwrap_or_default();
    let guardian = request.guardian_psn_no;
    let child = new_person(&told, today, Fields::within("person.", violations));
    let no_death = Reason::FieldNotExpected.saying("新生儿登记不填死亡日期");
    violations.require(told.die_date.is_empty(), "person.die_date", no_death);
    let is_another = is_psn_no(&guardian) && guardian != told.psn_no;
    violations.require(is_another, "guardian_psn_no", Reason::PsnNoInvalid.saying("应为另一人的人员编号"));
    let fits = (1..=MAX_PAYMENTS).contains(&request.payments.len());
    violations.require(fits, "payments", Reason::CountInvalid.saying("1 至 2 笔缴费"));
    let mut payments = Vec::new();
    for (at, payment) in request.payments.iter().take(MAX_PAYMENTS).enumerate() {
        let twice = request.payments[..at].iter().any(|earlier| earlier.accrym == payment.accrym);
        let place = format!("payments[{at}].");
        let mut fields = Fields::within(&place, violations);
        fields.require(!twice, "accrym", Reason::DuplicateRow.saying("每个参保年度只缴一次"));
        payments.push(paid(payment.clone(), &told, today, fields));
    }
    let mut payments = payments.into_iter().collect::<Option<Vec<_>>>()?;
    payments.sort_by_key(|(_, payment)| payment.first_day);
    Some(Newborn { child: child?, guardian, payments })
}

/// A payment for the child's coverage as a resident, and its day.
fn paid(
    mut told: Contribution,
    child: &PersonRow,
    today: NaiveDate,
    mut fields: Fields,
) -> Option<(NaiveDate, NewContribution)> {
    let own = |value: &str, own: &str| value.is_empty() || value == own;
    let is_own = own(&told.psn_no, &child.psn_no) && own(&told.insutype, Insutype::Resident.code());
    fields.require(is_own, "psn_no", Reason::PaymentOfAnother);
    child.psn_no.clone_into(&mut told.psn_no);
    told.insutype = Insutype::Resident.to_string();
    let payment = contribution_check::checked(&told, today, &mut fields);
    let born = told.accrym.as_str() >= child.brdy.get(..4).unwrap_or_default();
    fields.require(born, "accrym", Reason::AccrymInvalid.saying("参保年度不能早于出生年度"));
    let said = Reason::DatesReversed.saying("缴费日期不能早于出生日期");
    fields.require(told.paid_date >= child.brdy, "paid_date", said);
    let payment = payment?;
    let normal = payment.kind == Kind::Paid && payment.clct_type == "10";
    let paid_on = payment.paid_date.filter(|_| normal);
    Some((fields.some(paid_on, "clct_type", Reason::PaymentExpected)?, payment))
}

impl Newborn {
    async fn register(
        &self,
        write: Write<'_>,
        caller: &Caller,
    ) -> Result<Done<RegisterNewbornResponse>, ServiceError> {
        let Write { tx, service: register, cause } = write;
        self.check_persons(tx).await?;
        let rules = register.rules.load(tx).await?;
        let area = self.child.poolarea_no;
        let mut edit = self.child.edit(None);
        let mut coverages = Vec::new();
        for (paid_on, payment) in &self.payments {
            let pays = Payment { area, paid_on: *paid_on, entering: None, rules: &rules };
            let year = payment.first_day.year();
            let begun = resident_pays(&mut edit.after.timeline, pays, year, Some(NEWBORN));
            coverages.extend(begun.map_err(error)?.map(|held| decided(&self.child.psn_no, &held)));
        }
        if coverages.len() < self.payments.len() {
            return Err(ServiceError::invalid_field("payments", Reason::CoverageYearOver));
        }
        let child = self.child.model(register);
        certificates::exchange(tx, caller, &[(0, child.clone())], &BTreeMap::new()).await?;
        db::upsert::<person::Entity>(tx, vec![child]).await?;
        let (person_version, changed) = changes::record_one(write, edit).await?;
        let at = register.clock.now();
        stored::insert(tx, self.payments.iter().map(|(_, payment)| payment.row(area, cause, at)).collect())
            .await?;
        Ok(Done { answer: RegisterNewbornResponse { coverages, person_version, replayed: false }, changed })
    }

    /// The child is not registered yet, the guardian is.
    async fn check_persons(&self, tx: &DatabaseTransaction) -> Result<(), ServiceError> {
        let held = timelines::lock(tx, [self.child.psn_no.clone(), self.guardian.clone()]).await?;
        let mut violations = Violations::new();
        let is_new = !held.contains_key(&self.child.psn_no);
        violations.require(is_new, "person.psn_no", Reason::PersonRegistered);
        let guardian = held.get(&self.guardian).filter(|person| person.timeline.merged_into.is_none());
        violations.require(guardian.is_some(), "guardian_psn_no", Reason::PersonUnknown);
        violations.none()
    }
}
