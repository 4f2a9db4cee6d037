//! Between entries and messages, and the domain.

use chrono::{Datelike, NaiveDate};
use yizhan_documents::Dated;
use yizhan_documents::calendar::WorkingDays;
use yizhan_proto::credit::v1::{Entry, EntryKind, GradeMatter, NotEvaluated, Unassessed};
use yizhan_rules::months::last_of_year;
use yizhan_runtime::clock::{day_text, parse_date};
use yizhan_runtime::{Caller, Reason, ServiceError};
use yizhan_terms::Area;

use super::domain::facts::year_of;
use super::domain::matter::Matter;
use super::domain::standing::Lacks;
use super::domain::table::{MATTERS, Role, State};
use crate::ledger::standing;
use crate::schemes::scorecard::Scorecard;
use crate::schemes::{Schemes, not_in_force};

/// The scheme that assesses a year: that which holds on its last day.
pub fn scheme(schemes: &Schemes, area: Area, year: i32) -> Result<&Dated<Scorecard>, ServiceError> {
    schemes.find::<Scorecard>(area, last_of_year(year)).map_err(not_in_force)
}

/// The scheme an entry was decided by, and its area.
pub fn scheme_of<'s>(
    first: &Entry,
    schemes: &'s Schemes,
) -> Result<(&'s Dated<Scorecard>, Area), ServiceError> {
    let area = Area::parse(&first.poolarea_no).ok_or_else(|| unreadable(first))?;
    if let Some(dated) = schemes.by_id::<Scorecard>(&first.scheme) {
        return Ok((dated, area));
    }
    let year = counts_in(first).ok_or_else(|| unreadable(first))?;
    Ok((scheme(schemes, area, year)?, area))
}

/// Of an assessment its year; of conduct that of its decision.
fn counts_in(first: &Entry) -> Option<i32> {
    year_of(first).or_else(|| parse_date(&first.decided_on).map(|day| day.year()))
}

fn unreadable(entry: &Entry) -> ServiceError {
    ServiceError::internal(anyhow::anyhow!("entry {} has no day or area", entry.entry_id))
}

/// What every entry says: where, by whom, on which day.
pub fn entry(caller: &Caller, (poolarea_no, opter): (&str, &str), day: NaiveDate) -> Entry {
    Entry {
        poolarea_no: poolarea_no.to_owned(),
        opter: opter.to_owned(),
        actor: caller.to_string(),
        decided_on: day.to_string(),
        ..Entry::default()
    }
}

/// The same about a year.
pub fn of_year(entry: Entry, year: i32) -> Entry {
    Entry { from_date: format!("{year}-01-01"), until_date: format!("{year}-12-31"), ..entry }
}

/// What of a caller matters to a matter.
pub fn roles(caller: &Caller, first: &Entry) -> Vec<Role> {
    let officer = caller.may_manage_area(Area::parse(&first.poolarea_no));
    let subject = first.subject.as_ref().map(|subject| subject.code.as_str());
    let institution = subject.is_some() && caller.institution_code() == subject;
    [(officer, Role::Officer), (institution, Role::Institution)]
        .into_iter()
        .filter_map(|(is, role)| is.then_some(role))
        .collect()
}

/// The last day for the step that is next.
pub fn due(matter: &Matter, scheme: &Scorecard, schemes: &Schemes, area: Area) -> Option<NaiveDate> {
    let days = WorkingDays::of(schemes, area);
    matter.due(scheme, |day, count| days.add(day, count).0)
}

/// A matter as a caller sees it today, by everything its area entered about the institution.
pub fn matter(
    entries: &[Entry],
    matter_id: &str,
    schemes: &Schemes,
    (caller, today): (&Caller, NaiveDate),
) -> Result<GradeMatter, ServiceError> {
    let mut of_it = entries.iter().filter(|entry| entry.matter_id == matter_id);
    let Some(first) = of_it.next() else { return Ok(GradeMatter::default()) };
    let (all, (dated, area)) = (standing(entries), scheme_of(first, schemes)?);
    let matter = Matter::of(&all, matter_id);
    let (state, due) = (matter.state(), due(&matter, &dated.rule, schemes, area));
    let met = |need| matter.is_met(need, today, due, &dated.rule);
    let allowed = MATTERS.case(state, met).allowed(&roles(caller, first));
    let assessed = matter.assessed();
    let conduct = first.kind() == EntryKind::Conduct;
    let (points, repaired) = matter.points();
    let told = |number: rust_decimal::Decimal| {
        if conduct { number.normalize().to_string() } else { String::new() }
    };
    Ok(GradeMatter {
        matter_id: matter_id.to_owned(),
        fixmedins_code: first.subject.clone().unwrap_or_default().code,
        poolarea_no: first.poolarea_no.clone(),
        state: state.number(),
        year: counts_in(first).unwrap_or_default(),
        score: assessed.map(|entry| entry.value.clone()).unwrap_or_default(),
        grade: assessed.map(|entry| entry.item.clone()).unwrap_or_default(),
        item: if conduct { first.item.clone() } else { String::new() },
        points: told(points),
        repaired: told(repaired),
        scheme: first.scheme.clone(),
        decided_on: first.decided_on.clone(),
        due_date: day_text(due),
        overdue: state != State::Noticed && due.is_some_and(|due| due < today),
        allowed_actions: allowed.into_iter().map(|action| action.number()).collect(),
        version: of_it.count().saturating_add(1).try_into().unwrap_or(i32::MAX),
        basis: first.basis.clone(),
    })
}

/// Why an agreement does not do, as it is told.
pub fn lacking(lacks: Lacks, min_months: u32) -> (NotEvaluated, String) {
    match lacks {
        Lacks::Agreement => (NotEvaluated::NoAgreement, "没有医保服务协议记录，不评价".to_owned()),
        Lacks::Ended => (NotEvaluated::AgreementEnded, "协议已终止，不评价".to_owned()),
        Lacks::Months => {
            (NotEvaluated::SignedLately, format!("至评价年度末签约不满{min_months}个月，不评价"))
        }
    }
}

/// Somebody who is not assessed.
pub fn unassessed(
    code: &str,
    (reason, explanation): (NotEvaluated, String),
    missing: Vec<String>,
) -> Unassessed {
    Unassessed { fixmedins_code: code.to_owned(), reason: reason.into(), missing, explanation }
}

/// Without these values nobody is scored.
pub fn without_values(missing: &[String]) -> (NotEvaluated, String) {
    (NotEvaluated::ValuesMissing, format!("缺少指标：{}，不评价", missing.join("、")))
}

/// No such matter, or not one the caller may know of.
pub fn matter_unknown() -> ServiceError {
    ServiceError::new(Reason::GradeMatterUnknown, "no such matter of credit evaluation")
}
