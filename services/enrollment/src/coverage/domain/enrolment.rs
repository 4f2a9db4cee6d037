//! What a payment makes of a coverage: a resident is enrolled for the coverage year, an employee's interruption that is paid
//! back in time is made good.

use chrono::{Datelike, Months, NaiveDate};

use super::contributions::{self, Accrued, Kind, accrym_of, months_between, paid_on};
use super::coverage_changes::{self, Change, Refused, Standing};
use crate::coverage::domain::entitlement::{Decision, Payer};
use crate::person::domain::period::Period;
use crate::person::domain::timeline::{Coverage, CoverageState, Timeline};
use crate::rules::{NoRule, Rules};
use yizhan_rules::months::{day_before, first_of_month, first_of_year, last_of_year};
use yizhan_terms::{Area, Insutype};

/// Why nothing came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The state machine refused.
    Refused(Refused),
    /// No rule says when it would entitle.
    NoRule(NoRule),
    /// What was paid back has begun to entitle; the stretch.
    Begun(Box<Coverage>),
    /// What was paid back is built upon by a later stretch, or by a later period that is paid; its first day.
    Later(NaiveDate),
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Stop::Refused(refused)
    }
}

impl From<NoRule> for Stop {
    fn from(no_rule: NoRule) -> Self {
        Stop::NoRule(no_rule)
    }
}

/// A payment that decides.
#[derive(Clone, Copy, Debug)]
pub struct Payment<'a> {
    /// 统筹区 whose rules hold.
    pub area: Area,
    /// The day.
    pub paid_on: NaiveDate,
    /// 人员类别 of who enters school in the coverage year that is paid for.
    pub entering: Option<&'a str>,
    /// The rules.
    pub rules: &'a Rules,
}

impl<'a> Payment<'a> {
    fn payer(&self, person: &'a Timeline) -> Payer<'a> {
        let Payment { area, paid_on, entering, rules } = *self;
        Payer { person, area, paid_on, transferred: false, entering, rules }
    }

    /// When somebody who enrols or resumes on a day is entitled: a resident for the coverage year that day lies in.
    pub fn decide(
        &self,
        person: &'a Timeline,
        insutype: Insutype,
        day: NaiveDate,
    ) -> Result<Decision, NoRule> {
        match insutype {
            Insutype::Resident => self.payer(person).resident(day.year()),
            _ => self.payer(person).employee(insutype, day),
        }
    }
}

/// A resident pays for a coverage year. Nothing comes of it if they are covered in that year already, or the year is over.
pub fn resident_pays(
    person: &mut Timeline,
    payment: Payment,
    coverage_year: i32,
    psn_type: Option<&str>,
) -> Result<Option<Coverage>, Stop> {
    let year = Period { begndate: first_of_year(coverage_year), enddate: Some(last_of_year(coverage_year)) };
    let mut of_scheme = person.coverages.iter().filter(|held| held.insutype == Insutype::Resident);
    let covered = of_scheme.any(|held| held.state != CoverageState::Ended && held.period.overlaps(&year));
    if covered || year.ended_before(payment.paid_on) && !is_newborn_year(person, coverage_year) {
        return Ok(None);
    }
    let decision = payment.decide(person, Insutype::Resident, year.begndate)?;
    if decision.period.begndate.year() != coverage_year {
        return Ok(None); // the year of birth, paid for after the newborn's days
    }
    let psn_type = psn_type.map_or_else(|| resident_psn_type(person, coverage_year), str::to_owned);
    let coverage = stretch(Insutype::Resident, psn_type, decision);
    let change = match coverage_changes::standing(person, Insutype::Resident, coverage.period.begndate) {
        Standing::NotInsured => Change::Enrol,
        _ => Change::Resume,
    };
    coverage_changes::begin(person, coverage.clone(), change)?;
    Ok(Some(Coverage { psn_chg_type: change.code().to_owned(), ..coverage }))
}

/// A child born late in a year may be paid for after it.
fn is_newborn_year(person: &Timeline, coverage_year: i32) -> bool {
    person.person.brdy.year() == coverage_year
}

/// As before; else by age on the first day of the coverage year.
fn resident_psn_type(person: &Timeline, coverage_year: i32) -> String {
    let before = person.coverages.iter().rfind(|held| held.insutype == Insutype::Resident);
    let age = first_of_year(coverage_year).years_since(person.person.brdy).unwrap_or(0);
    let by_age = match age {
        0..18 => "14",
        18..60 => "15",
        _ => "16",
    };
    before.map_or_else(|| by_age.to_owned(), |held| held.psn_type.clone())
}

/// A stretch as decided.
pub fn stretch(insutype: Insutype, psn_type: String, decision: Decision) -> Coverage {
    Coverage {
        entitled_begndate: Some(decision.entitled_begndate),
        waiting: Some(decision.waiting),
        ..Coverage::normal(insutype, psn_type, decision.period)
    }
}

/// An employee pays for a month of an interruption. When with this every month of it is paid (of one that goes on: up to the
/// month of payment), and the gap is within what can be made good, it counts as insured after all.
pub fn employee_pays(
    person: &mut Timeline,
    payment: Payment,
    insutype: Insutype,
    month: NaiveDate,
    recorded: &[Accrued],
) -> Result<Option<Coverage>, Stop> {
    let next_month = month.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX);
    let of_month = Period { begndate: month, enddate: Some(day_before(next_month)) };
    let mut of_scheme = person.coverages.iter().filter(|held| held.insutype == insutype);
    let paused =
        of_scheme.find(|held| held.state == CoverageState::Paused && held.period.overlaps(&of_month));
    let Some(pause) = paused.cloned() else { return Ok(None) };
    // Recorded in whatever order: the last day of payment decides, not that of the row that came last.
    let of_pause = recorded.iter().filter(|row| {
        let month = contributions::first_day(insutype, &row.accrym);
        row.insutype == insutype && month.is_some_and(|month| first_of_month(pause.period.begndate) <= month)
    });
    let last_paid = of_pause.filter(|row| row.kind == Kind::Paid).filter_map(|row| row.paid_date).max();
    let payment =
        Payment { paid_on: last_paid.map_or(payment.paid_on, |day| day.max(payment.paid_on)), ..payment };
    // The month after the last that has to be paid.
    let until = match pause.period.enddate {
        Some(last) => last.checked_add_months(Months::new(1)).unwrap_or(last),
        None => payment.paid_on.checked_add_months(Months::new(1)).unwrap_or(payment.paid_on),
    };
    let months = months_between(pause.period.begndate, first_of_month(until));
    let is_paid = |month: &NaiveDate| paid_on(recorded, insutype, &accrym_of(insutype, *month)).is_some();
    if !months.iter().all(is_paid) {
        return Ok(None);
    }
    let mut without = person.clone();
    without.coverages.retain(|held| held != &pause);
    let decision = payment.decide(&without, insutype, pause.period.begndate)?;
    if decision.waiting.begndate != pause.period.begndate {
        return Ok(None); // the gap was too long
    }
    let decision = Decision { period: pause.period, ..decision };
    let normal = Coverage {
        poolarea_no: pause.poolarea_no,
        hi_type: pause.hi_type.clone(),
        psn_chg_type: Change::Resume.code().to_owned(),
        ..stretch(insutype, pause.psn_type.clone(), decision)
    };
    coverage_changes::make_good(person, &pause, normal.clone())?;
    Ok(Some(normal))
}
