//! What steps add to the figures of filings.

use chrono::{DateTime, NaiveDate, Utc};
use yizhan_documents::calendar::WorkingDays;

use super::filing::State;
use super::step::{Action, Taken};
use crate::figures::domain::{OF_KIND, OfKind};
use crate::rules::Rules;

/// What a step adds; `None`: nothing. Filings taken over from an earlier system were submitted and decided there, and are not counted here;
/// completing a second time, when the papers came, is no decision any more.
pub fn of_step(step: &Taken, rules: &Rules, today: NaiveDate, now: DateTime<Utc>) -> Option<[i64; OF_KIND]> {
    let mut sums = [0; OF_KIND];
    let mut add = |what: OfKind, number: i64| sums[what as usize] += number;
    let filing = &step.after;
    match step.action {
        Action::Submit if filing.state == State::Submitted => add(OfKind::Submitted, 1),
        Action::Lapse => add(OfKind::Lapsed, 1),
        Action::Complete | Action::Reject if step.from.is_some_and(State::is_open) => {
            let completed = step.action == Action::Complete;
            add(if completed { OfKind::Completed } else { OfKind::Rejected }, 1);
            add(OfKind::SelfService, i64::from(completed && step.actor.who == "rule"));
            add(OfKind::Provisional, i64::from(filing.state == State::Provisional));
            let (days, _) = WorkingDays::of(rules, filing.poolarea_no).between(filing.clock_from, today);
            add(if days <= filing.working_days { OfKind::InTime } else { OfKind::Late }, 1);
            add(OfKind::SecondsToDecide, (now - filing.submitted_at).num_seconds().max(0));
        }
        _ => return None,
    }
    Some(sums)
}
