//! Between entries and messages, and the domain.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use yizhan_documents::Dated;
use yizhan_documents::calendar::WorkingDays;
use yizhan_proto::credit::v1::{ConductState, Entry, EntryKind, PayLaterTerms, PersonMatter};
use yizhan_runtime::clock::{day_text, parse_date};
use yizhan_runtime::{Caller, ServiceError};
use yizhan_terms::Area;
use yizhan_workflow::no_needs;

use super::domain::limits::{Debt, Deed, Limits, Span, Weight, limits};
use super::domain::matter::Matter;
use super::domain::table::{MATTERS, Role, State};
use crate::schemes::pay_later::{Item, PayLater};
use crate::schemes::{Schemes, not_in_force};

/// The scheme of an area on a day.
///
/// # Errors
/// RULES_NOT_IN_FORCE.
pub fn scheme(schemes: &Schemes, area: Area, day: NaiveDate) -> Result<&Dated<PayLater>, ServiceError> {
    schemes.find::<PayLater>(area, day).map_err(not_in_force)
}

/// The scheme an entry was entered by.
pub fn scheme_of<'s>(entry: &Entry, schemes: &'s Schemes) -> Result<&'s Dated<PayLater>, ServiceError> {
    if let Some(dated) = schemes.by_id::<PayLater>(&entry.scheme) {
        return Ok(dated);
    }
    let place = Area::parse(&entry.poolarea_no).zip(parse_date(&entry.decided_on));
    let (area, day) = place.ok_or_else(|| unreadable(entry))?;
    scheme(schemes, area, day)
}

/// The row of an item: of the scheme that is asked about, else of the one it was entered by, where the other has none.
fn item_of<'s>(first: &Entry, schemes: &'s Schemes, asked: &'s PayLater) -> Option<&'s Item> {
    let own = || schemes.by_id::<PayLater>(&first.scheme).and_then(|dated| dated.rule.item(&first.item));
    asked.item(&first.item).or_else(own)
}

/// What matters of a person come to.
pub fn deeds(matters: &[Matter<'_>], schemes: &Schemes, asked: &PayLater) -> Vec<Deed> {
    let deed = |matter: &Matter<'_>| {
        let (weight, debt) = match matter.is_default() {
            true => {
                let weight = Weight { lowers: asked.repaid_lowers, months: asked.repaid_months };
                (weight, Some(Debt { repaid_on: matter.repaid_on() }))
            }
            false => {
                let item = item_of(matter.first, schemes, asked)?;
                (Weight { lowers: item.lowers, months: item.months }, None)
            }
        };
        Some(Deed { matter_id: matter.first.entry_id.clone(), from: matter.counts_from()?, weight, debt })
    };
    matters.iter().filter_map(deed).collect()
}

/// What of a caller matters to a matter; `own` are the numbers of the caller, where it is a person.
pub fn roles(caller: &Caller, first: &Entry, own: &[String]) -> Vec<Role> {
    let officer = caller.may_manage_area(Area::parse(&first.poolarea_no));
    let code = first.subject.as_ref().map(|subject| subject.code.as_str()).unwrap_or_default();
    let person = own.iter().any(|number| number == code);
    [(officer, Role::Officer), (person, Role::Person)]
        .into_iter()
        .filter_map(|(is, role)| is.then_some(role))
        .collect()
}

/// The last day for the step that is next.
pub fn due(matter: &Matter<'_>, schemes: &Schemes) -> Result<Option<NaiveDate>, ServiceError> {
    let scheme = scheme_of(matter.first, schemes)?;
    let area = Area::parse(&matter.first.poolarea_no).ok_or_else(|| unreadable(matter.first))?;
    let days = WorkingDays::of(schemes, area);
    Ok(matter.due(&scheme.rule, |day, count| days.add(day, count).0))
}

/// Whom something is told, and when.
#[derive(Clone, Copy, Debug)]
pub struct To<'a> {
    /// Who asks.
    pub caller: &'a Caller,
    /// The numbers of the caller, where it is a person.
    pub own: &'a [String],
    /// The day of the answer.
    pub today: NaiveDate,
}

/// What is asked about: by which scheme, what counts on which day.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// All of them.
    pub schemes: &'a Schemes,
    /// The area's.
    pub scheme: &'a PayLater,
    /// The day.
    pub day: NaiveDate,
}

/// Matters as they are told, in the order given.
pub fn told(matters: &[Matter<'_>], asked: Asked<'_>, to: To<'_>) -> Result<Vec<PersonMatter>, ServiceError> {
    let deeds = deeds(matters, asked.schemes, asked.scheme);
    let found = limits(&deeds, asked.scheme.clean_months, 0, asked.day);
    matters.iter().map(|matter| one(matter, (&deeds, &found), asked, to)).collect()
}

fn one(
    matter: &Matter<'_>,
    (deeds, found): (&[Deed], &Limits<'_>),
    asked: Asked<'_>,
    to: To<'_>,
) -> Result<PersonMatter, ServiceError> {
    let first = matter.first;
    let span = deeds.iter().find(|deed| deed.matter_id == first.entry_id).map(|deed| deed.span(asked.day));
    let counts = found.counting.iter().find(|(deed, _)| deed.matter_id == first.entry_id);
    let item = item_of(first, asked.schemes, asked.scheme);
    let last = matter.last_of(first.kind()).unwrap_or(first);
    let told = PersonMatter {
        matter_id: first.entry_id.clone(),
        psn_no: first.subject.as_ref().map(|subject| subject.code.clone()).unwrap_or_default(),
        poolarea_no: first.poolarea_no.clone(),
        kind: first.kind,
        item: first.item.clone(),
        item_name: item.map(|item| item.name.clone()).unwrap_or_default(),
        basis: first.basis.clone(),
        file_ids: first.file_ids.clone(),
        occurred_on: last.occurred_on.clone(),
        from_date: day_text(span.map(|span| span.from)),
        until_date: day_text(span.and_then(|span| span.until)),
        counts: counts.is_some(),
        lowers_percent: percent(counts.map(|(_, span)| span)),
        version: matter.count.try_into().unwrap_or(i32::MAX),
        scheme: first.scheme.clone(),
        ..PersonMatter::default()
    };
    match matter.is_default() {
        true => Ok(default(matter, last, told)),
        false => conduct(matter, asked.schemes, to, told),
    }
}

fn percent(span: Option<&Span>) -> String {
    let lowers = span.map_or(Decimal::ZERO, |span| span.lowers);
    (lowers * Decimal::ONE_HUNDRED).normalize().to_string()
}

fn default(matter: &Matter<'_>, last: &Entry, told: PersonMatter) -> PersonMatter {
    let stands = matter.last_of(EntryKind::PersonDefaulted).is_some();
    let state = if stands { ConductState::Unspecified } else { ConductState::Withdrawn };
    PersonMatter {
        state: state.into(),
        deferral_id: last.act_id.clone(),
        owed_fen: last.value.parse().unwrap_or_default(),
        repaid_on: day_text(matter.repaid_on().filter(|_| stands)),
        ..told
    }
}

fn conduct(
    matter: &Matter<'_>,
    schemes: &Schemes,
    to: To<'_>,
    told: PersonMatter,
) -> Result<PersonMatter, ServiceError> {
    let due = due(matter, schemes)?;
    let state = matter.state(to.today, due);
    let allowed = MATTERS.case(state, no_needs).allowed(&roles(to.caller, matter.first, to.own));
    let due = due.filter(|_| state != State::Settled);
    Ok(PersonMatter {
        state: state.number(),
        due_date: day_text(due),
        overdue: due.is_some_and(|due| due < to.today),
        allowed_actions: allowed.into_iter().map(|action| action.number()).collect(),
        ..told
    })
}

/// What a person may pay later.
pub fn terms(
    (psn_no, numbers): (&str, &[String]),
    entries: &[Entry],
    base_fen: i64,
    asked: Asked<'_>,
    to: To<'_>,
) -> Result<PayLaterTerms, ServiceError> {
    let mut matters = of_numbers(numbers, entries);
    let deeds = deeds(&matters, asked.schemes, asked.scheme);
    let found = limits(&deeds, asked.scheme.clean_months, base_fen, asked.day);
    let why = why(&found, base_fen);
    let (limit_fen, restored_on) = (found.limit_fen, day_text(found.restored_on));
    let counting: Vec<&str> = found.counting.iter().map(|(deed, _)| deed.matter_id.as_str()).collect();
    matters.retain(|matter| counting.contains(&matter.first.entry_id.as_str()));
    Ok(PayLaterTerms {
        psn_no: psn_no.to_owned(),
        allowed: limit_fen > 0,
        limit_fen,
        base_fen,
        why,
        matters: told(&matters, asked, to)?,
        restored_on,
    })
}

/// Matters of a person under all their numbers, the newest first.
pub fn of_numbers<'e>(numbers: &[String], entries: &'e [Entry]) -> Vec<Matter<'e>> {
    let own =
        |matter: &Matter<'_>| matter.first.subject.as_ref().is_some_and(|one| numbers.contains(&one.code));
    let mut matters: Vec<Matter<'_>> = Matter::all(entries).into_iter().filter(own).collect();
    matters.sort_by(|one, other| other.first.entry_id.cmp(&one.first.entry_id));
    matters
}

/// Why the limit is not the base, for people.
fn why(found: &Limits<'_>, base_fen: i64) -> String {
    if found.limit_fen == base_fen {
        return String::new();
    }
    let lowering = found.counting.iter().filter(|(_, span)| !span.lowers.is_zero());
    let (mut owed, mut repaid, mut conduct) = (0, 0, 0);
    for (deed, span) in lowering {
        let place = match (deed.debt, span.until) {
            (Some(_), None) => &mut owed,
            (Some(_), Some(_)) => &mut repaid,
            (None, _) => &mut conduct,
        };
        *place += 1;
    }
    let all = [(owed, "笔违约未还"), (repaid, "笔曾经违约"), (conduct, "条失信行为记录")];
    let named = all.iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}"));
    let named = named.collect::<Vec<_>>().join("、");
    let follows = if found.limit_fen > 0 { "信用支付额度降低" } else { "不能使用信用支付" };
    let until = found.restored_on.map(|day| format!("，{day} 起恢复")).unwrap_or_default();
    format!("有 {named}，{follows}{until}")
}

fn unreadable(entry: &Entry) -> ServiceError {
    ServiceError::internal(anyhow::anyhow!("entry {} has no day or area", entry.entry_id))
}
