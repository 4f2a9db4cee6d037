//! 修复: gap years that are paid for take months off the variable waiting period.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use yizhan_proto::enrollment::v1::{Contribution, RepairWaitingRequest, RepairWaitingResponse};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations, once};

use crate::app::{Done, Register, Write};
use crate::coverage::contribution_check::{self, NewContribution};
use crate::coverage::domain::contributions::{PAID_BACK, years_paid_back};
use crate::coverage::domain::waiting::repaired_months;
use crate::coverage::enrolment::lock_one;
use crate::coverage::messages::decided;
use crate::coverage::store::contributions as stored;
use crate::person::domain::gaps::gap_years_before;
use crate::person::domain::timeline::{Coverage, Timeline};
use crate::register::changes;
use crate::register::row_check::RowCheck;
use crate::rules::{Rules, WaitingRule};
use yizhan_terms::{Area, Insutype};

/// Years in one request at most.
const MAX_YEARS: usize = 50;

/// Records the payments and shortens the waiting period of the person's resident coverage.
pub async fn repair_waiting(
    register: &Register,
    caller: &Caller,
    mut request: RepairWaitingRequest,
) -> Result<RepairWaitingResponse, ServiceError> {
    let (key, mut violations) = once::open(caller, &mut request);
    let years: BTreeSet<i32> = request.years.iter().copied().collect();
    let count_fits = (1..=MAX_YEARS).contains(&request.years.len());
    violations.require(count_fits, "years", Reason::CountInvalid.saying("每次 1 至 50 个年度"));
    violations.require(
        years.len() == request.years.len(),
        "years",
        Reason::DuplicateRow.saying("年度不能重复"),
    );
    let today = register.clock.today();
    let mut payments = Vec::new();
    // Every year is told alike, so what is wrong with the rest of it is told once.
    for (at, year) in years.iter().take(MAX_YEARS).enumerate() {
        let mut of_year = Violations::new();
        let row = as_contribution(&request, *year);
        payments.extend(contribution_check::checked(&row, today, RowCheck::within("", &mut of_year)));
        if at == 0 {
            violations.extend(of_year);
        } else {
            violations.require(of_year.is_empty(), "years", Reason::AccrymInvalid.saying("年度应为四位数字"));
        }
    }
    violations.none()?;
    let work = Repair { caller, psn_no: request.psn_no, years, payments };
    once::once(register, &key, |write| Box::pin(work.write(write))).await
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

struct Repair<'a> {
    caller: &'a Caller,
    psn_no: String,
    years: BTreeSet<i32>,
    payments: Vec<NewContribution>,
}

impl Repair<'_> {
    async fn write(
        &self,
        write @ Write { tx, service: register, cause }: Write<'_>,
    ) -> Result<Done<RepairWaitingResponse>, ServiceError> {
        let mut edit = lock_one(tx, self.caller, &self.psn_no).await?;
        let paid_on = self.payments.first().and_then(|payment| payment.paid_date).unwrap_or_default();
        let rules = register.rules.load(tx).await?;
        let recorded = stored::of_persons(tx, [self.psn_no.clone()]).await?;
        let paid_before = recorded
            .get(&self.psn_no)
            .map(|rows| years_paid_back(rows, Insutype::Resident))
            .unwrap_or_default();
        let area = edit.after.poolarea_no;
        let repaired = self.repair(&mut edit.after.timeline, area, paid_on, &rules, &paid_before)?;
        let recorded_at = register.clock.now();
        let rows = self.payments.iter().map(|payment| payment.row(area, cause, recorded_at)).collect();
        stored::insert(tx, rows).await?;
        let changed = changes::record(write, vec![edit]).await?;
        let person_version = changed.first().map(|person| person.version).unwrap_or_default();
        let coverage = Some(decided(&self.psn_no, &repaired));
        Ok(Done { answer: RepairWaitingResponse { coverage, person_version, replayed: false }, changed })
    }

    fn repair(
        &self,
        person: &mut Timeline,
        area: Area,
        paid_on: NaiveDate,
        rules: &Rules,
        paid_before: &BTreeSet<i32>,
    ) -> Result<Coverage, ServiceError> {
        let waits = |held: &&Coverage| {
            let variable = held.waiting.as_ref().is_some_and(|waiting| waiting.variable_months > 0);
            held.insutype == Insutype::Resident
                && variable
                && held.entitled_begndate.is_some_and(|from| from > paid_on)
        };
        let held = person.coverages.iter().rfind(waits).cloned().ok_or_else(nothing_to_repair)?;
        let (Some(mut waiting), Some(entitled)) = (held.waiting.clone(), held.entitled_begndate) else {
            return Err(nothing_to_repair());
        };
        // The rule that decided then; only if its document is gone, the one in force now.
        let rule = match rules.by_id::<WaitingRule>(&waiting.rule) {
            Some(dated) => &dated.rule,
            None => &rules.find::<WaitingRule>(area, paid_on).map_err(|_| nothing_to_repair())?.rule,
        };
        let gap = gap_years_before(person, held.period.begndate.year(), rule.gap_years_count_from);
        self.check_years(&gap, paid_before)?;
        let extra = gap.iter().filter(|year| self.years.contains(year) || paid_before.contains(year)).count();
        let months = repaired_months(
            rule,
            gap.len() as u32,
            waiting.fixed_months,
            waiting.variable_months,
            extra as u32,
        );
        if months <= waiting.repaired_months {
            return Err(nothing_to_repair());
        }
        waiting.repaired_months = months;
        let shortened = waiting.entitled_begndate(rule.begins).max(paid_on);
        let mut repaired = None;
        // The next coverage year may carry the rest of the same waiting.
        for carried in person
            .coverages
            .iter_mut()
            .filter(|other| other.insutype == Insutype::Resident && other.entitled_begndate == Some(entitled))
        {
            carried.entitled_begndate = Some(shortened.max(carried.period.begndate));
            if carried.period.begndate == held.period.begndate {
                carried.waiting = Some(waiting.clone());
                repaired = Some(carried.clone());
            }
        }
        repaired.ok_or_else(nothing_to_repair)
    }

    /// Only gap years can be paid for, each once.
    fn check_years(&self, gap: &[i32], paid_before: &BTreeSet<i32>) -> Result<(), ServiceError> {
        let mut violations = Violations::new();
        for year in &self.years {
            let gap_list = gap.iter().map(ToString::to_string).collect::<Vec<_>>().join("、");
            if !gap.contains(year) {
                violations.push(
                    "years",
                    Reason::YearNotAGap.saying(format!("{year} 不是断保年度；断保年度：{gap_list}")),
                );
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
