//! Whether a new filing contradicts those the person has (several places at once: 规程 art. 7, 10).

use chrono::NaiveDate;
use yizhan_runtime::{Reason, ServiceError};
use yizhan_terms::FilingKind;

use super::filing::{Filing, State};
use crate::rules::Places;
use crate::standings::{Standing, Standings};

/// Refuses a filing that overlaps another at the same place, or is one too many at once.
pub fn check(new: &Filing, held: &Standings, rules: &Places, today: NaiveDate) -> Result<(), ServiceError> {
    // What was filed under another insurance covers nothing any more, and stands in nobody's way.
    let same = |other: &&Standing| other.poolarea_no == new.poolarea_no && other.insutype == new.insutype;
    let standing = || held.0.iter().filter(same).filter(|other| stands(other, today));
    let others = || standing().filter(|other| new.replaces.as_ref() != Some(&other.filing_id));
    let others = || others().filter(|other| days_overlap(new, other));
    if let Some(other) = others().find(|other| new.place.overlaps(other.place)) {
        return Err(overlaps(other));
    }
    let (limit, group) = match new.kind.is_long_term() {
        true => (rules.long_term_at_once, "长期"),
        false => (rules.temporary_at_once, "临时"),
    };
    let same_group = |kind: FilingKind| kind.is_long_term() == new.kind.is_long_term();
    let at_once = others().filter(|other| same_group(other.kind)).count();
    if at_once < limit as usize {
        return Ok(());
    }
    Err(ServiceError::new(
        Reason::TooManyPlaces,
        format!("{at_once} filings of this group are in force at once; {limit} may be"),
    )
    .with_text(format!("同时有效的{group}备案最多 {limit} 个"))
    .with("limit", limit))
}

/// Open, or in force from today on: also one whose place another takes only in some days. Not one that was cancelled, though it covers today.
fn stands(other: &Standing, today: NaiveDate) -> bool {
    let covers = other.state.is_in_force() || other.state == State::Replaced;
    other.state.is_open() || (covers && other.last_day.is_none_or(|last| today <= last))
}

fn days_overlap(new: &Filing, other: &Standing) -> bool {
    new.enddate.is_none_or(|last| other.begndate <= last)
        && other.last_day.is_none_or(|last| new.begndate <= last)
}

fn overlaps(other: &Standing) -> ServiceError {
    ServiceError::new(
        Reason::FilingOverlaps,
        format!("filing {} already covers the place on some of these days", other.filing_id),
    )
    .with_text("该就医地在所填期间已有备案（或正在办理），请办理变更或先取消原备案")
    .with("filing_id", &other.filing_id)
    .with("state", other.state.name())
    .with("out_fil_type", other.kind.code())
}

/// Refuses to take the place of a filing that is not in force, or not changeable yet (规程 art. 10).
pub fn check_replaced(old: &Filing, new: &Filing, today: NaiveDate) -> Result<(), ServiceError> {
    let state = old.state_on(today);
    if !state.is_in_force() {
        return Err(not_in_force(old, state));
    }
    if let Some(until) = locked_until(old, today) {
        return Err(change_locked(old, until));
    }
    if new.begndate > old.begndate { Ok(()) } else { Err(begins_before(old)) }
}

/// While the filing may be neither changed nor cancelled: until when.
pub fn locked_until(filing: &Filing, today: NaiveDate) -> Option<NaiveDate> {
    filing.locked_until.filter(|until| today <= *until)
}

/// The refusal until then.
pub fn change_locked(filing: &Filing, until: NaiveDate) -> ServiceError {
    ServiceError::new(
        Reason::ChangeLocked,
        format!("the filing can be neither changed nor cancelled until {until}"),
    )
    .with_text(format!("该备案在 {until} 之前不能变更或取消"))
    .with("locked_until", until)
    .with("filing_id", &filing.filing_id)
}

fn not_in_force(old: &Filing, state: State) -> ServiceError {
    ServiceError::new(Reason::ReplacedNotInForce, "the filing to be replaced is not in force")
        .with("filing_id", &old.filing_id)
        .with("state", state.name())
}

fn begins_before(old: &Filing) -> ServiceError {
    ServiceError::new(
        Reason::ReplacedBeginsLater,
        format!("the filing to be replaced begins on {}; a new one begins after that day", old.begndate),
    )
    .with_text("变更后的备案应晚于原备案的起始日期")
    .with("filing_id", &old.filing_id)
    .with("begndate", old.begndate)
}
