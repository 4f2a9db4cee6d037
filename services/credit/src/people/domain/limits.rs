//! What a person may pay later on a day, by what they did: what several things lower adds up, what is owed in default closes it, and who was without
//! any for long enough has the whole limit again.

use chrono::{Days, Months, NaiveDate};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// Something that was done, as far as it matters to the limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// Its matter.
    pub matter_id: String,
    /// First day.
    pub from: NaiveDate,
    /// What of it lowers, by which share of the base, and for how many months from its first day on.
    pub weight: Weight,
    /// Of a default: since when it is owed, or repaid.
    pub debt: Option<Debt>,
}

/// By which share of the base, and for how many months.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// 0 to 1.
    pub lowers: Decimal,
    /// From the first day on.
    pub months: u32,
}

/// A debt that was in default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Debt {
    /// The day the last of it was repaid; `None`: it is owed.
    pub repaid_on: Option<NaiveDate>,
}

/// How a deed counts around a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First day.
    pub from: NaiveDate,
    /// Last day; `None`: while it is owed.
    pub until: Option<NaiveDate>,
    /// By which share.
    pub lowers: Decimal,
}

impl Span {
    /// Whether the day lies in it.
    pub fn holds(&self, day: NaiveDate) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }
}

impl Deed {
    /// As it stands on a day: a default that is repaid later is owed on that day.
    pub fn span(&self, day: NaiveDate) -> Span {
        let from = match self.debt.map(|debt| debt.repaid_on.filter(|repaid| *repaid <= day)) {
            Some(None) => return Span { from: self.from, until: None, lowers: Decimal::ONE },
            Some(Some(repaid)) => repaid.max(self.from),
            None => self.from,
        };
        let end = after(from, self.weight.months).and_then(|day| day.checked_sub_days(Days::new(1)));
        Span { from, until: Some(end.unwrap_or(NaiveDate::MAX)), lowers: self.weight.lowers }
    }
}

/// What it comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits<'d> {
    /// What the base comes to, fen.
    pub limit_fen: i64,
    /// What counts, in the order given.
    pub counting: Vec<(&'d Deed, Span)>,
    /// First day of the whole base again; `None`: it is there, or something is owed.
    pub restored_on: Option<NaiveDate>,
}

/// What the base comes to on a day.
pub fn limits(deeds: &[Deed], clean_months: u32, base_fen: i64, day: NaiveDate) -> Limits<'_> {
    let spans: Vec<(&Deed, Span)> = deeds.iter().map(|deed| (deed, deed.span(day))).collect();
    let begun = spans.iter().filter(|(_, span)| span.from <= day);
    let last = begun.map(|(_, span)| span.from).max();
    let clean_on = last.and_then(|last| after(last, clean_months));
    let mut counting: Vec<(&Deed, Span)> = spans.into_iter().filter(|(_, span)| span.holds(day)).collect();
    let owed = counting.iter().any(|(_, span)| span.until.is_none());
    if !owed && clean_on.is_some_and(|clean_on| clean_on <= day) {
        counting.clear();
    }
    let lowers: Decimal = counting.iter().map(|(_, span)| span.lowers).sum();
    let left = (Decimal::ONE - lowers).max(Decimal::ZERO);
    let limit_fen = (Decimal::from(base_fen) * left).floor().to_i64().unwrap_or_default();
    let ends = counting.iter().filter(|(_, span)| !span.lowers.is_zero());
    let over = ends.filter_map(|(_, span)| span.until?.succ_opt()).max();
    let restored_on = over.filter(|_| !owed).map(|over| clean_on.map_or(over, |clean_on| over.min(clean_on)));
    Limits { limit_fen, counting, restored_on }
}

fn after(day: NaiveDate, months: u32) -> Option<NaiveDate> {
    day.checked_add_months(Months::new(months))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn deed(matter_id: &str, from: &str, percent: i64, months: u32) -> Deed {
        let weight = Weight { lowers: Decimal::new(percent, 2), months };
        Deed { matter_id: matter_id.to_owned(), from: day(from), weight, debt: None }
    }

    fn default(from: &str, repaid: Option<&str>) -> Deed {
        Deed { debt: Some(Debt { repaid_on: repaid.map(day) }), ..deed("D", from, 50, 12) }
    }

    /// The limit of 1,001 fen, what counts, and when it is restored.
    fn told(deeds: &[Deed], on: &str) -> (i64, Vec<String>, String) {
        let found = limits(deeds, 24, 1_001, day(on));
        let counting = found.counting.iter().map(|(deed, _)| deed.matter_id.clone()).collect();
        (found.limit_fen, counting, found.restored_on.map(|day| day.to_string()).unwrap_or_default())
    }

    #[test]
    fn conduct_lowers_from_its_first_day_to_its_last() {
        let deeds = [deed("A", "2026-02-01", 50, 12), deed("B", "2026-03-01", 30, 6)];
        let all = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        assert_eq!(told(&deeds, "2026-01-31"), (1_001, vec![], String::new()));
        assert_eq!(told(&deeds, "2026-02-01"), (500, all(&["A"]), "2027-02-01".to_owned()), "rounded down");
        assert_eq!(told(&deeds, "2026-03-01"), (200, all(&["A", "B"]), "2027-02-01".to_owned()));
        assert_eq!(told(&deeds, "2026-09-01"), (500, all(&["A"]), "2027-02-01".to_owned()));
        assert_eq!(told(&deeds, "2027-02-01"), (1_001, vec![], String::new()));
    }

    #[test]
    fn a_whole_closes_it_and_two_years_without_any_restore_it() {
        let long = deed("A", "2026-02-01", 70, 36);
        assert_eq!(told(std::slice::from_ref(&long), "2028-01-31").0, 300);
        assert_eq!(told(std::slice::from_ref(&long), "2028-02-01"), (1_001, vec![], String::new()));
        // Something short and small in between: it was not two years without any.
        let deeds = [long, deed("B", "2027-06-01", 40, 1)];
        assert_eq!(told(&deeds, "2027-06-15").0, 0, "never below nothing");
        assert_eq!(told(&deeds, "2028-02-01"), (300, vec!["A".to_owned()], "2029-02-01".to_owned()));
    }

    #[test]
    fn a_default_closes_it_while_it_is_owed_and_lowers_it_for_a_year() {
        let owed = [default("2026-02-01", None)];
        assert_eq!(
            told(&owed, "2029-02-01"),
            (0, vec!["D".to_owned()], String::new()),
            "it does not grow old"
        );
        let repaid = [default("2026-02-01", Some("2026-05-10"))];
        assert_eq!(told(&repaid, "2026-05-09").0, 0, "on that day it was owed");
        assert_eq!(told(&repaid, "2026-05-10"), (500, vec!["D".to_owned()], "2027-05-10".to_owned()));
        assert_eq!(told(&repaid, "2027-05-10"), (1_001, vec![], String::new()));
    }
}
