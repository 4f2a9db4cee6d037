//! One change of one coverage by 人员变动 (psn_chg_type).

use chrono::NaiveDate;
use yizhan_proto::enrollment::v1::{ChangeCoverageRequest, ChangeCoverageResponse, DecidedCoverage};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations, once};
use yizhan_terms::{Area, Insutype};

use crate::app::{Done, Register, Write};
use crate::coverage::contribution_check::{self, NewContribution};
use crate::coverage::domain::contributions::{Kind, accrym_of, is_paid_yearly, paid_on};
use crate::coverage::domain::coverage_changes::{self, Change, Set, Standing};
use crate::coverage::domain::enrolment::{Payment, stretch};
use crate::coverage::enrolment::{check_entries, error};
use crate::coverage::messages::decided;
use crate::coverage::store::contributions as stored;
use crate::person::domain::codes;
use crate::person::domain::period::Period;
use crate::person::domain::timeline::{Coverage, Timeline};
use crate::person::store::edit::Edit;
use crate::register::changes;
use crate::register::keeper::lock_one;

/// Checks the request, then the state of the coverage, then does it.
pub async fn change_coverage(
    register: &Register,
    caller: &Caller,
    mut request: ChangeCoverageRequest,
) -> Result<ChangeCoverageResponse, ServiceError> {
    let (key, mut violations) = once::open(caller, &mut request);
    let asked = checked(&request, register.clock.today(), &mut violations);
    let asked = violations.finish(asked)?;
    once::once(register, &key, |write| Box::pin(asked.make(write, caller))).await
}

/// A change that is well told.
struct Asked {
    psn_no: String,
    insutype: Insutype,
    change: Change,
    day: NaiveDate,
    set: Set,
    poolarea_no: Option<Area>,
    switch_from: Option<Insutype>,
    payment: Option<NewContribution>,
}

fn checked(request: &ChangeCoverageRequest, today: NaiveDate, violations: &mut Violations) -> Option<Asked> {
    let payment = payment(request, today, violations);
    let mut fields = Fields::of(violations);
    let psn_no = fields.psn_no("psn_no", &request.psn_no);
    let insutype = fields.coded("insutype", &request.insutype, Insutype::from_code);
    let change = Change::from_code(&request.psn_chg_type).filter(|change| !change.is_transfer());
    let text = "人员变动应为 11、12、21、22、25、27、31 或 32；转移请办理关系转移接续";
    let change = fields.some(change, "psn_chg_type", Reason::CodeUnknown.saying(text));
    let day = fields.date("chg_date", &request.chg_date);
    let psn_type = psn_type(&request.psn_type, change, &mut fields);
    let hi_type = fields.optional("hi_type", &request.hi_type, |fields, field, code| {
        fields.code(field, code, codes::is_hi_type)
    });
    let poolarea_no = fields.optional("poolarea_no", &request.poolarea_no, Fields::area);
    let other_basic = |code: &str| {
        Insutype::from_code(code).filter(|scheme| scheme.is_basic() && Some(*scheme) != insutype)
    };
    let switch_from = fields.optional("switch_from", &request.switch_from, |fields, field, code| {
        fields.coded(field, code, other_basic)
    });
    let begins = change.is_none_or(|change| matches!(change, Change::Enrol | Change::Resume));
    let only_begins = [
        ("poolarea_no", request.poolarea_no.is_empty()),
        ("switch_from", request.switch_from.is_empty()),
        ("payment", request.payment.is_none()),
    ];
    for (field, is_empty) in only_begins {
        let said = Reason::FieldNotExpected.saying("仅在 11 新参保和 12 恢复缴费时填写");
        fields.require(begins || is_empty, field, said);
    }
    Some(Asked {
        psn_no: psn_no?,
        insutype: insutype?,
        change: change?,
        day: day?,
        set: Set { psn_type: psn_type?, hi_type: hi_type? },
        poolarea_no: poolarea_no?,
        switch_from: switch_from?,
        payment: payment?,
    })
}

/// The 人员类别 that a change sets.
fn psn_type(code: &str, change: Option<Change>, fields: &mut Fields) -> Option<Option<String>> {
    let needed = matches!(change, Some(Change::Enrol | Change::Retire | Change::ChangeIdentity));
    fields.require(!needed || !code.is_empty(), "psn_type", Reason::PsnTypeRequired);
    let retires = change != Some(Change::Retire) || code.is_empty() || code.starts_with("12");
    fields.require(retires, "psn_type", Reason::PsnTypeNotRetired);
    fields.optional("psn_type", code, |fields, field, code| fields.code(field, code, codes::is_psn_type))
}

/// The payment told with the change, of the same person and scheme.
fn payment(
    request: &ChangeCoverageRequest,
    today: NaiveDate,
    violations: &mut Violations,
) -> Option<Option<NewContribution>> {
    let Some(mut told) = request.payment.clone() else { return Some(None) };
    let same = |told: &mut String, own: &String| {
        if told.is_empty() {
            own.clone_into(told);
        }
        told == own
    };
    let is_own = same(&mut told.psn_no, &request.psn_no) & same(&mut told.insutype, &request.insutype);
    let mut fields = Fields::within("payment.", violations);
    fields.require(is_own, "psn_no", Reason::PaymentOfAnother);
    let paid = contribution_check::checked(&told, today, &mut fields)?;
    let day = parse_date(&request.chg_date);
    let of_period = day.is_none_or(|day| paid.accrym == accrym_of(paid.insutype, day));
    let text = "应为变动日期所在的费款所属期；其他期间的缴费请另行登记";
    fields.require(of_period, "accrym", Reason::PaymentOfAnotherPeriod.saying(text));
    let text = "应为已缴的缴费记录，不能是应缴或退费";
    fields.require(paid.kind == Kind::Paid, "clct_flag", Reason::PaymentExpected.saying(text));
    Some(Some(paid))
}

impl Asked {
    async fn make(
        &self,
        write: Write<'_>,
        caller: &Caller,
    ) -> Result<Done<ChangeCoverageResponse>, ServiceError> {
        let mut edit = lock_one(write.tx, caller, &self.psn_no).await?;
        let person = &mut edit.after.timeline;
        let (insutype, day, change) = (self.insutype, self.day, self.change);
        match change {
            Change::Enrol => self.begin(write, &mut edit).await?,
            Change::Resume if !self.goes_on(person) => self.begin(write, &mut edit).await?,
            Change::End => coverage_changes::end(person, insutype, day, change).map_err(error)?,
            _ => coverage_changes::turn(person, insutype, day, change, self.set.clone()).map_err(error)?,
        }
        check_entries(&edit.after.timeline)?;
        edit.touch();
        let coverages = self.told(&edit);
        let (person_version, changed) = changes::record_one(write, edit).await?;
        Ok(Done { answer: ChangeCoverageResponse { coverages, person_version, replayed: false }, changed })
    }

    /// Whether a resident's coverage year, which is paid for as a whole, goes on after a pause.
    fn goes_on(&self, person: &Timeline) -> bool {
        let standing = coverage_changes::standing(person, self.insutype, self.day);
        is_paid_yearly(self.insutype) && standing == Standing::Paused && self.payment.is_none()
    }

    /// 11 and 12: ends what is switched from, records the payment, decides, begins.
    async fn begin(&self, write: Write<'_>, edit: &mut Edit) -> Result<(), ServiceError> {
        let Write { tx, service: register, cause } = write;
        let mut recorded = stored::of_person(tx, &self.psn_no).await?;
        if let Some(payment) = &self.payment {
            let row = payment.row(edit.after.poolarea_no, cause, register.clock.now());
            recorded.push(payment.accrued());
            stored::insert(tx, vec![row]).await?;
        }
        let area = self.poolarea_no.unwrap_or(edit.after.poolarea_no);
        let person = &mut edit.after.timeline;
        coverage_changes::check(person, self.insutype, self.change, self.day).map_err(error)?;
        if let Some(switched) = self.switch_from {
            coverage_changes::end(person, switched, self.day, Change::End).map_err(error)?;
        }
        let psn_type = self.set.psn_type.clone().or_else(|| last_psn_type(person, self.insutype));
        let psn_type =
            psn_type.ok_or_else(|| ServiceError::invalid_field("psn_type", Reason::PsnTypeRequired))?;
        let coverage = if needs_payment(self.insutype, &psn_type) {
            let paid_on = self.payment.as_ref().and_then(|payment| payment.paid_date);
            let accrym = accrym_of(self.insutype, self.day);
            let paid_on = paid_on.or_else(|| self::paid_on(&recorded, self.insutype, &accrym));
            let paid_on = paid_on.ok_or_else(|| contribution_missing(self.insutype, &accrym))?;
            let rules = register.rules.load(tx).await?;
            let entering = self.payment.as_ref().filter(|payment| payment.enters).map(|_| psn_type.as_str());
            let payment = Payment { area, paid_on, entering, rules: &rules };
            let mut decision = payment.decide(person, self.insutype, self.day).map_err(error)?;
            if self.switch_from.is_some() {
                // Paid ahead: until the day of the switch the scheme that is left pays.
                decision.period.begndate = decision.period.begndate.max(self.day);
                decision.entitled_begndate = decision.entitled_begndate.max(decision.period.begndate);
            }
            stretch(self.insutype, psn_type, decision)
        } else {
            Coverage::normal(self.insutype, psn_type, Period { begndate: self.day, enddate: None })
        };
        if coverage.period.ended_before(coverage.period.begndate) {
            let said = Reason::CoverageYearOver.saying("缴费时参保年度已过，不能参保");
            return Err(ServiceError::invalid_field("chg_date", said));
        }
        let hi_type = self.set.hi_type.clone().unwrap_or_default();
        let coverage = Coverage { poolarea_no: self.poolarea_no, hi_type, ..coverage };
        coverage_changes::begin(person, coverage, self.change).map_err(error)
    }

    /// The stretches from the day on; where there are none, the last.
    fn told(&self, edit: &Edit) -> Vec<DecidedCoverage> {
        let person = &edit.after;
        let of_scheme = || person.timeline.coverages.iter().filter(|held| held.insutype == self.insutype);
        let mut from_then: Vec<&Coverage> =
            of_scheme().filter(|held| !held.period.ended_before(self.day)).collect();
        if from_then.is_empty() {
            from_then.extend(of_scheme().next_back());
        }
        from_then.into_iter().map(|held| decided(&person.psn_no, held)).collect()
    }
}

/// 退休 and 离休 people, and what comes on top of a basic scheme, are not paid for by the person month by month. Every resident's
/// year is.
fn needs_payment(insutype: Insutype, psn_type: &str) -> bool {
    let retired = psn_type.starts_with("12") || psn_type.starts_with("13");
    insutype.is_basic() && (is_paid_yearly(insutype) || !retired)
}

fn last_psn_type(person: &Timeline, insutype: Insutype) -> Option<String> {
    let last = person.coverages.iter().rfind(|held| held.insutype == insutype);
    last.map(|held| held.psn_type.clone())
}

fn contribution_missing(insutype: Insutype, accrym: &str) -> ServiceError {
    ServiceError::new(Reason::ContributionMissing, "nothing is paid for the scheme and period")
        .with_text(format!("未查询到 {accrym} 的缴费记录，请先缴费或随参保一并登记缴费"))
        .with("insutype", insutype)
        .with("accrym", accrym)
}
