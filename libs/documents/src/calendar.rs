//! 工作日: which days count, by the State Council's notices on holidays (节假日安排) as dated data. A day is counted by the
//! calendar that holds in the area; where none is published for it, Monday to Friday count, and whoever asks is told.

use chrono::{Datelike, NaiveDate, Weekday};

use yizhan_terms::Area;

use crate::families::{Family, Reader};
use crate::node::Map;
use crate::rules::Rules;

mod read;

/// The calendars of the whole country that come with the program, as file name and text: every service that counts working days
/// holds them among its documents.
pub const NATIONAL: (&str, &str) =
    ("100000-calendar.yaml", include_str!("../calendars/100000-calendar.yaml"));

/// Holidays and make-up days of a stretch of time, as a rule a year: a rule that any service's documents may hold as a family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// 法定节假日 with the days moved to them.
    pub holidays: Vec<Holiday>,
    /// 调休上班: Saturdays and Sundays that are worked on.
    pub workdays: Vec<NaiveDate>,
}

/// 放假: days on which nobody works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holiday {
    /// 春节, 国庆节 …
    pub name: String,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
}

impl Calendar {
    /// The keys of a version.
    pub const KEYS: &'static [&'static str] = &["holidays", "workdays"];

    /// Reads a version; `None` after something wrong was reported.
    pub fn read(_: &Reader, map: &Map) -> Option<Calendar> {
        read::calendar(map)
    }

    /// Whether a day is a working day.
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        let free = self.holidays.iter().any(|holiday| (holiday.from..=holiday.to).contains(&day));
        !free && (is_weekday(day) || self.workdays.contains(&day))
    }
}

/// Monday to Friday.
pub fn is_weekday(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

/// The working days of an area. What it answers comes with `published`: whether every day it looked at has a calendar.
#[derive(Clone, Copy, Debug)]
pub struct WorkingDays<'r, F> {
    rules: &'r Rules<F>,
    area: Area,
}

impl<'r, F> WorkingDays<'r, F>
where
    Calendar: Family<F>,
{
    /// By the calendars among these rules.
    pub fn of(rules: &'r Rules<F>, area: Area) -> WorkingDays<'r, F> {
        WorkingDays { rules, area }
    }

    /// Whether a day is a working day.
    pub fn is_working_day(&self, day: NaiveDate) -> (bool, bool) {
        match self.rules.find::<Calendar>(self.area, day) {
            Ok(calendar) => (calendar.rule.is_working_day(day), true),
            Err(_) => (is_weekday(day), false),
        }
    }

    /// The n-th working day after a day, which does not count itself (《民法典》第二百零一条); for 0 the day itself.
    pub fn add(&self, day: NaiveDate, working_days: u32) -> (NaiveDate, bool) {
        let (mut last, mut left, mut published) = (day, working_days, true);
        while left > 0 {
            let Some(next) = last.succ_opt() else { break };
            let (working, known) = self.is_working_day(next);
            last = next;
            left -= u32::from(working);
            published &= known;
        }
        (last, published)
    }

    /// How many working days lie behind `begin` up to `end`, the latter counted: `between(day, add(day, n)) = n`. 0 where
    /// `end` is not behind `begin`.
    pub fn between(&self, begin: NaiveDate, end: NaiveDate) -> (u32, bool) {
        let days = begin.iter_days().skip(1).take_while(|day| *day <= end);
        days.map(|day| self.is_working_day(day)).fold((0, true), |(count, published), (working, known)| {
            (count + u32::from(working), published && known)
        })
    }

    /// The latest day from which n working days are over before today: what began then or earlier is overdue today.
    pub fn latest_start_overdue(&self, today: NaiveDate, working_days: u32) -> NaiveDate {
        let before = |day: NaiveDate| day.pred_opt().unwrap_or(NaiveDate::MIN);
        // Back from yesterday over n working days; the day before the first of them is the one.
        let (mut start, mut left) = (before(today), working_days);
        while left > 0 && start > NaiveDate::MIN {
            left -= u32::from(self.is_working_day(start).0);
            start = before(start);
        }
        start
    }
}
