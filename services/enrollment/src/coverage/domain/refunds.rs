//! What a full refund (退费) takes back: nobody is covered for a period of which all the money was given back.
//!
//! Before the period has begun to entitle, its coverage is withdrawn. After that the area's rule decides: nothing is paid back any
//! more, or the coverage ends. It is the day of the refund that counts, whenever it is recorded. A part that is paid back, or one of
//! two payments, changes nothing.

use chrono::{Datelike, Months, NaiveDate};
use yizhan_rules::months::{day_after, day_before, last_of_year};
use yizhan_terms::{Area, Insutype};

use super::contributions::{self, Accrued, Kind, accrym_of, is_paid_yearly, paid_on, years_paid_back};
use super::coverage_changes::Change;
use super::enrolment::{Payment, Stop};
use super::waiting::{repaired, repaired_months};
use crate::person::domain::gaps::gap_years_before;
use crate::person::domain::period::Period;
use crate::person::domain::timeline::{Coverage, CoverageState, Timeline};
use crate::rules::{Begun, NoRule, Refund, Rules, WaitingRule};

/// The stretches that a period's contribution carries and that stand without it: nothing is left of what was paid for the period.
pub fn unpaid(
    person: &Timeline,
    insutype: Insutype,
    first_day: NaiveDate,
    recorded: &[Accrued],
) -> Vec<Coverage> {
    let accrym = accrym_of(insutype, first_day);
    let of_period = |row: &Accrued| row.insutype == insutype && row.accrym == accrym;
    let was_paid = recorded.iter().any(|row| of_period(row) && row.kind == Kind::Paid);
    if !was_paid || paid_on(recorded, insutype, &accrym).is_some() {
        return Vec::new();
    }
    let period = period(insutype, first_day);
    person.coverages.iter().filter(|held| is_carried(held, insutype, period)).cloned().collect()
}

/// Whether a stretch needs the period's contribution: 退休 and 离休 people and what comes on top of a basic scheme pay none.
fn is_carried(held: &Coverage, insutype: Insutype, period: Period) -> bool {
    let retired = held.psn_type.starts_with("12") || held.psn_type.starts_with("13");
    held.insutype == insutype
        && insutype.is_basic()
        && (is_paid_yearly(insutype) || !retired)
        && held.period.overlaps(&period)
        && match held.state {
            CoverageState::Normal | CoverageState::Frozen => true,
            // A paused coverage year goes on without another payment, a month does not.
            CoverageState::Paused => is_paid_yearly(insutype),
            CoverageState::Ended => false,
        }
}

/// The days a contribution is for: a coverage year, or a month.
fn period(insutype: Insutype, first_day: NaiveDate) -> Period {
    let next = first_day.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX);
    let last = if is_paid_yearly(insutype) { last_of_year(first_day.year()) } else { day_before(next) };
    Period { begndate: first_day, enddate: Some(last) }
}

/// Takes back what the contribution of a period gave, if nothing is left of it behind this refund; gives what ended or waits
/// longer by it.
pub fn refund(
    person: &mut Timeline,
    refund: Payment,
    insutype: Insutype,
    first_day: NaiveDate,
    recorded: &[Accrued],
) -> Result<Vec<Coverage>, Stop> {
    let mut changed = unrepair(person, refund, first_day, recorded)?;
    let period = period(insutype, first_day);
    for held in unpaid(person, insutype, first_day, recorded) {
        let begun = begins_to_entitle(&held, period) <= refund.paid_on;
        let area = held.poolarea_no.unwrap_or(refund.area);
        let rule = begun.then(|| refund.rules.find::<Refund>(area, refund.paid_on)).transpose()?;
        if rule.is_some_and(|rule| rule.rule.begun == Begun::Refused) {
            return Err(Stop::Begun(Box::new(held)));
        }
        nothing_stands_on(person, &held, (insutype, period, begun), recorded)?;
        let from = match begun && is_paid_yearly(insutype) {
            true => day_after(refund.paid_on),
            false => period.begndate,
        };
        // What is over by then has nothing left to end.
        if !held.period.ended_before(from) {
            changed.push(end(person, &held, from.max(held.period.begndate)));
        }
    }
    Ok(changed)
}

/// The first day of the period on which the stretch entitles.
fn begins_to_entitle(held: &Coverage, period: Period) -> NaiveDate {
    held.entitled_begndate.unwrap_or(held.period.begndate).max(held.period.begndate).max(period.begndate)
}

/// Later periods are paid back first, and what was decided on the strength of this one is taken back first.
fn nothing_stands_on(
    person: &Timeline,
    held: &Coverage,
    (insutype, period, begun): (Insutype, Period, bool),
    recorded: &[Accrued],
) -> Result<(), Stop> {
    let later_paid = recorded.iter().filter(|row| row.insutype == insutype && row.kind == Kind::Paid);
    let mut later_paid = later_paid
        .filter(|row| paid_on(recorded, insutype, &row.accrym).is_some())
        .filter_map(|row| contributions::first_day(insutype, &row.accrym));
    let mut decided = person
        .coverages
        .iter()
        .filter(|other| !begun && other.waiting.is_some() && other.state == CoverageState::Normal);
    let of_months = !is_paid_yearly(insutype);
    let later = later_paid.find(|first| of_months && period.ended_before(*first)).or_else(|| {
        let built = decided.find(|other| {
            other.period.begndate > held.period.begndate && period.ended_before(other.period.begndate)
        });
        built.map(|other| other.period.begndate)
    });
    later.map_or(Ok(()), |first| Err(Stop::Later(first)))
}

/// Ends a stretch before a day; one that began no earlier is 终止 as a whole.
fn end(person: &mut Timeline, held: &Coverage, from: NaiveDate) -> Coverage {
    let ended = if held.period.begndate < from {
        Coverage { period: Period { enddate: Some(day_before(from)), ..held.period }, ..held.clone() }
    } else {
        let psn_chg_type = Change::End.code().to_owned();
        Coverage { state: CoverageState::Ended, psn_chg_type, ..held.clone() }
    };
    person.put(ended.clone());
    ended
}

/// A gap year that was paid for (修复) and is paid back puts its months of waiting back.
fn unrepair(
    person: &mut Timeline,
    refund: Payment,
    first_day: NaiveDate,
    recorded: &[Accrued],
) -> Result<Vec<Coverage>, Stop> {
    let year = first_day.year();
    let accrym = accrym_of(Insutype::Resident, first_day);
    let repaired_once = recorded.iter().any(|row| {
        row.insutype == Insutype::Resident && row.repairs && row.kind == Kind::Paid && row.accrym == accrym
    });
    let paid_back = years_paid_back(recorded, Insutype::Resident);
    if !repaired_once || paid_back.contains(&year) {
        return Ok(Vec::new());
    }
    let shortened = person.coverages.iter().rfind(|held| {
        held.insutype == Insutype::Resident
            && held.waiting.as_ref().is_some_and(|waiting| waiting.repaired_months > 0)
    });
    let Some(held) = shortened.cloned() else { return Ok(Vec::new()) };
    let Some((waiting, entitled)) = held.waiting.clone().zip(held.entitled_begndate) else {
        return Ok(Vec::new());
    };
    let rule = waiting_rule(refund.rules, &waiting.rule, refund.area, refund.paid_on)?;
    let gap = gap_years_before(person, held.period.begndate.year(), rule.gap_years_count_from);
    if !gap.contains(&year) {
        return Ok(Vec::new());
    }
    let extra = gap.iter().filter(|year| paid_back.contains(year)).count() as u32;
    let (fixed, variable) = (waiting.fixed_months, waiting.variable_months);
    let months = repaired_months(rule, gap.len() as u32, fixed, variable, extra);
    if months >= waiting.repaired_months {
        return Ok(Vec::new());
    }
    if entitled <= refund.paid_on {
        return Err(Stop::Begun(Box::new(held)));
    }
    Ok(vec![repaired(person, &held, months, rule.begins, entitled)])
}

/// The rule that decided a waiting period; only if its document is gone, the one in force.
pub fn waiting_rule<'r>(
    rules: &'r Rules,
    id: &str,
    area: Area,
    day: NaiveDate,
) -> Result<&'r WaitingRule, NoRule> {
    match rules.by_id::<WaitingRule>(id) {
        Some(dated) => Ok(&dated.rule),
        None => rules.find::<WaitingRule>(area, day).map(|dated| &dated.rule),
    }
}

#[cfg(test)]
mod tests;
