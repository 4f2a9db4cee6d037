//! Reads the fields of a request. Each reader notes what is wrong with a field and gives its value if it is right, so that a
//! request is read to its end before it is given up:
//!
//! ```ignore
//! fn death(request: &RecordDeathRequest, today: NaiveDate, mut fields: Fields) -> Option<Death> {
//!     let psn_no = fields.psn_no("psn_no", &request.psn_no);
//!     let died = fields.past_date("die_date", &request.die_date, today);
//!     Some(Death { psn_no: psn_no?, died: died? })
//! }
//!
//! let death = death(&request, today, Fields::of(&mut violations));
//! let death = violations.finish(death)?;
//! ```

use chrono::NaiveDate;
use yizhan_terms::{Area, is_psn_no};

use crate::clock::parse_date;
use crate::error::FieldViolation;
use crate::{Reason, Said, Violations};

/// Longest text of a field, characters.
pub const MAX_TEXT: usize = 50;

/// The fields of a request, or of a part of it.
#[derive(Debug)]
pub struct Fields<'a> {
    place: Place<'a>,
    violations: &'a mut Violations,
}

/// Where the fields stand.
#[derive(Clone, Copy, Debug)]
enum Place<'a> {
    Row(usize),
    Within(&'a str),
}

impl<'a> Fields<'a> {
    /// Those of the request itself; what is wrong goes to `violations`.
    pub fn of(violations: &'a mut Violations) -> Self {
        Fields::within("", violations)
    }

    /// Those of row number `row` of the request.
    pub fn row(row: usize, violations: &'a mut Violations) -> Self {
        Fields { place: Place::Row(row), violations }
    }

    /// Those of a part of the request, whose names begin with `prefix`, as `person.`.
    pub fn within(prefix: &'a str, violations: &'a mut Violations) -> Self {
        Fields { place: Place::Within(prefix), violations }
    }

    /// Notes something wrong. Variable parts can be added to what is returned.
    pub fn wrong(&mut self, field: &str, said: impl Into<Said>) -> &mut FieldViolation {
        let field = match self.place {
            Place::Row(row) => format!("rows[{row}].{field}"),
            Place::Within(prefix) => format!("{prefix}{field}"),
        };
        self.violations.push(field, said)
    }

    /// Notes something wrong unless `holds`; returns `holds`.
    pub fn require(&mut self, holds: bool, field: &str, said: impl Into<Said>) -> bool {
        if !holds {
            self.wrong(field, said);
        }
        holds
    }

    /// What was read, or notes that nothing was.
    pub fn some<T>(&mut self, read: Option<T>, field: &str, said: impl Into<Said>) -> Option<T> {
        self.require(read.is_some(), field, said);
        read
    }

    /// A 人员编号.
    pub fn psn_no(&mut self, field: &str, value: &str) -> Option<String> {
        self.require(is_psn_no(value), field, Reason::PsnNoInvalid).then(|| value.to_owned())
    }

    /// A code of a dictionary that is kept as text.
    pub fn code(&mut self, field: &str, value: &str, known: impl Fn(&str) -> bool) -> Option<String> {
        self.require(known(value), field, Reason::CodeUnknown).then(|| value.to_owned())
    }

    /// A code of a dictionary.
    pub fn coded<T>(&mut self, field: &str, value: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        self.some(read(value), field, Reason::CodeUnknown)
    }

    /// A 6-digit admdvs.
    pub fn area(&mut self, field: &str, value: &str) -> Option<Area> {
        self.some(Area::parse(value), field, Reason::AreaInvalid)
    }

    /// Text of at most 50 characters.
    pub fn text(&mut self, field: &str, value: &str, required: bool) -> Option<String> {
        if required && value.trim().is_empty() {
            self.wrong(field, Reason::TextRequired);
            return None;
        }
        let fits = value.chars().count() <= MAX_TEXT;
        let said = Reason::TextInvalid.saying("最多 50 个字符");
        self.require(fits, field, said).then(|| value.to_owned())
    }

    /// A date.
    pub fn date(&mut self, field: &str, value: &str) -> Option<NaiveDate> {
        self.some(parse_date(value), field, Reason::DateInvalid)
    }

    /// A date that is not after today, as of what has happened.
    pub fn past_date(&mut self, field: &str, value: &str, today: NaiveDate) -> Option<NaiveDate> {
        let date = self.date(field, value)?;
        self.require(date <= today, field, Reason::InTheFuture).then_some(date)
    }

    /// What a reader makes of a value, or nothing where there is none.
    pub fn optional<T>(
        &mut self,
        field: &str,
        value: &str,
        read: impl FnOnce(&mut Self, &str, &str) -> Option<T>,
    ) -> Option<Option<T>> {
        if value.is_empty() { Some(None) } else { read(self, field, value).map(Some) }
    }

    /// `begndate` and `enddate`, which may be empty.
    pub fn period(&mut self, begndate: &str, enddate: &str) -> Option<(NaiveDate, Option<NaiveDate>)> {
        let begndate = self.date("begndate", begndate);
        let enddate = self.optional("enddate", enddate, Self::date);
        let (begndate, enddate) = (begndate?, enddate?);
        let in_order = enddate.is_none_or(|enddate| begndate <= enddate);
        self.require(in_order, "enddate", Reason::DatesReversed).then_some((begndate, enddate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_to_its_end() {
        let mut violations = Violations::new();
        let today = NaiveDate::from_ymd_opt(2024, 6, 15).unwrap();
        let mut row = Fields::row(3, &mut violations);
        assert_eq!(row.psn_no("psn_no", "张三"), None);
        assert_eq!(row.area("poolarea_no", "430200"), Area::parse("430200"));
        assert_eq!(row.past_date("die_date", "2024-06-16", today), None);
        assert_eq!(row.period("2024-01-01", "2023-12-31"), None);
        assert_eq!(row.optional("reverify_by", "", Fields::date), Some(None));
        let mut part = Fields::within("payment.", &mut violations);
        assert_eq!(part.text("purpose", " ", true), None);
        assert_eq!(part.text("purpose", "", false).as_deref(), Some(""));
        let refused = violations.finish(Some(())).unwrap_err();
        let told: Vec<_> = refused.violations().iter().map(|v| (v.field.as_str(), v.reason.code())).collect();
        assert_eq!(
            told,
            [
                ("rows[3].psn_no", "PSN_NO_INVALID"),
                ("rows[3].die_date", "IN_THE_FUTURE"),
                ("rows[3].enddate", "DATES_REVERSED"),
                ("payment.purpose", "TEXT_REQUIRED"),
            ]
        );
    }
}
