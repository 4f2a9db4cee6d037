//! One change of one coverage by 人员变动 (psn_chg_type).

use chrono::NaiveDate;
use sea_orm::DatabaseTransaction;
use yizhan_proto::enrollment::v1::{ChangeCoverageRequest, ChangeCoverageResponse};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::{Area, Insutype};

use crate::app::{Done, Register, Write};
use crate::coverage::contribution_check::{self, NewContribution};
use crate::coverage::domain::contributions::{Kind, accrym_of, is_paid_yearly, paid_on};
use crate::coverage::domain::coverage_changes::{self, Change, Refused, Set, Standing};
use crate::coverage::domain::enrolment::{Payment, Stop, stretch};
use crate::coverage::enrolment::{check_entries, error, lock_one};
use crate::coverage::messages::decided;
use crate::coverage::store::contributions as stored;
use crate::person::domain::codes;
use crate::person::domain::period::Period;
use crate::person::domain::timeline::{Coverage, CoverageState, Timeline};
use crate::person::store::edit::Edit;
use crate::register::changes;
use crate::register::row_check::RowCheck;
use yizhan_runtime::once::{self, Cause};

/// Checks the request, then the state of the coverage, then does it.
pub async fn change_coverage(
    register: &Register,
    caller: &Caller,
    mut request: ChangeCoverageRequest,
) -> Result<ChangeCoverageResponse, ServiceError> {
    let (key, mut violations) = once::open(caller, &mut request);
    let asked = asked(&request, register.clock.today(), &mut violations);
    violations.none()?;
    let Some(asked) = asked else {
        return Err(ServiceError::internal(anyhow::anyhow!("a change was refused without a violation")));
    };
    let work = Changing { caller, asked };
    once::once(register, &key, |write| Box::pin(work.write(write))).await
}

/// A request that is right.
struct Asked {
    psn_no: String,
    insutype: Insutype,
    change: Change,
    day: NaiveDate,
    psn_type: Option<String>,
    hi_type: Option<String>,
    poolarea_no: Option<Area>,
    switch_from: Option<Insutype>,
    payment: Option<NewContribution>,
}

impl Asked {
    /// Whether a resident's coverage year, which is paid for as a whole, goes on after a pause.
    fn goes_on(&self, person: &Timeline) -> bool {
        let standing = coverage_changes::standing(person, self.insutype, self.day);
        is_paid_yearly(self.insutype) && standing == Standing::Paused && self.payment.is_none()
    }
}

fn asked(request: &ChangeCoverageRequest, today: NaiveDate, violations: &mut Violations) -> Option<Asked> {
    let payment = payment(request, today, violations);
    let mut check = RowCheck::within("", violations);
    let psn_no = check.psn_no("psn_no", &request.psn_no);
    let insutype = check.insutype("insutype", &request.insutype);
    let change = Change::from_code(&request.psn_chg_type).filter(|change| !change.is_transfer());
    if change.is_none() {
        let text = "人员变动应为 11、12、21、22、25、27、31 或 32；转移请办理关系转移接续";
        check.wrong("psn_chg_type", Reason::CodeUnknown.saying(text));
    }
    let day = check.date("chg_date", &request.chg_date);
    let optional = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    check.code("psn_type", &request.psn_type, |code| code.is_empty() || codes::is_psn_type(code));
    check.code("hi_type", &request.hi_type, |code| code.is_empty() || codes::is_hi_type(code));
    let needs_psn_type = matches!(change, Some(Change::Enrol | Change::Retire | Change::ChangeIdentity));
    if needs_psn_type && request.psn_type.is_empty() {
        check.wrong("psn_type", Reason::PsnTypeRequired);
    }
    if change == Some(Change::Retire) && !request.psn_type.is_empty() && !request.psn_type.starts_with("12") {
        check.wrong("psn_type", Reason::PsnTypeNotRetired);
    }
    let poolarea_no = match request.poolarea_no.as_str() {
        "" => Some(None),
        code => check.poolarea("poolarea_no", code).map(Some),
    };
    let switch_from = Insutype::from_code(&request.switch_from)
        .filter(|scheme| scheme.is_basic() && scheme.code() != request.insutype);
    check.code("switch_from", &request.switch_from, |code| code.is_empty() || switch_from.is_some());
    let begins = matches!(change, Some(Change::Enrol | Change::Resume));
    let only_begins = [
        ("poolarea_no", request.poolarea_no.is_empty()),
        ("switch_from", request.switch_from.is_empty()),
        ("payment", request.payment.is_none()),
    ];
    for (field, is_empty) in only_begins {
        if change.is_some() && !begins && !is_empty {
            check.wrong(field, Reason::FieldNotExpected.saying("仅在 11 新参保和 12 恢复缴费时填写"));
        }
    }
    Some(Asked {
        psn_no: psn_no?,
        insutype: insutype?,
        change: change?,
        day: day?,
        psn_type: optional(&request.psn_type),
        hi_type: optional(&request.hi_type),
        poolarea_no: poolarea_no?,
        switch_from,
        payment,
    })
}

/// The payment told with the change, of the same person and scheme.
fn payment(
    request: &ChangeCoverageRequest,
    today: NaiveDate,
    violations: &mut Violations,
) -> Option<NewContribution> {
    let mut told = request.payment.clone()?;
    let same = |told: &mut String, own: &String| {
        if told.is_empty() {
            own.clone_into(told);
        }
        told == own
    };
    let is_own = same(&mut told.psn_no, &request.psn_no) & same(&mut told.insutype, &request.insutype);
    violations.require(is_own, "payment.psn_no", Reason::PaymentOfAnother);
    let paid = contribution_check::checked(&told, today, RowCheck::within("payment.", violations));
    let of_period = paid.as_ref().is_none_or(|paid| {
        parse_date(&request.chg_date).is_none_or(|day| paid.accrym == accrym_of(paid.insutype, day))
    });
    let text = "应为变动日期所在的费款所属期；其他期间的缴费请另行登记";
    violations.require(of_period, "payment.accrym", Reason::PaymentOfAnotherPeriod.saying(text));
    let is_payment = paid.as_ref().is_none_or(|paid| paid.kind == Kind::Paid);
    violations.require(
        is_payment,
        "payment.clct_flag",
        Reason::PaymentExpected.saying("应为已缴的缴费记录，不能是应缴或退费"),
    );
    paid
}

struct Changing<'a> {
    caller: &'a Caller,
    asked: Asked,
}

impl Changing<'_> {
    async fn write(
        &self,
        write @ Write { tx, service: register, cause }: Write<'_>,
    ) -> Result<Done<ChangeCoverageResponse>, ServiceError> {
        let asked = &self.asked;
        let mut edit = lock_one(tx, self.caller, &asked.psn_no).await?;
        match asked.change {
            Change::Resume if asked.goes_on(&edit.after.timeline) => turn(&mut edit, asked)?,
            Change::Enrol | Change::Resume => begin(tx, register, &mut edit, asked, cause).await?,
            Change::End => {
                let person = &mut edit.after.timeline;
                coverage_changes::end(person, asked.insutype, asked.day, asked.change).map_err(refused)?;
            }
            _ => turn(&mut edit, asked)?,
        }
        check_entries(&edit.after.timeline)?;
        edit.touch();
        let coverages = told(&edit, asked);
        let changed = changes::record(write, vec![edit]).await?;
        let person_version = changed.first().map(|person| person.version).unwrap_or_default();
        Ok(Done { answer: ChangeCoverageResponse { coverages, person_version, replayed: false }, changed })
    }
}

fn turn(edit: &mut Edit, asked: &Asked) -> Result<(), ServiceError> {
    let set = Set { psn_type: asked.psn_type.clone(), hi_type: asked.hi_type.clone() };
    let person = &mut edit.after.timeline;
    coverage_changes::turn(person, asked.insutype, asked.day, asked.change, set).map_err(refused)
}

fn refused(refused: Refused) -> ServiceError {
    error(&Stop::Refused(refused))
}

/// 11 and 12: ends what is switched from, records the payment, decides, begins.
async fn begin(
    tx: &DatabaseTransaction,
    register: &Register,
    edit: &mut Edit,
    asked: &Asked,
    cause: &Cause,
) -> Result<(), ServiceError> {
    let mut recorded =
        stored::of_persons(tx, [asked.psn_no.clone()]).await?.remove(&asked.psn_no).unwrap_or_default();
    if let Some(payment) = &asked.payment {
        let row = payment.row(edit.after.poolarea_no, cause, register.clock.now());
        recorded.push(payment.accrued());
        stored::insert(tx, vec![row]).await?;
    }
    let area = asked.poolarea_no.unwrap_or(edit.after.poolarea_no);
    let person = &mut edit.after.timeline;
    coverage_changes::check(person, asked.insutype, asked.change, asked.day).map_err(refused)?;
    if let Some(switched) = asked.switch_from {
        coverage_changes::end(person, switched, asked.day, Change::End).map_err(refused)?;
    }
    let psn_type = asked.psn_type.clone().or_else(|| last_psn_type(person, asked.insutype));
    let psn_type =
        psn_type.ok_or_else(|| ServiceError::invalid_field("psn_type", Reason::PsnTypeRequired))?;
    let coverage = if needs_payment(asked.insutype, &psn_type) {
        let paid_on = asked.payment.as_ref().and_then(|payment| payment.paid_date);
        let accrym = accrym_of(asked.insutype, asked.day);
        let paid_on = paid_on.or_else(|| self::paid_on(&recorded, asked.insutype, &accrym));
        let paid_on = paid_on.ok_or_else(|| contribution_missing(asked.insutype, &accrym))?;
        let rules = register.rules.load(tx).await?;
        let payment = Payment { area, paid_on, rules: &rules };
        let decision = payment.decide(person, asked.insutype, asked.day);
        let mut decision = decision.map_err(|missing| error(&Stop::NoRule(missing)))?;
        if asked.switch_from.is_some() {
            // Paid ahead: until the day of the switch the scheme that is left pays.
            decision.period.begndate = decision.period.begndate.max(asked.day);
            decision.entitled_begndate = decision.entitled_begndate.max(decision.period.begndate);
        }
        stretch(asked.insutype, psn_type, decision)
    } else {
        at_once(asked, psn_type)
    };
    if coverage.period.ended_before(coverage.period.begndate) {
        let text = "缴费时参保年度已过，不能参保";
        return Err(ServiceError::invalid_field("chg_date", Reason::CoverageYearOver.saying(text)));
    }
    let hi_type = asked.hi_type.clone().unwrap_or_default();
    let coverage = Coverage { poolarea_no: asked.poolarea_no, hi_type, ..coverage };
    coverage_changes::begin(person, coverage, asked.change).map_err(refused)
}

/// 退休 and 离休 people, and what comes on top of a basic scheme, are not paid for by the person month by month. Every resident's
/// year is.
fn needs_payment(insutype: Insutype, psn_type: &str) -> bool {
    let retired = psn_type.starts_with("12") || psn_type.starts_with("13");
    insutype.is_basic() && (is_paid_yearly(insutype) || !retired)
}

fn at_once(asked: &Asked, psn_type: String) -> Coverage {
    Coverage {
        insutype: asked.insutype,
        psn_type,
        state: CoverageState::Normal,
        poolarea_no: None,
        period: Period { begndate: asked.day, enddate: None },
        entitled_begndate: None,
        hi_type: String::new(),
        psn_chg_type: String::new(),
        waiting: None,
    }
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

/// The stretches from the day on; where there are none, the last.
fn told(edit: &Edit, asked: &Asked) -> Vec<yizhan_proto::enrollment::v1::DecidedCoverage> {
    let person = &edit.after;
    let of_scheme = || person.timeline.coverages.iter().filter(|held| held.insutype == asked.insutype);
    let mut from_then: Vec<&Coverage> =
        of_scheme().filter(|held| !held.period.ended_before(asked.day)).collect();
    if from_then.is_empty() {
        from_then.extend(of_scheme().next_back());
    }
    from_then.into_iter().map(|held| decided(&person.psn_no, held)).collect()
}
