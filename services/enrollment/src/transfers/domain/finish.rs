//! What finishing a transfer does to a timeline: the old stretch ends, the new one begins, and whether there is a waiting
//! period is decided by the receiving area's rules. Up to and on the day of finishing nothing changes: the old area pays.

use chrono::{Datelike, NaiveDate};

use super::codes::{Direction, change_types};
use crate::coverage::domain::coverage_changes as changes;
use crate::coverage::domain::coverage_changes::{Change, Refused, Standing};
use crate::coverage::domain::entitlement::{Decision, Payer};
use crate::person::domain::basic_schemes::is_basic_normal;
use crate::person::domain::period::Period;
use crate::person::domain::timeline::{Coverage, CoverageState, Timeline};
use crate::rules::{NoRule, Rules};
use yizhan_rules::months::{day_after, day_before, first_of_year};
use yizhan_terms::{Area, Insutype};

/// What is agreed on.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Between which schemes.
    pub direction: Direction,
    /// 转出地.
    pub from_area: Area,
    /// 转入地.
    pub to_area: Area,
    /// The day of finishing.
    pub today: NaiveDate,
    /// The day of payment, at most today.
    pub paid_on: NaiveDate,
    /// From when.
    pub begins: Begins,
    /// 人员类别 under the new scheme.
    pub psn_type: String,
    /// 医疗保险类型 under the new scheme.
    pub hi_type: String,
    /// What begins on top of it.
    pub supplements: Vec<Insutype>,
}

/// From when the new coverage is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begins {
    /// 职工: from a day on.
    On(NaiveDate),
    /// 居民: for a coverage year.
    CoverageYear(i32),
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The person from now on.
    pub timeline: Timeline,
    /// 险种类型 that was left.
    pub old_insutype: Insutype,
    /// Its last day.
    pub old_enddate: NaiveDate,
    /// 人员变动 on the sending side.
    pub old_change: Change,
    /// The stretch that began.
    pub new: Coverage,
    /// First day of entitlement.
    pub entitled_begndate: NaiveDate,
}

/// Why it cannot be finished so; nothing changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There never was a stretch of the scheme that is to be left.
    NothingHeld,
    /// The old area pays until the day before this one.
    TooEarly(NaiveDate),
    /// The old coverage reaches to the end of the coverage year.
    NoDayLeft,
    /// A stretch of the old scheme, paid ahead, is not made up for by the new one.
    PaidAhead(Box<Coverage>),
    /// No rule decides.
    NoRule(NoRule),
    /// The states of the coverage do not allow it.
    Refused(Box<Refused>),
}

/// The last basic coverage of the scheme that is to be left, if the person is retired under it: they are not transferred (医保办发〔2021〕43号
/// art. 2).
pub fn is_retired(person: &Timeline, direction: Direction) -> bool {
    let last = left(person, direction).max_by_key(|stretch| stretch.period.begndate);
    let retired = |psn_type: &str| psn_type.starts_with("12") || psn_type.starts_with("13");
    last.is_some_and(|last| last.insutype == Insutype::Employee && retired(&last.psn_type))
}

/// What the sending area paid of a person who is insured in the receiving area already: the last stretch of the scheme that is left.
pub fn paid_there(person: &Timeline, direction: Direction, from_area: Area) -> Option<&Coverage> {
    let there = left(person, direction).filter(|stretch| stretch.poolarea_no == Some(from_area));
    there.max_by_key(|stretch| stretch.period.begndate)
}

/// What the receiving area pays of them: the last stretch of the scheme that is joined.
pub fn paid_here(person: &Timeline, direction: Direction, to_area: Area) -> Option<&Coverage> {
    let here = |stretch: &&Coverage| {
        stretch.insutype == direction.joins()
            && is_basic_normal(stretch)
            && stretch.poolarea_no.is_none_or(|area| area == to_area)
    };
    person.coverages.iter().filter(here).max_by_key(|stretch| stretch.period.begndate)
}

/// Whether the person ever had what is to be left, up to a day.
pub fn holds(person: &Timeline, direction: Direction, today: NaiveDate) -> bool {
    left(person, direction).any(|stretch| stretch.period.begndate <= today)
}

/// Normal stretches of the schemes that are left.
fn left(person: &Timeline, direction: Direction) -> impl Iterator<Item = &Coverage> {
    person
        .coverages
        .iter()
        .filter(move |stretch| direction.leaves(stretch.insutype) && is_basic_normal(stretch))
}

/// Finishes the transfer.
pub fn finish(held: &Timeline, terms: &Terms, rules: &Rules) -> Result<Finished, Fault> {
    let begun = left(held, terms.direction).filter(|stretch| stretch.period.begndate <= terms.today);
    let last = begun.max_by_key(|stretch| stretch.period.begndate).ok_or(Fault::NothingHeld)?;
    let changeover = changeover(last, terms)?;
    let decision = decide(held, last, terms, changeover, rules)?;
    let new = new_stretch(&decision, terms);
    if new.period.ended_before(new.period.begndate) {
        return Err(Fault::NoDayLeft);
    }
    nothing_paid_ahead_is_lost(held, terms, &new, decision.entitled_begndate)?;

    let mut person = held.clone();
    let (out, into) = change_types(terms.from_area, terms.to_area);
    end_old(&mut person, terms, new.period.begndate, out)?;
    if terms.from_area != terms.to_area {
        name_paying_area(&mut person, terms.from_area);
    }
    changes::begin(&mut person, new.clone(), into).map_err(refused)?;
    let first = new.period.begndate;
    for &insutype in &terms.supplements {
        let begndate = on_top_from(held, insutype, first, terms.today);
        let supplement = Coverage {
            insutype,
            period: Period { begndate, ..new.period },
            entitled_begndate: Some(decision.entitled_begndate).filter(|entitled| *entitled > begndate),
            ..new.clone()
        };
        changes::begin(&mut person, supplement, into).map_err(refused)?;
    }
    let old_enddate = last.period.enddate.map_or(day_before(first), |end| end.min(day_before(first)));
    Ok(Finished {
        timeline: person,
        old_insutype: last.insutype,
        old_enddate,
        old_change: out,
        new: Coverage { psn_chg_type: into.code().to_owned(), ..new },
        entitled_begndate: decision.entitled_begndate,
    })
}

/// The first day that the new coverage may have: tomorrow while the old one runs, else the day after it.
fn changeover(last: &Coverage, terms: &Terms) -> Result<NaiveDate, Fault> {
    let running = last.period.contains(terms.today);
    let earliest = match last.period.enddate {
        Some(end) if !running => day_after(end),
        _ => day_after(terms.today),
    };
    match terms.begins {
        Begins::On(begndate) if begndate < earliest => Err(Fault::TooEarly(earliest)),
        Begins::On(begndate) => Ok(begndate),
        Begins::CoverageYear(year) => Ok(earliest.max(first_of_year(year))),
    }
}

/// By the receiving area's rules, about a person whose old coverage ends before the changeover.
fn decide(
    held: &Timeline,
    last: &Coverage,
    terms: &Terms,
    changeover: NaiveDate,
    rules: &Rules,
) -> Result<Decision, Fault> {
    let mut person = held.clone();
    person.coverages.retain(|stretch| {
        !(terms.direction.leaves(stretch.insutype) && stretch.period.begndate >= changeover)
    });
    for stretch in person.coverages.iter_mut().filter(|stretch| terms.direction.leaves(stretch.insutype)) {
        if stretch.period.contains(changeover) {
            stretch.period.enddate = Some(day_before(changeover));
        }
    }
    let payer = Payer {
        person: &person,
        area: terms.to_area,
        // What was paid before the coverage that is left began continues that coverage all the same.
        paid_on: terms.paid_on.max(last.period.begndate),
        transferred: terms.from_area != terms.to_area,
        entering: None,
        rules,
    };
    let mut decision = match terms.begins {
        Begins::On(begndate) => payer.employee(terms.direction.joins(), begndate),
        Begins::CoverageYear(year) => payer.resident(year),
    }
    .map_err(Fault::NoRule)?;
    decision.period.begndate = decision.period.begndate.max(changeover);
    decision.entitled_begndate = decision.entitled_begndate.max(decision.period.begndate);
    Ok(decision)
}

fn new_stretch(decision: &Decision, terms: &Terms) -> Coverage {
    Coverage {
        insutype: terms.direction.joins(),
        psn_type: terms.psn_type.clone(),
        state: CoverageState::Normal,
        poolarea_no: None,
        period: decision.period,
        entitled_begndate: Some(decision.entitled_begndate)
            .filter(|entitled| *entitled > decision.period.begndate),
        hi_type: terms.hi_type.clone(),
        psn_chg_type: String::new(),
        waiting: Some(decision.waiting.clone()),
    }
}

/// A later stretch of the old scheme ends with the transfer; it was paid, so the new one must give the same days.
fn nothing_paid_ahead_is_lost(
    held: &Timeline,
    terms: &Terms,
    new: &Coverage,
    entitled_begndate: NaiveDate,
) -> Result<(), Fault> {
    let ahead = left(held, terms.direction).filter(|stretch| stretch.period.begndate > terms.today);
    let made_up_for = |stretch: &&Coverage| {
        let entitled = stretch.entitled_begndate.unwrap_or(stretch.period.begndate);
        let ends = |new| stretch.period.enddate.is_some_and(|old| new >= old);
        entitled_begndate <= entitled && new.period.enddate.is_none_or(ends)
    };
    match ahead.into_iter().find(|stretch| !made_up_for(stretch)) {
        Some(stretch) => Err(Fault::PaidAhead(Box::new(stretch.clone()))),
        None => Ok(()),
    }
}

/// Ends what is left, and what the old area gave on top of it.
fn end_old(person: &mut Timeline, terms: &Terms, first: NaiveDate, out: Change) -> Result<(), Fault> {
    let mut schemes: Vec<Insutype> = person.coverages.iter().map(|stretch| stretch.insutype).collect();
    schemes.dedup();
    for insutype in schemes {
        let on_top = !insutype.is_basic();
        let of_here = |area: Option<Area>| area.is_none_or(|area| area == terms.from_area);
        let mut stretches = person.coverages.iter().filter(|stretch| stretch.insutype == insutype);
        let paid_here = stretches.any(|stretch| of_here(stretch.poolarea_no));
        if !(terms.direction.leaves(insutype) || on_top && paid_here) {
            continue;
        }
        let first = if on_top { on_top_from(person, insutype, first, terms.today) } else { first };
        let standing = changes::standing(person, insutype, first);
        if !matches!(standing, Standing::Ended | Standing::NotInsured) {
            changes::end(person, insutype, first, out).map_err(refused)?;
        }
    }
    Ok(())
}

fn refused(why: Refused) -> Fault {
    Fault::Refused(Box::new(why))
}

/// From when what is on top of a basic scheme can change: what pays today is changed from tomorrow on.
fn on_top_from(person: &Timeline, insutype: Insutype, first: NaiveDate, today: NaiveDate) -> NaiveDate {
    let pays = changes::standing(person, insutype, today) == Standing::Normal;
    if pays { first.max(day_after(today)) } else { first }
}

/// What was paid by the area that kept the register stays with that area when the register moves.
pub fn name_paying_area(person: &mut Timeline, from_area: Area) {
    for stretch in &mut person.coverages {
        stretch.poolarea_no.get_or_insert(from_area);
    }
}

/// Whether a coverage year may be paid for on a day: this year's, or the next.
pub fn coverage_year_fits(year: i32, today: NaiveDate) -> bool {
    (today.year()..=today.year() + 1).contains(&year)
}

#[cfg(test)]
mod tests;
