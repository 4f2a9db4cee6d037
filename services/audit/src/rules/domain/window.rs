//! What is looked at together: the lines of a recipe, a visit, a day, some days in a row.

use chrono::{Datelike, Days, NaiveDate};
use yizhan_documents::{At, Kind};

use super::{Line, Visit};

/// Longest supply of drugs that is looked back for: a long recipe holds up to 12 weeks.
const MAX_SUPPLY_DAYS: u32 = 84;
const MAX_DAYS: u32 = 366;
const MAX_HOURS: u32 = 72;

/// What is looked at together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// `line`: a line by itself.
    Line,
    /// `recipe`: what has the same 处方号; lines without one are not asked about.
    Recipe,
    /// `visit`
    Visit,
    /// `6h`: so many hours of one visit, both ends included; lines without a time are not asked about.
    Hours(u32),
    /// `day`: a day of one visit.
    Day,
    /// `7d`: so many days in a row, over all visits.
    Days(u32),
    /// `month`, over all visits.
    Month,
    /// `year`, over all visits.
    Year,
    /// `supply`: days for which drugs were given, over all visits; of a line without 周期天数 its day.
    Supply,
}

/// A line and the visit it is of.
#[derive(Clone, Copy, Debug)]
pub struct Place<'v> {
    /// The visit.
    pub visit: &'v Visit,
    /// The line.
    pub line: &'v Line,
}

impl Place<'_> {
    /// The last day for which it was given.
    fn lasts_until(&self) -> NaiveDate {
        let more = u64::from(self.line.days.unwrap_or(1).clamp(1, MAX_SUPPLY_DAYS)) - 1;
        self.line.day.checked_add_days(Days::new(more)).unwrap_or(NaiveDate::MAX)
    }
}

impl Window {
    /// Reads one.
    pub fn read(at: &At) -> Option<Window> {
        let text = at.scalar("a window")?;
        let number = |unit, most| {
            text.strip_suffix(unit)?.parse::<u32>().ok().filter(|number| (1..=most).contains(number))
        };
        let window = match text {
            "line" => Some(Window::Line),
            "recipe" => Some(Window::Recipe),
            "visit" => Some(Window::Visit),
            "day" => Some(Window::Day),
            "month" => Some(Window::Month),
            "year" => Some(Window::Year),
            "supply" => Some(Window::Supply),
            _ => {
                number('h', MAX_HOURS).map(Window::Hours).or_else(|| number('d', MAX_DAYS).map(Window::Days))
            }
        };
        window.or_else(|| {
            let words = "line, recipe, visit, day, month, year, supply, 1h to 72h, 1d to 366d";
            at.problem(Kind::InvalidValue, format!("`{text}` is no window: one of {words}"))
        })
    }

    /// Days before a visit from which other visits count; 0 where only the visit itself does.
    pub fn looks_back(self) -> u32 {
        match self {
            Window::Days(days) => days,
            Window::Month => 31,
            Window::Year => MAX_DAYS,
            Window::Supply => MAX_SUPPLY_DAYS,
            Window::Line | Window::Recipe | Window::Visit | Window::Hours(_) | Window::Day => 0,
        }
    }

    /// Whether a line has what the window asks of it.
    pub fn is_known(self, line: &Line) -> bool {
        match self {
            Window::Recipe => !line.recipe.is_empty(),
            Window::Hours(_) => line.time.is_some(),
            _ => true,
        }
    }

    /// Whether two lines are looked at together.
    pub fn joins(self, one: Place, other: Place) -> bool {
        let one_visit = std::ptr::eq(one.visit, other.visit);
        let (a, b) = (one.line, other.line);
        match self {
            Window::Line => std::ptr::eq(a, b),
            Window::Recipe => one_visit && !a.recipe.is_empty() && a.recipe == b.recipe,
            Window::Visit => one_visit,
            Window::Hours(hours) => {
                let apart = a.time.zip(b.time).map(|(a, b)| (a - b).num_seconds().abs());
                one_visit && apart.is_some_and(|apart| apart <= i64::from(hours) * 3600)
            }
            Window::Day => one_visit && a.day == b.day,
            Window::Days(days) => (a.day - b.day).num_days().abs() < i64::from(days),
            Window::Month => (a.day.year(), a.day.month()) == (b.day.year(), b.day.month()),
            Window::Year => a.day.year() == b.day.year(),
            Window::Supply => a.day <= other.lasts_until() && b.day <= one.lasts_until(),
        }
    }

    /// As people read it.
    pub fn words(self) -> String {
        match self {
            Window::Line => "每次".to_owned(),
            Window::Recipe => "同一处方".to_owned(),
            Window::Visit => "单次就诊".to_owned(),
            Window::Hours(hours) => format!("{hours} 小时内"),
            Window::Day => "每日".to_owned(),
            Window::Days(days) => format!("{days} 日内"),
            Window::Month => "每月".to_owned(),
            Window::Year => "每年".to_owned(),
            Window::Supply => "用药期间".to_owned(),
        }
    }
}
