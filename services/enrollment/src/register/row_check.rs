//! Checks every row of an import shares. Each notes what is wrong and gives the value if it is right, so that a row is
//! checked to its end before it is given up.

use chrono::NaiveDate;
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::{Reason, Said, Violations};
use yizhan_terms::{Area, Insutype, is_psn_no};

use crate::person::domain::period::Period;

/// Longest text of a row.
pub const MAX_TEXT: usize = 50;

/// The row, or another part of a request, under check.
#[derive(Debug)]
pub struct RowCheck<'a> {
    place: Place<'a>,
    violations: &'a mut Violations,
}

/// Where the fields stand.
#[derive(Clone, Copy, Debug)]
enum Place<'a> {
    Row(usize),
    Within(&'a str),
}

impl<'a> RowCheck<'a> {
    /// Row number `row` of the request; what is wrong goes to `violations`.
    pub fn new(row: usize, violations: &'a mut Violations) -> Self {
        RowCheck { place: Place::Row(row), violations }
    }

    /// A part of the request whose fields begin with `prefix`: `person.`, or nothing for the request itself.
    pub fn within(prefix: &'a str, violations: &'a mut Violations) -> Self {
        RowCheck { place: Place::Within(prefix), violations }
    }

    /// Notes something wrong.
    pub fn wrong(&mut self, field: &str, said: impl Into<Said>) {
        let field = match self.place {
            Place::Row(row) => format!("rows[{row}].{field}"),
            Place::Within(prefix) => format!("{prefix}{field}"),
        };
        self.violations.push(field, said);
    }

    /// A 人员编号.
    pub fn psn_no(&mut self, field: &str, value: &str) -> Option<String> {
        let fits = is_psn_no(value);
        if !fits {
            self.wrong(field, Reason::PsnNoInvalid);
        }
        fits.then(|| value.to_owned())
    }

    /// A code of a dictionary.
    pub fn code(&mut self, field: &str, value: &str, known: impl Fn(&str) -> bool) -> Option<String> {
        let fits = known(value);
        if !fits {
            self.wrong(field, Reason::CodeUnknown);
        }
        fits.then(|| value.to_owned())
    }

    /// A 险种类型.
    pub fn insutype(&mut self, field: &str, value: &str) -> Option<Insutype> {
        self.code(field, value, |code| Insutype::from_code(code).is_some())?;
        Insutype::from_code(value)
    }

    /// A 6-digit admdvs.
    pub fn poolarea(&mut self, field: &str, value: &str) -> Option<Area> {
        let area = Area::parse(value);
        if area.is_none() {
            self.wrong(field, Reason::AreaInvalid);
        }
        area
    }

    /// Text of at most 50 characters without control characters.
    pub fn text(&mut self, field: &str, value: &str, required: bool) -> Option<String> {
        if required && value.trim().is_empty() {
            self.wrong(field, Reason::TextRequired);
            return None;
        }
        if value.chars().count() > MAX_TEXT || value.chars().any(char::is_control) {
            self.wrong(field, Reason::TextInvalid.saying("最多 50 个字符，且不能含控制字符"));
            return None;
        }
        Some(value.to_owned())
    }

    /// A date.
    pub fn date(&mut self, field: &str, value: &str) -> Option<NaiveDate> {
        let date = parse_date(value);
        if date.is_none() {
            self.wrong(field, Reason::DateInvalid);
        }
        date
    }

    /// A date or nothing.
    pub fn optional_date(&mut self, field: &str, value: &str) -> Option<Option<NaiveDate>> {
        if value.is_empty() { Some(None) } else { self.date(field, value).map(Some) }
    }

    /// `begndate` and `enddate`.
    pub fn period(&mut self, begndate: &str, enddate: &str) -> Option<Period> {
        let begndate = self.date("begndate", begndate);
        let enddate = self.optional_date("enddate", enddate);
        let period = Period { begndate: begndate?, enddate: enddate? };
        if period.ended_before(period.begndate) {
            self.wrong("enddate", Reason::DatesReversed.saying("结束日期不能早于开始日期"));
            return None;
        }
        Some(period)
    }
}
