//! 办结: a filing comes into force.

use chrono::{Days, NaiveDate};

use super::filing::{Filing, State};
use super::step::{Action, Occasion, Taken};

/// Puts a filing into force: PROVISIONAL while something is still to come (or, where nobody looked at it, to be looked at), and ends the
/// filing whose place it takes, the day before its own first day.
pub fn complete(mut filing: Filing, replaced: Option<Filing>, occasion: &Occasion) -> Vec<Taken> {
    let from = filing.state;
    let first_time = !from.is_in_force();
    if filing.unverified().next().is_none() {
        filing.state = State::InForce;
        filing.supply_by = None;
    } else {
        filing.state = State::Provisional;
        filing.supply_by = Some(supply_by(&filing, occasion.today));
    }
    if first_time {
        filing.decided_at = Some(occasion.now);
    }
    let ended = replaced.filter(|old| first_time && old.state_on(occasion.today).is_in_force());
    let ended = ended.map(|old| replace(old, &filing, occasion));
    let completed = occasion.step(Some(from), Action::Complete, filing);
    [completed].into_iter().chain(ended).collect()
}

fn replace(mut old: Filing, new: &Filing, occasion: &Occasion) -> Taken {
    let from = old.state;
    // Not beyond its own last day: what was to come by then is no longer asked for once it is replaced.
    let day_before = new.begndate.checked_sub_days(Days::new(1));
    old.ended_on = [day_before, old.last_day()].into_iter().flatten().min();
    old.state = State::Replaced;
    old.replaced_by = Some(new.filing_id.clone());
    occasion.step(Some(from), Action::Replace, old)
}

/// The last day for what is missing, counted from the day of completion: as long as a commitment gives, if it stands in for all of it.
pub fn supply_by(filing: &Filing, today: NaiveDate) -> NaiveDate {
    let promised =
        filing.is_committed() && filing.unverified().all(|requirement| requirement.may_be_promised);
    let days = if promised { filing.supply_days.promised } else { filing.supply_days.missing };
    today.checked_add_days(Days::new(u64::from(days))).unwrap_or(NaiveDate::MAX)
}
