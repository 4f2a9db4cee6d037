//! Transfers on the clock: by when the side whose turn it is has to act, in working days of its area. Counted when asked, by the calendar
//! in force (as filings are).

use std::sync::Arc;

use chrono::NaiveDate;
use yizhan_terms::Area;

use super::steps::{Side, State};
use crate::rules::{Rules, TransferDays, WorkingDays};

/// What counts today.
pub struct Due {
    /// The rules in force.
    pub rules: Arc<Rules>,
    /// The day.
    pub today: NaiveDate,
}

/// Of one transfer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DueDate {
    /// Since when the side whose turn it is has had it.
    pub waiting_since: Option<NaiveDate>,
    /// Its last day.
    pub due_date: Option<NaiveDate>,
    /// Whether that is over.
    pub overdue: bool,
    /// Whether the calendar of every day counted is published.
    pub calendar_published: bool,
}

/// The latest days from which each side is late today; `None` where no rule says how long it has.
#[derive(Clone, Copy, Debug)]
pub struct Overdue {
    /// 转出地.
    pub sending: Option<NaiveDate>,
    /// 转入地.
    pub receiving: Option<NaiveDate>,
}

impl Due {
    fn days(&self, area: Area, side: Side, day: NaiveDate) -> Option<u32> {
        let days = &self.rules.find::<TransferDays>(area, day).ok()?.rule;
        match side {
            Side::Sending => Some(days.sending),
            Side::Receiving => Some(days.receiving),
            Side::Person => None,
        }
    }

    /// By when a transfer in a state is to go on; `areas` are 转出地 and 转入地.
    pub fn of(&self, state: State, waiting_since: Option<NaiveDate>, areas: [&str; 2]) -> DueDate {
        let (Some(side), Some(since)) = (state.turn(), waiting_since) else {
            return DueDate::default();
        };
        let of_side = if side == Side::Sending { areas[0] } else { areas[1] };
        let counted = Area::parse(of_side).and_then(|area| {
            let days = self.days(area, side, since)?;
            Some(WorkingDays::of(&self.rules, area).add(since, days))
        });
        let due_date = counted.map(|(day, _)| day);
        DueDate {
            waiting_since: Some(since),
            due_date,
            overdue: due_date.is_some_and(|day| day < self.today),
            calendar_published: counted.is_some_and(|(_, published)| published),
        }
    }

    /// Since when what waits in an area is late today.
    pub fn overdue_since(&self, area: &str) -> Overdue {
        let latest = |side| {
            let area = Area::parse(area)?;
            let days = self.days(area, side, self.today)?;
            Some(WorkingDays::of(&self.rules, area).latest_start_overdue(self.today, days))
        };
        Overdue { sending: latest(Side::Sending), receiving: latest(Side::Receiving) }
    }
}
