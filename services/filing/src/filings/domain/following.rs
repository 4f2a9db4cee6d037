//! What becomes of filings when enrollment merges a person's records or moves their insurance.

use chrono::NaiveDate;
use yizhan_terms::{Area, Insutype};

use super::filing::{Actor, Filing, State};
use super::step::{Action, Taken};

/// A stretch in which an area pays for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    /// The pooling area that pays.
    pub poolarea_no: Area,
    /// 险种类型.
    pub insutype: Insutype,
    /// Its last day; `None`: open.
    pub enddate: Option<NaiveDate>,
}

/// The insurance moved to another pooling area (规程 art. 10: a filing holds until the insurance changes). What is in force ends with the last
/// day the old area pays for, which may lie ahead: enrollment's register says so, and it is the day before the new area begins. Where the old
/// area is not known to have paid at all, with the day before today. Temporary filings end too: no visit after that day is the old area's to
/// pay, and they would stand in the way of the new area's. What is still open is withdrawn, for the old area decides nothing any more.
pub fn moved(filing: &Filing, paid: &[Paid], today: NaiveDate) -> Option<Taken> {
    let of_area = |paid: &&Paid| paid.poolarea_no == filing.poolarea_no && paid.insutype == filing.insutype;
    let ends: Vec<Option<NaiveDate>> = paid.iter().filter(of_area).map(|paid| paid.enddate).collect();
    if ends.contains(&None) {
        return None;
    }
    let last_day = ends.into_iter().flatten().max().or_else(|| today.pred_opt())?;
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
    let mut after = Filing { psn_no: into.to_owned(), ..filing.clone() };
    after.merged_from.push(filing.psn_no.clone());
    follow(filing, after, "人员编号已合并")
}

/// The merge was taken back: what had come from the number that is a person of its own again goes back to it. `None`: it had not.
pub fn unmerged(filing: &Filing, psn_no: &str) -> Option<Taken> {
    let at = filing.merged_from.iter().rposition(|number| number == psn_no)?;
    let mut after = Filing { psn_no: psn_no.to_owned(), ..filing.clone() };
    after.merged_from.truncate(at);
    Some(follow(filing, after, "人员编号合并已撤销"))
}

fn follow(before: &Filing, after: Filing, reason: &str) -> Taken {
    let (from, actor) = (Some(before.state), Actor::of_no_office("enrollment"));
    Taken { after, from, action: Action::Follow, actor, reason: reason.to_owned() }
}
