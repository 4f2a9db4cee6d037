//! Now and today, so that tests can say what day it is.

use std::fmt;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, NaiveTime, SubsecRound, TimeDelta, Utc};
use prost_types::Timestamp;

/// Asia/Shanghai: +08:00 without daylight saving since 1991. Every date of the contract is a calendar day there.
fn shanghai() -> FixedOffset {
    FixedOffset::east_opt(8 * 3600).expect("8 hours is a valid offset")
}

/// A moment as messages tell it, to the microsecond.
pub fn timestamp(at: DateTime<Utc>) -> Timestamp {
    Timestamp { seconds: at.timestamp(), nanos: at.timestamp_subsec_micros() as i32 * 1000 }
}

/// The moment a message tells: of the years 1 to 9999, as `Timestamp` says, and in whole microseconds, as both databases store.
pub fn moment(told: Timestamp) -> Option<DateTime<Utc>> {
    let nanos = u32::try_from(told.nanos).ok().filter(|nanos| nanos % 1000 == 0)?;
    DateTime::from_timestamp(told.seconds, nanos)
        .filter(|at| (1..=9999).contains(&at.year()) && nanos < 1_000_000_000)
}

/// The calendar day of a moment in Asia/Shanghai.
pub fn day_of(at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&shanghai()).date_naive()
}

/// The moment a day begins in Asia/Shanghai.
pub fn begin_of(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc() - TimeDelta::hours(8)
}

/// How long an answer of a register may be relied on without asking again.
const ANSWER_LASTS: TimeDelta = TimeDelta::minutes(5);

/// Where a service gets the time from.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// The machine's clock.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn system() -> Self {
        Clock(Arc::new(Utc::now))
    }

    /// A clock that stands still until the test moves it.
    pub fn manual(start: DateTime<Utc>) -> (Self, ManualClock) {
        let now = Arc::new(Mutex::new(start));
        let read = now.clone();
        (Clock(Arc::new(move || *read.lock().expect("clock lock"))), ManualClock(now))
    }

    /// The machine's clock, as far ahead as its hand says: for a guided run that shows what comes of time.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn ahead() -> (Self, AheadClock) {
        let by = Arc::new(Mutex::new(TimeDelta::zero()));
        let read = by.clone();
        (Clock(Arc::new(move || Utc::now() + *read.lock().expect("clock lock"))), AheadClock(by))
    }

    /// The time now, in whole microseconds: what both databases can store.
    pub fn now(&self) -> DateTime<Utc> {
        (self.0)().trunc_subsecs(6)
    }

    /// Until when an answer of a register may be relied on: five minutes; one about today not beyond midnight in
    /// Asia/Shanghai, when coverages and filings begin and end.
    pub fn answer_expires(&self, about_today: bool) -> DateTime<Utc> {
        let lasts = self.now() + ANSWER_LASTS;
        let midnight = (self.today() + Days::new(1)).and_time(NaiveTime::MIN).and_local_timezone(shanghai());
        midnight.single().filter(|_| about_today).map_or(lasts, |midnight| lasts.min(midnight.to_utc()))
    }

    /// The calendar day now in Asia/Shanghai.
    pub fn today(&self) -> NaiveDate {
        day_of(self.now())
    }
}

impl Default for Clock {
    fn default() -> Self {
        Clock::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// Moves the [`Clock`] it was made with.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<DateTime<Utc>>>);

impl ManualClock {
    /// Moves the clock on.
    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().expect("clock lock") += by;
    }

    /// Sets the clock.
    pub fn set(&self, to: DateTime<Utc>) {
        *self.0.lock().expect("clock lock") = to;
    }
}

/// Moves the [`Clock`] it was made with further ahead.
#[derive(Clone, Debug)]
pub struct AheadClock(Arc<Mutex<TimeDelta>>);

impl AheadClock {
    /// Moves the clock on.
    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().expect("clock lock") += by;
    }
}

/// A day as messages tell it; nothing where there is none.
pub fn day_text(day: Option<NaiveDate>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

/// Reads a date of the contract: exactly `YYYY-MM-DD`, a day that exists, years 1900 to 2999.
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    let shape = text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(at, b)| if at == 4 || at == 7 { b == b'-' } else { b.is_ascii_digit() });
    if !shape {
        return None;
    }
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    ("1900".."3000").contains(&&text[..4]).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn today_is_the_day_in_shanghai() {
        let (clock, hand) = Clock::manual("2025-12-31T15:59:59Z".parse().unwrap());
        assert_eq!(clock.today().to_string(), "2025-12-31");
        hand.advance(TimeDelta::seconds(1));
        assert_eq!(clock.today().to_string(), "2026-01-01");
    }

    #[test]
    fn moments_go_both_ways_and_others_are_none() {
        for text in ["0001-01-01T00:00:00Z", "2024-06-15T04:00:00.000001Z", "9999-12-31T23:59:59.999999Z"] {
            let at: DateTime<Utc> = text.parse().unwrap();
            assert_eq!(moment(timestamp(at)), Some(at));
        }
        let (first, last) = (-62_135_596_800, 253_402_300_799);
        let wrong =
            [(first - 1, 0), (last + 1, 0), (i64::MIN, 0), (i64::MAX, 0), (0, -1), (0, i32::MIN), (0, 1)];
        for (seconds, nanos) in wrong.into_iter().chain([(59, 1_000_000_000), (59, 2_000_000_000)]) {
            assert_eq!(moment(Timestamp { seconds, nanos }), None, "{seconds} {nanos}");
        }
    }

    #[test]
    fn dates_are_read_strictly() {
        assert!(parse_date("2024-02-29").is_some());
        for wrong in [
            "2023-02-29",
            "2024-2-29",
            "20240229",
            "0024-01-01",
            "3000-01-01",
            "",
            "2024-01-01 ",
            "2024-+1-01",
        ] {
            assert_eq!(parse_date(wrong), None, "{wrong}");
        }
    }
}
