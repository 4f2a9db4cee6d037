//! 新生儿 "one thing": person, resident coverage and contributions in one call.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use sea_orm::DatabaseTransaction;
use yizhan_proto::enrollment::v1::{
    Contribution, PersonRow, RegisterNewbornRequest, RegisterNewbornResponse,
};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations, once};

use crate::app::{Done, Register, Write};
use crate::coverage::contribution_check::{self, NewContribution};
use crate::coverage::domain::contributions::Kind;
use crate::coverage::domain::enrolment::{Payment, resident_pays};
use crate::coverage::enrolment::error;
use crate::coverage::messages::decided;
use crate::coverage::store::contributions as stored;
use crate::person::store::entities::person;
use crate::person::store::{rows, timelines};
use crate::register::certificates;
use crate::register::changes;
use crate::register::import_persons::{NewPerson, new_person};
use crate::register::row_check::RowCheck;
use yizhan_terms::Insutype;
use yizhan_terms::is_psn_no;

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
    let today = register.clock.today();
    let told = request.person.clone().unwrap_or_default();
    let child = new_person(&told, today, RowCheck::within("person.", &mut violations));
    violations.require(
        told.die_date.is_empty(),
        "person.die_date",
        Reason::FieldNotExpected.saying("新生儿登记不填死亡日期"),
    );
    let guardian_fits = is_psn_no(&request.guardian_psn_no) && request.guardian_psn_no != told.psn_no;
    violations.require(guardian_fits, "guardian_psn_no", Reason::PsnNoInvalid.saying("应为另一人的人员编号"));
    let payments = payments(&request.payments, &told, today, &mut violations);
    violations.none()?;
    let Some(child) = child else {
        return Err(ServiceError::internal(anyhow::anyhow!("a newborn was refused without a violation")));
    };
    caller.check_manages(child.poolarea_no.as_str())?;
    let newborn =
        Newborn { caller, child, told_psn_no: told.psn_no, guardian: request.guardian_psn_no, payments };
    once::once(register, &key, |write| Box::pin(newborn.write(write))).await
}

fn payments(
    told: &[Contribution],
    child: &PersonRow,
    today: NaiveDate,
    violations: &mut Violations,
) -> Vec<NewContribution> {
    let count_fits = (1..=MAX_PAYMENTS).contains(&told.len());
    violations.require(count_fits, "payments", Reason::CountInvalid.saying("1 至 2 笔缴费"));
    let born_in = child.brdy.get(..4).unwrap_or_default();
    let mut checked = Vec::new();
    for (at, payment) in told.iter().take(MAX_PAYMENTS).enumerate() {
        let place = format!("payments[{at}].");
        let mut payment = payment.clone();
        let own = |value: &str, own: &str| value.is_empty() || value == own;
        let is_own = own(&payment.psn_no, &child.psn_no) && own(&payment.insutype, Insutype::Resident.code());
        violations.require(is_own, format!("{place}psn_no"), Reason::PaymentOfAnother);
        child.psn_no.clone_into(&mut payment.psn_no);
        payment.insutype = Insutype::Resident.to_string();
        let paid = contribution_check::checked(&payment, today, RowCheck::within(&place, violations));
        let normal = paid.as_ref().is_none_or(|paid| paid.kind == Kind::Paid && paid.clct_type == "10");
        violations.require(normal, format!("{place}clct_type"), Reason::PaymentExpected);
        let born = payment.accrym.as_str() >= born_in;
        violations.require(
            born,
            format!("{place}accrym"),
            Reason::AccrymInvalid.saying("参保年度不能早于出生年度"),
        );
        let paid_after_birth = payment.paid_date >= child.brdy;
        violations.require(
            paid_after_birth,
            format!("{place}paid_date"),
            Reason::DatesReversed.saying("缴费日期不能早于出生日期"),
        );
        let twice = told.iter().take(at).any(|earlier| earlier.accrym == payment.accrym);
        violations.require(
            !twice,
            format!("{place}accrym"),
            Reason::DuplicateRow.saying("每个参保年度只缴一次"),
        );
        checked.extend(paid);
    }
    checked.sort_by_key(|payment| payment.first_day);
    checked
}

struct Newborn<'a> {
    caller: &'a Caller,
    child: NewPerson,
    told_psn_no: String,
    guardian: String,
    payments: Vec<NewContribution>,
}

impl Newborn<'_> {
    async fn write(
        &self,
        write @ Write { tx, service: register, cause }: Write<'_>,
    ) -> Result<Done<RegisterNewbornResponse>, ServiceError> {
        self.check_persons(tx).await?;
        let rules = register.rules.load(tx).await?;
        let recorded_at = register.clock.now();
        let mut edit = self.child.edit(None);
        let (mut models, mut coverages) = (Vec::new(), Vec::new());
        for payment in &self.payments {
            models.push(payment.row(self.child.poolarea_no, cause, recorded_at));
            let paid_on = payment.paid_date.unwrap_or_default();
            let pays = Payment { area: self.child.poolarea_no, paid_on, rules: &rules };
            let year = payment.first_day.year();
            let begun = resident_pays(&mut edit.after.timeline, pays, year, Some(NEWBORN));
            coverages.extend(begun.map_err(|stop| error(&stop))?);
        }
        if coverages.len() < self.payments.len() {
            return Err(ServiceError::invalid_field("payments", Reason::CoverageYearOver));
        }
        let child = self.child.model(register);
        certificates::exchange(tx, self.caller, &[(0, child.clone())], &BTreeMap::new()).await?;
        rows::upsert::<person::Entity, _>(tx, vec![child]).await?;
        let changed = changes::record(write, vec![edit]).await?;
        stored::insert(tx, models).await?;
        let person_version = changed.first().map(|person| person.version).unwrap_or_default();
        let coverages = coverages.iter().map(|held| decided(&self.told_psn_no, held)).collect();
        Ok(Done { answer: RegisterNewbornResponse { coverages, person_version, replayed: false }, changed })
    }

    /// The child is not registered yet, the guardian is.
    async fn check_persons(&self, tx: &DatabaseTransaction) -> Result<(), ServiceError> {
        let held = timelines::lock(tx, [self.told_psn_no.clone(), self.guardian.clone()]).await?;
        let mut violations = Violations::new();
        let is_new = !held.contains_key(&self.told_psn_no);
        violations.require(is_new, "person.psn_no", Reason::PersonRegistered);
        let guardian = held.get(&self.guardian).filter(|person| person.timeline.merged_into.is_none());
        violations.require(guardian.is_some(), "guardian_psn_no", Reason::PersonUnknown);
        violations.none()
    }
}
