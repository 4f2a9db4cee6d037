//! What becomes of filings when enrollment merges a person's records or moves their insurance.

use chrono::NaiveDate;

use super::filing::{Actor, Filing, State};
use super::step::{Action, Taken};

/// A stretch in which an area pays for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    /// The pooling area that pays.
    pub poolarea_no: String,
    /// 险种类型.
    pub insutype: String,
    /// Its last day; `None`: open.
    pub enddate: Option<NaiveDate>,
}

/// Until when the area of a filing pays under its scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PaidUntil {
    GoesOn,
    Day(NaiveDate),
    Never,
}

fn paid_until(filing: &Filing, paid: &[Paid]) -> PaidUntil {
    let of_area = |paid: &&Paid| paid.poolarea_no == filing.poolarea_no && paid.insutype == filing.insutype;
    paid.iter().filter(of_area).fold(PaidUntil::Never, |until, stretch| match (until, stretch.enddate) {
        (PaidUntil::GoesOn, _) | (_, None) => PaidUntil::GoesOn,
        (PaidUntil::Day(day), Some(enddate)) => PaidUntil::Day(day.max(enddate)),
        (PaidUntil::Never, Some(enddate)) => PaidUntil::Day(enddate),
    })
}

/// The insurance moved to another pooling area (规程 art. 10: a filing holds until the insurance changes). What is in force ends with the last
/// day the old area pays for, which may lie ahead: enrollment's register says so, and it is the day before the new area begins. Where the old
/// area is not known to have paid at all, with the day before today. Temporary filings end too: no visit after that day is the old area's to
/// pay, and they would stand in the way of the new area's. What is still open is withdrawn, for the old area decides nothing any more.
pub fn moved(filing: &Filing, paid: &[Paid], today: NaiveDate) -> Option<Taken> {
    let last_day = match paid_until(filing, paid) {
        PaidUntil::GoesOn => return None,
        PaidUntil::Day(day) => day,
        PaidUntil::Never => today.pred_opt()?,
    };
    let mut after = filing.clone();
    if filing.state.is_open() {
        after.state = State::Withdrawn;
    } else if filing.state_on(today).is_in_force() {
        if filing.last_day().is_some_and(|covered| covered <= last_day) {
            return None;
        }
        after.state = State::Cancelled;
        after.ended_on = Some(last_day);
    } else {
        return None;
    }
    Some(follow(filing, after, "参保关系已转移至其他统筹区"))
}

/// The person's record was merged into another: the filing goes over to it as it is.
pub fn merged(filing: &Filing, into: &str) -> Taken {
    let after = Filing { psn_no: into.to_owned(), ..filing.clone() };
    follow(filing, after, "人员编号已合并")
}

fn follow(before: &Filing, after: Filing, reason: &str) -> Taken {
    Taken {
        after,
        from: Some(before.state),
        action: Action::Follow,
        actor: Actor { who: "enrollment".to_owned(), opter: String::new() },
        reason: reason.to_owned(),
    }
}
