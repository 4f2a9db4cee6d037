//! From which day somebody who pays is entitled, and why: decided when they enrol, pay or repair, and kept with the
//! coverage, so that later changes of the rules do not rewrite it.

use chrono::{Datelike, NaiveDate};

use super::waiting::variable_months;
use crate::person::domain::gaps::{Before, gap_years};
use crate::person::domain::period::Period;
use crate::person::domain::timeline::{Timeline, Waiting};
use crate::rules::{Continuity, Dated, Employee, Enrolment, Newborn, NoRule, Rules, Student, WaitingRule};
use yizhan_rules::months::{day_after, first_of_month, first_of_year, last_of_year};
use yizhan_terms::{Area, Insutype};

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The days insured.
    pub period: Period,
    /// First day of entitlement.
    pub entitled_begndate: NaiveDate,
    /// The months that led there, none of them if there is no waiting, and the rule that decided.
    pub waiting: Waiting,
}

/// Who pays, where, on which day.
#[derive(Clone, Copy, Debug)]
pub struct Payer<'a> {
    /// What is known of them, without the coverage that is to be decided.
    pub person: &'a Timeline,
    /// 统筹区 whose rules hold.
    pub area: Area,
    /// The day of payment.
    pub paid_on: NaiveDate,
    /// Whether they come from another area by 转移接续.
    pub transferred: bool,
    /// 人员类别 of who enters school (入学) in the coverage year that is paid for.
    pub entering: Option<&'a str>,
    /// The rules.
    pub rules: &'a Rules,
}

impl Payer<'_> {
    /// A resident pays for a coverage year: a newborn is entitled from birth; an exempt identity at once; who switches
    /// within the months that can be made good, without a gap; who continues and pays within the centralised period, for
    /// the coverage year; everybody else waits.
    pub fn resident(&self, coverage_year: i32) -> Result<Decision, NoRule> {
        let first = first_of_year(coverage_year);
        let enrolment = self.rules.find::<Enrolment>(self.area, first)?;
        let waiting = self.rules.find::<WaitingRule>(self.area, self.paid_on.max(first))?;
        let decision = match self.newborn(coverage_year)? {
            Some(decision) => decision,
            None if self.is_exempt(&waiting.rule, first) => {
                let begndate = waiting.rule.exempt_entitled.after(self.paid_on).max(first);
                // They never wait, nor for what is left of an earlier waiting period.
                return Ok(at_once(begndate, coverage_year, waiting));
            }
            None => match self.switched(coverage_year)? {
                Some(decision) => decision,
                None => self.ordinary(coverage_year, enrolment, waiting),
            },
        };
        Ok(self.carry_over(decision))
    }

    fn newborn(&self, coverage_year: i32) -> Result<Option<Decision>, NoRule> {
        let brdy = self.person.person.brdy;
        let rule = self.rules.find::<Newborn>(self.area, self.paid_on)?;
        let days = (self.paid_on - brdy).num_days();
        let in_time = (0..=i64::from(rule.rule.within_days)).contains(&days);
        let begndate = brdy.max(first_of_year(coverage_year));
        Ok((in_time && begndate.year() == coverage_year).then(|| at_once(begndate, coverage_year, rule)))
    }

    /// Whether they have an exempt identity on the day of payment or, if they pay ahead, when the coverage year begins.
    fn is_exempt(&self, rule: &WaitingRule, first: NaiveDate) -> bool {
        let day = self.paid_on.max(first);
        let mut identities = self.person.identities.iter();
        identities.any(|held| {
            rule.exempt_identities.contains(&held.name)
                && (held.period.contains(day) || held.period.contains(self.paid_on))
        })
    }

    /// 医保办发〔2021〕43号: from employee to resident (or from another area), the gap made good.
    fn switched(&self, coverage_year: i32) -> Result<Option<Decision>, NoRule> {
        let first = first_of_year(coverage_year);
        let Some(before) = Before::of(self.person, day_after(self.paid_on.max(first))) else {
            return Ok(None);
        };
        let Ok(rule) = self.rules.find::<Continuity>(self.area, self.paid_on) else { return Ok(None) };
        let switches = before.insutype != Insutype::Resident || self.transferred;
        let begndate = day_after(before.last_day).max(first);
        let unbroken = before.reaches(begndate) && before.reaches(self.paid_on.max(begndate));
        let made_good = before.gap_within(rule.rule.gap_months, first_of_month(self.paid_on).max(first))
            && before.continuous_for(rule.rule.continuous_years);
        Ok((switches && (unbroken || made_good)).then(|| at_once(begndate, coverage_year, rule)))
    }

    /// 国办发〔2024〕38号.
    fn ordinary(
        &self,
        coverage_year: i32,
        enrolment: &Dated<Enrolment>,
        waiting: &Dated<WaitingRule>,
    ) -> Decision {
        let first = first_of_year(coverage_year);
        let gap_years = gap_years(self.person, coverage_year, waiting.rule.gap_years_count_from);
        if gap_years == 0 && self.paid_on <= enrolment.rule.closes.of(coverage_year) {
            let in_the_year = enrolment.rule.paid_in_the_year.after(self.paid_on);
            let begndate = if self.paid_on < first { first } else { in_the_year };
            return at_once(begndate, coverage_year, enrolment);
        }
        if let Some(decision) = self.late_newborn(coverage_year).or_else(|| self.enters_school(coverage_year))
        {
            return decision;
        }
        let begndate = waiting.rule.begins.after(self.paid_on).max(first);
        let months = (waiting.rule.fixed_months, variable_months(&waiting.rule, gap_years));
        let decided = waits(begndate, months, waiting);
        let period = Period { begndate: self.paid_on.max(first), enddate: Some(last_of_year(coverage_year)) };
        let entitled_begndate = decided.entitled_begndate(waiting.rule.begins);
        Decision { period, entitled_begndate, waiting: decided }
    }

    /// 国办发〔2024〕38号 excepts newborns from waiting; from which day a late one is entitled is the area's to say.
    fn late_newborn(&self, coverage_year: i32) -> Option<Decision> {
        let rule = self.rules.find::<Newborn>(self.area, self.paid_on).ok()?;
        let late = rule.rule.late?;
        let first = self.paid_on.max(first_of_year(coverage_year));
        let days = (self.paid_on - self.person.person.brdy).num_days();
        let is_newborn = (0..=i64::from(late.within_days)).contains(&days)
            && Before::of(self.person, day_after(first)).is_none();
        let begndate = late.entitled.after(self.paid_on).max(first_of_year(coverage_year));
        is_newborn.then(|| at_once(begndate, coverage_year, rule))
    }

    /// Who enters school is entitled from the rule's day of that year, if it is paid for within it.
    fn enters_school(&self, coverage_year: i32) -> Option<Decision> {
        let psn_type = self.entering?;
        let rule = self.rules.find::<Student>(self.area, self.paid_on).ok()?;
        let (month, day) = rule.rule.entitled;
        let begndate = NaiveDate::from_ymd_opt(coverage_year, month, day)?;
        let enters = rule.rule.psn_types.iter().any(|of_students| of_students == psn_type)
            && self.paid_on <= last_of_year(coverage_year);
        enters.then(|| at_once(begndate, coverage_year, rule))
    }

    /// Waiting that last year's coverage did not see the end of goes on.
    fn carry_over(&self, mut decision: Decision) -> Decision {
        let begndate = decision.period.begndate;
        let unserved = Before::of(self.person, begndate)
            .filter(|before| before.reaches(begndate))
            .and_then(|before| before.entitled_begndate)
            .filter(|entitled| *entitled > decision.entitled_begndate);
        decision.entitled_begndate = unserved.unwrap_or(decision.entitled_begndate);
        decision
    }

    /// An employee pays from the month of `begndate` on (paid back, if it lies before the day of payment): entitled from
    /// the month paid; a gap of few months that is paid back is made good; after a longer one they wait.
    pub fn employee(&self, insutype: Insutype, begndate: NaiveDate) -> Result<Decision, NoRule> {
        let employee = self.rules.find::<Employee>(self.area, self.paid_on)?;
        let from_payment = employee.rule.entitled.after(self.paid_on).max(begndate);
        let open = Period { begndate, enddate: None };
        let Some(before) = Before::of(self.person, begndate) else {
            return Ok(none(open, from_payment, employee));
        };
        let continuity = self.rules.find::<Continuity>(self.area, self.paid_on)?;
        let resumed = first_of_month(self.paid_on).max(begndate);
        if !before.gap_within(continuity.rule.gap_months, resumed) {
            let decided = waits(from_payment, (continuity.rule.waiting_months, 0), continuity);
            let entitled_begndate = decided.entitled_begndate(employee.rule.entitled);
            return Ok(Decision { period: open, entitled_begndate, waiting: decided });
        }
        let switches = (before.insutype == Insutype::Resident) != (insutype == Insutype::Resident);
        let may_be_made_good = !switches || before.continuous_for(continuity.rule.continuous_years);
        let made_good = may_be_made_good && begndate <= first_of_month(self.paid_on);
        let mut decision = match made_good {
            true => none(open, begndate, continuity),
            false => none(open, from_payment, employee),
        };
        // Ending or pausing a coverage does not end its waiting period.
        let unserved = before.entitled_begndate.filter(|_| !switches);
        decision.entitled_begndate = unserved.unwrap_or(begndate).max(decision.entitled_begndate);
        Ok(decision)
    }
}

fn at_once<R>(begndate: NaiveDate, coverage_year: i32, rule: &Dated<R>) -> Decision {
    none(Period { begndate, enddate: Some(last_of_year(coverage_year)) }, begndate, rule)
}

/// No waiting, because of this rule.
fn none<R>(period: Period, entitled_begndate: NaiveDate, rule: &Dated<R>) -> Decision {
    Decision { period, entitled_begndate, waiting: waits(entitled_begndate, (0, 0), rule) }
}

/// So many fixed and variable months from a day on, because of this rule.
fn waits<R>(begndate: NaiveDate, (fixed_months, variable_months): (u32, u32), rule: &Dated<R>) -> Waiting {
    let (rule, citation) = (rule.id.clone(), rule.citation.clone());
    Waiting { begndate, fixed_months, variable_months, repaired_months: 0, rule, citation }
}
