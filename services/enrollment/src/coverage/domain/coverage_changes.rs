//! The states of a coverage and what moves it from one to another (人员变动, psn_chg_type): one table, and the pure functions
//! that change a timeline by it. Nothing here ever lets two basic schemes be normal on one day.

use chrono::NaiveDate;
use yizhan_terms::Insutype;

use crate::person::domain::basic_schemes::second_basic_scheme;
use crate::person::domain::entry::Entry;
use crate::person::domain::period::Period;
use crate::person::domain::timeline::{Coverage, CoverageState, Timeline};
use yizhan_rules::months::{day_after, day_before};

/// Where a person stands in a scheme on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// 0 未参保: never in this scheme so far.
    NotInsured,
    /// 1 正常.
    Normal,
    /// 2 暂停.
    Paused,
    /// 2 暂停, by 冻结.
    Frozen,
    /// 4 终止: no stretch holds, or one that says so.
    Ended,
}

impl Standing {
    /// For errors.
    pub fn name(self) -> &'static str {
        match self {
            Standing::NotInsured => "not_insured",
            Standing::Normal => "normal",
            Standing::Paused => "paused",
            Standing::Frozen => "frozen",
            Standing::Ended => "ended",
        }
    }
}

use Standing::{Ended, Frozen, Normal, NotInsured, Paused};

/// 人员变动 that this register knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// 11 新参保.
    Enrol,
    /// 12 恢复缴费.
    Resume,
    /// 13 统筹外转入.
    TransferInFromOutside,
    /// 14 统筹内转入.
    TransferIn,
    /// 21 终止.
    End,
    /// 22 中断.
    Pause,
    /// 23 转出统筹外.
    TransferOutToOutside,
    /// 24 统筹内转出.
    TransferOut,
    /// 25 在职转退休.
    Retire,
    /// 27 身份变更.
    ChangeIdentity,
    /// 31 冻结.
    Freeze,
    /// 32 解冻.
    Unfreeze,
}

/// One row: the code, from where it may happen, and where it leads; `None` leaves the standing, for 解冻 what it was before.
pub struct Transition {
    /// The change.
    pub change: Change,
    /// psn_chg_type.
    pub code: &'static str,
    /// Standings it may happen in.
    pub from: &'static [Standing],
    /// Where it leads.
    pub to: Option<Standing>,
}

/// The whole state machine.
pub const TRANSITIONS: [Transition; 12] = [
    row(Change::Enrol, "11", &[NotInsured, Ended], Some(Normal)),
    row(Change::Resume, "12", &[Paused, Ended], Some(Normal)),
    row(Change::TransferInFromOutside, "13", &[NotInsured, Ended], Some(Normal)),
    row(Change::TransferIn, "14", &[NotInsured, Ended], Some(Normal)),
    row(Change::End, "21", &[Normal, Paused], Some(Ended)),
    row(Change::Pause, "22", &[Normal], Some(Paused)),
    row(Change::TransferOutToOutside, "23", &[Normal, Paused], Some(Ended)),
    row(Change::TransferOut, "24", &[Normal, Paused], Some(Ended)),
    row(Change::Retire, "25", &[Normal], None),
    row(Change::ChangeIdentity, "27", &[Normal, Paused], None),
    row(Change::Freeze, "31", &[Normal, Paused], Some(Frozen)),
    row(Change::Unfreeze, "32", &[Frozen], None),
];

const fn row(
    change: Change,
    code: &'static str,
    from: &'static [Standing],
    to: Option<Standing>,
) -> Transition {
    Transition { change, code, from, to }
}

impl Change {
    /// From psn_chg_type.
    pub fn from_code(code: &str) -> Option<Change> {
        TRANSITIONS.iter().find(|row| row.code == code).map(|row| row.change)
    }

    /// As psn_chg_type.
    pub fn code(self) -> &'static str {
        self.transition().code
    }

    /// Whether it is a step of 关系转移接续, a procedure of its own.
    pub fn is_transfer(self) -> bool {
        use Change::*;
        matches!(self, TransferInFromOutside | TransferIn | TransferOutToOutside | TransferOut)
    }

    /// Its row.
    pub fn transition(self) -> &'static Transition {
        TRANSITIONS.iter().find(|row| row.change == self).expect("every change has a row: tested")
    }
}

/// Why a change was refused; the timeline is as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not from this standing; the psn_chg_type that are.
    NotFrom(Standing, Vec<&'static str>),
    /// Another basic scheme is normal on some of the days.
    SecondBasicScheme(Box<Coverage>),
    /// The same scheme has a stretch on some of the days.
    Overlap(Box<Coverage>),
    /// It would begin before birth, or after the day of death: that day.
    OutsideLife(NaiveDate),
}

/// Nobody is insured before birth or after death.
fn within_life(person: &Timeline, first_day: NaiveDate) -> Result<(), Refused> {
    let facts = &person.person;
    let died = facts.die_date.filter(|died| *died < first_day);
    match died.or(Some(facts.brdy).filter(|brdy| first_day < *brdy)) {
        Some(day) => Err(Refused::OutsideLife(day)),
        None => Ok(()),
    }
}

/// What a death that is known already leaves of the days.
fn until_death(person: &Timeline, period: Period) -> Period {
    let died = person.person.die_date.filter(|died| !period.ended_before(day_after(*died)));
    Period { enddate: died.or(period.enddate), ..period }
}

/// The stretch that holds on a day.
pub fn stretch(person: &Timeline, insutype: Insutype, day: NaiveDate) -> Option<&Coverage> {
    person.coverages.iter().find(|held| held.insutype == insutype && held.period.contains(day))
}

/// Where the person stands.
pub fn standing(person: &Timeline, insutype: Insutype, day: NaiveDate) -> Standing {
    match stretch(person, insutype, day).map(|held| held.state) {
        Some(CoverageState::Normal) => Normal,
        Some(CoverageState::Paused) => Paused,
        Some(CoverageState::Frozen) => Frozen,
        Some(CoverageState::Ended) => Ended,
        None => {
            let mut of_scheme = person.coverages.iter().filter(|held| held.insutype == insutype);
            if of_scheme.any(|held| held.period.begndate < day) { Ended } else { NotInsured }
        }
    }
}

/// Whether the change may happen to the person on that day.
pub fn check(
    person: &Timeline,
    insutype: Insutype,
    change: Change,
    day: NaiveDate,
) -> Result<Standing, Refused> {
    let now = standing(person, insutype, day);
    if change.transition().from.contains(&now) {
        return Ok(now);
    }
    let allowed = TRANSITIONS.iter().filter(|row| row.from.contains(&now)).map(|row| row.code).collect();
    Err(Refused::NotFrom(now, allowed))
}

/// Begins a stretch by 新参保, 恢复缴费 or a transfer: checks standing and overlaps; what says 终止 on its days gives way, and
/// a pause that it resumes ends the day before.
pub fn begin(person: &mut Timeline, coverage: Coverage, change: Change) -> Result<(), Refused> {
    check(person, coverage.insutype, change, coverage.period.begndate)?;
    within_life(person, coverage.period.begndate)?;
    let (period, psn_chg_type) = (until_death(person, coverage.period), change.code().to_owned());
    let coverage = Coverage { period, psn_chg_type, ..coverage };
    let mut next = person.clone();
    let gives_way = |held: &Coverage| match held.state {
        CoverageState::Ended => held.period.overlaps(&period),
        CoverageState::Paused => change == Change::Resume && held.period.contains(period.begndate),
        CoverageState::Normal | CoverageState::Frozen => false,
    };
    cut(&mut next, period.begndate, |held| held.insutype == coverage.insutype && gives_way(held));
    let mut of_scheme = next.coverages.iter().filter(|held| held.insutype == coverage.insutype);
    if let Some(other) = of_scheme.find(|held| held.period.overlaps(&period)) {
        return Err(Refused::Overlap(Box::new(other.clone())));
    }
    by_one_basic_scheme(&next, &coverage)?;
    next.put(coverage);
    *person = next;
    Ok(())
}

/// Ends the scheme by 终止 or a transfer: `first_day` is the first day that is not insured any more. Stretches that begin
/// later (the next coverage year, already paid) are ended with it.
pub fn end(
    person: &mut Timeline,
    insutype: Insutype,
    first_day: NaiveDate,
    change: Change,
) -> Result<(), Refused> {
    check(person, insutype, change, first_day)?;
    end_unchecked(person, insutype, first_day, change);
    Ok(())
}

fn end_unchecked(person: &mut Timeline, insutype: Insutype, first_day: NaiveDate, change: Change) {
    for held in person.coverages.iter_mut().filter(|held| held.insutype == insutype) {
        if held.period.begndate >= first_day {
            held.state = CoverageState::Ended;
            held.psn_chg_type = change.code().to_owned();
        } else if held.period.contains(first_day) {
            held.period.enddate = Some(day_before(first_day));
        }
    }
}

/// Ends every scheme the day after death. What was insured up to and on the day of death stays.
pub fn end_by_death(person: &mut Timeline, died: NaiveDate) {
    let first_day = day_after(died);
    let schemes: Vec<Insutype> = person.coverages.iter().map(|held| held.insutype).collect();
    for insutype in schemes {
        end_unchecked(person, insutype, first_day, Change::End);
    }
    person.person.die_date = Some(died);
}

/// What a change sets besides the state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set {
    /// 人员类别 from that day on.
    pub psn_type: Option<String>,
    /// 医疗保险类型 from that day on.
    pub hi_type: Option<String>,
}

/// Changes the stretch of a day from that day on: 中断, 在职转退休, 身份变更, 冻结, 解冻, and 恢复 where what was paid for goes on. It
/// is cut there, and the rest goes on in the new state, with its waiting period.
pub fn turn(
    person: &mut Timeline,
    insutype: Insutype,
    day: NaiveDate,
    change: Change,
    set: Set,
) -> Result<(), Refused> {
    let now = check(person, insutype, change, day)?;
    within_life(person, day)?;
    let Some(current) = stretch(person, insutype, day).cloned() else {
        return Err(Refused::NotFrom(now, Vec::new()));
    };
    let state = match (change, change.transition().to) {
        (_, Some(Normal)) => CoverageState::Normal,
        (_, Some(Paused)) => CoverageState::Paused,
        (_, Some(Frozen)) => CoverageState::Frozen,
        (Change::Unfreeze, _) => before_freezing(person, &current),
        _ => current.state,
    };
    let waits = day == current.period.begndate || current.entitled_begndate.is_some_and(|from| day < from);
    let rest = Coverage {
        state,
        period: Period { begndate: day, enddate: current.period.enddate },
        psn_chg_type: change.code().to_owned(),
        psn_type: set.psn_type.unwrap_or_else(|| current.psn_type.clone()),
        hi_type: set.hi_type.unwrap_or_else(|| current.hi_type.clone()),
        // Waiting that is over stays with the days it was about.
        entitled_begndate: current.entitled_begndate.filter(|_| waits),
        waiting: current.waiting.clone().filter(|_| waits),
        ..current.clone()
    };
    by_one_basic_scheme(person, &rest)?;
    if current.period.begndate < day {
        let period = Period { enddate: Some(day_before(day)), ..current.period };
        person.put(Coverage { period, ..current });
    }
    person.put(rest);
    Ok(())
}

/// What the coverage was when it was frozen: normal if nothing is known.
fn before_freezing(person: &Timeline, frozen: &Coverage) -> CoverageState {
    let mut of_scheme = person.coverages.iter().filter(|held| held.insutype == frozen.insutype);
    let before = of_scheme.rfind(|held| held.period.reaches(&frozen.period));
    before.map_or(CoverageState::Normal, |held| held.state)
}

/// A pause made good by paying it back: its days, up to `last_day`, count as insured after all.
pub fn make_good(person: &mut Timeline, pause: &Coverage, normal: Coverage) -> Result<(), Refused> {
    let mut next = person.clone();
    next.coverages.retain(|held| !held.same_key(pause));
    by_one_basic_scheme(&next, &normal)?;
    next.put(normal);
    *person = next;
    Ok(())
}

/// Ends stretches on the day before one; those that began no earlier are gone.
fn cut(person: &mut Timeline, day: NaiveDate, which: impl Fn(&Coverage) -> bool) {
    for held in person.coverages.iter_mut().filter(|held| which(held)) {
        held.period.enddate = Some(day_before(day));
    }
    person.coverages.retain(|held| !held.period.ended_before(held.period.begndate));
}

/// Nobody is insured by two basic schemes on a day.
fn by_one_basic_scheme(person: &Timeline, coverage: &Coverage) -> Result<(), Refused> {
    match second_basic_scheme(person, coverage) {
        Some(other) => Err(Refused::SecondBasicScheme(Box::new(other.clone()))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
