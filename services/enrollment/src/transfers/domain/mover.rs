//! 新就业地参保: who moved is insured in the new area first, and applies for the transfer then (医保办发〔2021〕43号). What is insured
//! elsewhere must be over by then: the new area ends nobody's running coverage.

use chrono::{Datelike, NaiveDate};
use yizhan_rules::months::day_before;
use yizhan_terms::{Area, Insutype};

use super::finish::{Fault, name_paying_area};
use crate::coverage::domain::coverage_changes::{self as changes, Change, Refused};
use crate::coverage::domain::enrolment::stretch;
use crate::coverage::domain::entitlement::Payer;
use crate::person::domain::period::Period;
use crate::person::domain::timeline::{Coverage, CoverageState, Timeline};
use crate::rules::Rules;

/// What is to begin.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// Where the register was kept.
    pub from_area: Area,
    /// Where it begins.
    pub to_area: Area,
    /// 310 or 390.
    pub insutype: Insutype,
    /// The first day; a resident's coverage does not begin before it.
    pub begndate: NaiveDate,
    /// The day of payment.
    pub paid_on: NaiveDate,
    /// 人员类别.
    pub psn_type: String,
    /// 医疗保险类型.
    pub hi_type: String,
    /// Whether they enter school in the coverage year.
    pub enters: bool,
}

/// Enrols a person whose register another area kept; gives what began.
pub fn enrol(person: &mut Timeline, terms: &Enrolment, rules: &Rules) -> Result<Coverage, Fault> {
    let mut next = person.clone();
    if let Some(running) = running(&next, terms.begndate) {
        let held = Box::new(running.clone());
        return Err(Fault::Refused(Box::new(match running.insutype == terms.insutype {
            true => Refused::Overlap(held),
            false => Refused::SecondBasicScheme(held),
        })));
    }
    name_paying_area(&mut next, terms.from_area);
    end_pauses(&mut next, terms.begndate);
    let payer = Payer {
        person: &next,
        area: terms.to_area,
        paid_on: terms.paid_on,
        transferred: true,
        entering: Some(terms.psn_type.as_str()).filter(|_| terms.enters),
        rules,
    };
    let mut decision = match terms.insutype {
        Insutype::Resident => payer.resident(terms.begndate.year()),
        insutype => payer.employee(insutype, terms.begndate),
    }
    .map_err(Fault::NoRule)?;
    decision.period.begndate = decision.period.begndate.max(terms.begndate);
    decision.entitled_begndate = decision.entitled_begndate.max(decision.period.begndate);
    if decision.period.ended_before(decision.period.begndate) {
        return Err(Fault::NoDayLeft);
    }
    let coverage = Coverage {
        hi_type: terms.hi_type.clone(),
        psn_chg_type: Change::Enrol.code().to_owned(),
        ..stretch(terms.insutype, terms.psn_type.clone(), decision)
    };
    changes::begin(&mut next, coverage.clone(), Change::Enrol)
        .map_err(|refused| Fault::Refused(Box::new(refused)))?;
    *person = next;
    Ok(coverage)
}

/// A basic coverage that holds, or is frozen, on the day or later.
fn running(person: &Timeline, begndate: NaiveDate) -> Option<&Coverage> {
    let from_then = Period { begndate, enddate: None };
    person.coverages.iter().find(|held| {
        held.insutype.is_basic()
            && matches!(held.state, CoverageState::Normal | CoverageState::Frozen)
            && held.period.overlaps(&from_then)
    })
}

/// A pause elsewhere is over when somebody is insured here.
fn end_pauses(person: &mut Timeline, begndate: NaiveDate) {
    let paused = |held: &Coverage| held.insutype.is_basic() && held.state == CoverageState::Paused;
    for held in person.coverages.iter_mut().filter(|held| paused(held)) {
        if held.period.begndate >= begndate {
            held.state = CoverageState::Ended;
            held.psn_chg_type = Change::End.code().to_owned();
        } else if held.period.contains(begndate) {
            held.period.enddate = Some(day_before(begndate));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::domain::timeline::examples::*;

    fn terms(begndate: &str) -> Enrolment {
        let area = |code| Area::parse(code).unwrap();
        Enrolment {
            from_area: area("430200"),
            to_area: area("110000"),
            insutype: Insutype::Employee,
            begndate: begndate.parse().unwrap(),
            paid_on: begndate.parse().unwrap(),
            psn_type: "11".to_owned(),
            hi_type: String::new(),
            enters: false,
        }
    }

    #[test]
    fn a_mover_is_insured_when_the_old_coverage_is_over() {
        let rules = Rules::embedded();
        let mut mover = person("1980-01-01");
        mover.put(coverage("310", "2020-01-01", "2026-04-30"));
        let begun = enrol(&mut mover, &terms("2026-05-01"), &rules).unwrap();
        assert_eq!(
            (begun.period.begndate, begun.entitled_begndate),
            (terms("2026-05-01").begndate, Some(terms("2026-05-01").begndate))
        );
        assert_eq!(mover.coverages[0].poolarea_no, Area::parse("430200"), "the old area paid");
        assert_eq!((mover.coverages[1].poolarea_no, mover.coverages.len()), (None, 2));
    }

    #[test]
    fn a_running_coverage_is_not_ended_by_another_area() {
        let rules = Rules::embedded();
        let mut mover = person("1980-01-01");
        mover.put(coverage("310", "2020-01-01", ""));
        let before = mover.clone();
        let refused = enrol(&mut mover, &terms("2026-05-01"), &rules).unwrap_err();
        assert!(matches!(refused, Fault::Refused(why) if matches!(*why, Refused::Overlap(_))));
        assert_eq!(mover, before);
        mover.coverages[0].state = CoverageState::Paused;
        enrol(&mut mover, &terms("2026-05-01"), &rules).unwrap();
        assert_eq!(mover.coverages[0].period.enddate, "2026-04-30".parse().ok(), "a pause is over");
    }
}
