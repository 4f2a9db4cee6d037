//! 修复: gap years that are paid for take months off the variable waiting period.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use yizhan_proto::enrollment::v1::{Contribution, RepairWaitingRequest, RepairWaitingResponse};
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations, once};
use yizhan_terms::{Area, Insutype};

use crate::app::{Done, Register, Write};
use crate::coverage::contribution_check::{self, NewContribution};
use crate::coverage::domain::contributions::{PAID_BACK, years_paid_back};
use crate::coverage::domain::refunds::waiting_rule;
use crate::coverage::domain::waiting::{repaired, repaired_months};
use crate::coverage::messages::decided;
use crate::coverage::store::contributions as stored;
use crate::person::domain::gaps::gap_years_before;
use crate::person::domain::timeline::{Coverage, Timeline};
use crate::register::changes;
use crate::register::keeper::lock_one;
use crate::rules::Rules;

/// Years in one request at most.
const MAX_YEARS: usize = 50;

/// Records the payments and shortens the waiting period of the person's resident coverage.
pub async fn repair_waiting(
    register: &Register,
    caller: &Caller,
    mut request: RepairWaitingRequest,
) -> Result<RepairWaitingResponse, ServiceError> {
    let (key, mut violations) = once::open(caller, &mut request);
    let repair = checked(&request, register.clock.today(), &mut violations);
    let repair = violations.finish(repair)?;
    once::once(register, &key, |write| Box::pin(repair.record(write, caller))).await
}

/// Gap years that are paid for, all on one day.
struct Repair {
    psn_no: String,
    years: BTreeSet<i32>,
    paid_on: NaiveDate,
    payments: Vec<NewContribution>,
}

fn checked(request: &RepairWaitingRequest, today: NaiveDate, violations: &mut Violations) -> Option<Repair> {
    let years: BTreeSet<i32> = request.years.iter().copied().collect();
    let count_fits = (1..=MAX_YEARS).contains(&request.years.len());
    violations.require(count_fits, "years", Reason::CountInvalid.saying("每次 1 至 50 个年度"));
    let once_each = years.len() == request.years.len();
    violations.require(once_each, "years", Reason::DuplicateRow.saying("年度不能重复"));
    let mut payments = Vec::new();
    // Every year is told alike, so what is wrong with the rest of it is told once.
    for (at, year) in years.iter().take(MAX_YEARS).enumerate() {
        let mut of_year = Violations::new();
        let row = as_contribution(request, *year);
        payments.push(contribution_check::checked(&row, today, &mut Fields::of(&mut of_year)));
        if at == 0 {
            violations.extend(of_year);
        } else {
            violations.require(of_year.is_empty(), "years", Reason::AccrymInvalid.saying("年度应为四位数字"));
        }
    }
    let payments = payments.into_iter().collect::<Option<Vec<_>>>()?;
    let paid_on = payments.first()?.paid_date?;
    Some(Repair { psn_no: request.psn_no.clone(), years, paid_on, payments })
}

fn as_contribution(request: &RepairWaitingRequest, year: i32) -> Contribution {
    Contribution {
        psn_no: request.psn_no.clone(),
        insutype: Insutype::Resident.to_string(),
        accrym: year.to_string(),
        amount_fen: request.amount_per_year_fen,
        clct_type: PAID_BACK.to_owned(),
        clct_flag: "1".to_owned(),
        paid_date: request.paid_date.clone(),
        clct_way: request.clct_way.clone(),
        ..Contribution::default()
    }
}

impl Repair {
    async fn record(
        &self,
        write: Write<'_>,
        caller: &Caller,
    ) -> Result<Done<RepairWaitingResponse>, ServiceError> {
        let Write { tx, service: register, cause } = write;
        let mut edit = lock_one(tx, caller, &self.psn_no).await?;
        let rules = register.rules.load(tx).await?;
        let paid_before = years_paid_back(&stored::of_person(tx, &self.psn_no).await?, Insutype::Resident);
        let area = edit.after.poolarea_no;
        let repaired = self.repair(&mut edit.after.timeline, area, &rules, &paid_before)?;
        let recorded_at = register.clock.now();
        let rows = self.payments.iter().map(|payment| payment.row(area, cause, recorded_at)).collect();
        stored::insert(tx, rows).await?;
        let (person_version, changed) = changes::record_one(write, edit).await?;
        let coverage = Some(decided(&self.psn_no, &repaired));
        Ok(Done { answer: RepairWaitingResponse { coverage, person_version, replayed: false }, changed })
    }

    fn repair(
        &self,
        person: &mut Timeline,
        area: Area,
        rules: &Rules,
        paid_before: &BTreeSet<i32>,
    ) -> Result<Coverage, ServiceError> {
        let waits = |held: &&Coverage| {
            held.insutype == Insutype::Resident
                && held.waiting.as_ref().is_some_and(|waiting| waiting.variable_months > 0)
                && held.entitled_begndate.is_some_and(|from| from > self.paid_on)
        };
        let held = person.coverages.iter().rfind(waits).cloned().ok_or_else(nothing_to_repair)?;
        let waiting = held.waiting.clone().ok_or_else(nothing_to_repair)?;
        let rule = waiting_rule(rules, &waiting.rule, area, self.paid_on).map_err(|_| nothing_to_repair())?;
        let gap = gap_years_before(person, held.period.begndate.year(), rule.gap_years_count_from);
        self.check_years(&gap, paid_before)?;
        let extra = gap.iter().filter(|year| self.years.contains(year) || paid_before.contains(year)).count();
        let (fixed, variable) = (waiting.fixed_months, waiting.variable_months);
        let months = repaired_months(rule, gap.len() as u32, fixed, variable, extra as u32);
        if months <= waiting.repaired_months {
            return Err(nothing_to_repair());
        }
        Ok(repaired(person, &held, months, rule.begins, self.paid_on))
    }

    /// Only gap years can be paid for, each once.
    fn check_years(&self, gap: &[i32], paid_before: &BTreeSet<i32>) -> Result<(), ServiceError> {
        let gap_list = gap.iter().map(ToString::to_string).collect::<Vec<_>>().join("、");
        let mut violations = Violations::new();
        for year in &self.years {
            if !gap.contains(year) {
                let text = format!("{year} 不是断保年度；断保年度：{gap_list}");
                violations.push("years", Reason::YearNotAGap.saying(text));
            } else if paid_before.contains(year) {
                violations.push("years", Reason::YearPaidBefore.saying(format!("{year} 已经补缴")));
            }
        }
        violations.none()
    }
}

fn nothing_to_repair() -> ServiceError {
    ServiceError::new(Reason::NothingToRepair, "no waiting period that paying could shorten")
}
