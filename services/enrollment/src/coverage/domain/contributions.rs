//! Contributions: what they are for, and what is in arrears.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Months, NaiveDate};

use yizhan_rules::months::first_of_month;
use yizhan_terms::Insutype;

/// 补收, with which gap years are paid for.
pub const PAID_BACK: &str = "30";

/// What a row means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 应缴, not paid.
    Due,
    /// 已缴.
    Paid,
    /// 退费.
    Refund,
}

impl Kind {
    /// From clct_flag and clct_type.
    pub fn of(clct_flag: &str, clct_type: &str) -> Kind {
        match (clct_flag, clct_type) {
            ("0", _) => Kind::Due,
            (_, "20" | "991") => Kind::Refund,
            _ => Kind::Paid,
        }
    }
}

/// What of a contribution matters to arrears and entitlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accrued {
    /// 险种类型.
    pub insutype: Insutype,
    /// 费款所属期.
    pub accrym: String,
    /// Amount.
    pub amount_fen: i64,
    /// What it means.
    pub kind: Kind,
    /// Whether it is 补收.
    pub repairs: bool,
    /// The day of payment.
    pub paid_date: Option<NaiveDate>,
}

/// A row with the one it takes back; see [`standing`].
pub trait Reversing {
    /// Its own id.
    fn id(&self) -> &str;
    /// The id of the row it takes back; empty for one that takes back none.
    fn reverses(&self) -> &str;
}

/// The rows that were not taken back, those among them that take back others (and may be taken back themselves).
pub fn active<R: Reversing + Clone>(rows: &[R]) -> Vec<R> {
    let mut taken_back: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.reverses().is_empty()) {
        taken_back.entry(row.reverses()).or_default().push(row.id());
    }
    rows.iter().filter(|row| is_active(row.id(), &taken_back)).cloned().collect()
}

fn is_active(id: &str, taken_back: &BTreeMap<&str, Vec<&str>>) -> bool {
    !taken_back.get(id).is_some_and(|by| by.iter().any(|id| is_active(id, taken_back)))
}

/// The rows that count: neither taken back nor taking back.
pub fn standing<R: Reversing + Clone>(rows: &[R]) -> Vec<R> {
    active(rows).into_iter().filter(|row| row.reverses().is_empty()).collect()
}

/// Whether a scheme is paid by the coverage year.
pub fn is_paid_yearly(insutype: Insutype) -> bool {
    insutype == Insutype::Resident
}

/// First day of a 费款所属期: `2026` or `2026-03`; `None` if it is none of this scheme.
pub fn first_day(insutype: Insutype, accrym: &str) -> Option<NaiveDate> {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (year, month) = match (is_paid_yearly(insutype), accrym.split_once('-')) {
        (true, None) => (accrym, "01"),
        (false, Some((year, month))) => (year, month),
        _ => return None,
    };
    if year.len() != 4 || month.len() != 2 || !digits(year) || !digits(month) {
        return None;
    }
    let year: i32 = year.parse().ok()?;
    (1990..3000).contains(&year).then(|| NaiveDate::from_ymd_opt(year, month.parse().ok()?, 1)).flatten()
}

/// The 费款所属期 of a scheme that a day lies in.
pub fn accrym_of(insutype: Insutype, day: NaiveDate) -> String {
    match is_paid_yearly(insutype) {
        true => format!("{:04}", day.year()),
        false => format!("{:04}-{:02}", day.year(), day.month()),
    }
}

/// The months from the one of a day to the one before another day's.
pub fn months_between(from: NaiveDate, before: NaiveDate) -> Vec<NaiveDate> {
    let from = first_of_month(from);
    let months = (0u32..).map_while(|count| from.checked_add_months(Months::new(count)));
    months.take_while(|month| *month < first_of_month(before)).collect()
}

/// Paid less refunded, of one scheme and period.
pub fn paid_fen(rows: &[Accrued], insutype: Insutype, accrym: &str) -> i64 {
    let of_period = rows.iter().filter(|row| row.insutype == insutype && row.accrym == accrym);
    of_period
        .map(|row| match row.kind {
            Kind::Due => 0,
            Kind::Paid => row.amount_fen,
            Kind::Refund => -row.amount_fen,
        })
        .sum()
}

/// The last day something was paid for a scheme and period, if it was not all refunded. Nothing to pay, paid, counts.
pub fn paid_on(rows: &[Accrued], insutype: Insutype, accrym: &str) -> Option<NaiveDate> {
    let of_period = || rows.iter().filter(|row| row.insutype == insutype && row.accrym == accrym);
    let last = of_period().filter(|row| row.kind == Kind::Paid).filter_map(|row| row.paid_date).max();
    let refunded = of_period().any(|row| row.kind == Kind::Refund) && paid_fen(rows, insutype, accrym) <= 0;
    last.filter(|_| !refunded)
}

/// Years paid for as 补收 and not refunded, of a scheme that is paid by the year.
pub fn years_paid_back(rows: &[Accrued], insutype: Insutype) -> BTreeSet<i32> {
    let paid = rows.iter().filter(|row| row.insutype == insutype && row.repairs && row.kind == Kind::Paid);
    let kept = paid.filter(|row| paid_on(rows, insutype, &row.accrym).is_some());
    kept.filter_map(|row| Some(first_day(insutype, &row.accrym)?.year())).collect()
}

/// What is owed: due less paid plus refunded, by scheme and period, where something is.
pub fn arrears(rows: &[Accrued]) -> Vec<(Insutype, String, i64)> {
    let mut owed: BTreeMap<(Insutype, &str), (i64, bool)> = BTreeMap::new();
    for row in rows {
        let (sum, is_due) = owed.entry((row.insutype, row.accrym.as_str())).or_default();
        match row.kind {
            Kind::Due => (*sum, *is_due) = (*sum + row.amount_fen, true),
            Kind::Paid => *sum -= row.amount_fen,
            Kind::Refund => *sum += row.amount_fen,
        }
    }
    let owed = owed.into_iter().filter(|(_, (sum, is_due))| *is_due && *sum > 0);
    owed.map(|((insutype, accrym), (sum, _))| (insutype, accrym.to_owned(), sum)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Insutype::{Employee, Resident};

    fn row(accrym: &str, kind: Kind, amount_fen: i64) -> Accrued {
        let insutype = if accrym.len() == 4 { Resident } else { Employee };
        Accrued {
            insutype,
            accrym: accrym.into(),
            amount_fen,
            kind,
            repairs: false,
            paid_date: "2026-03-01".parse().ok(),
        }
    }

    #[test]
    fn periods_are_years_of_residents_and_months_of_others() {
        assert_eq!(first_day(Resident, "2026").unwrap().to_string(), "2026-01-01");
        assert_eq!(first_day(Employee, "2026-02").unwrap().to_string(), "2026-02-01");
        for (insutype, wrong) in [
            (Resident, "2026-01"),
            (Employee, "2026"),
            (Employee, "2026-13"),
            (Employee, "2026-1"),
            (Employee, "+026-01"),
            (Resident, "0001"),
            (Resident, ""),
            (Employee, "2026-01-01"),
        ] {
            assert_eq!(first_day(insutype, wrong), None, "{insutype} {wrong}");
        }
        assert_eq!(accrym_of(Resident, "2028-02-29".parse().unwrap()), "2028");
        assert_eq!(accrym_of(Employee, "2028-02-29".parse().unwrap()), "2028-02");
    }

    #[test]
    fn months_run_over_the_year_s_end() {
        let months = months_between("2025-11-30".parse().unwrap(), "2026-02-28".parse().unwrap());
        assert_eq!(
            months.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["2025-11-01", "2025-12-01", "2026-01-01"]
        );
    }

    #[derive(Clone, Debug, PartialEq)]
    struct Kept(&'static str, &'static str);

    impl Reversing for Kept {
        fn id(&self) -> &str {
            self.0
        }
        fn reverses(&self) -> &str {
            self.1
        }
    }

    #[test]
    fn what_was_taken_back_does_not_count_until_that_is_taken_back() {
        let (one, other) = (Kept("1", ""), Kept("2", ""));
        let taken_back = [one.clone(), other.clone(), Kept("3", "1")];
        assert_eq!(standing(&taken_back), std::slice::from_ref(&other));
        let restored = [Kept("0", "3"), one.clone(), other.clone(), Kept("3", "1")];
        assert_eq!(standing(&restored), [one, other], "in whatever order their ids are");
    }

    #[test]
    fn arrears_are_what_is_due_and_not_paid() {
        use Kind::{Due, Paid, Refund};
        let rows = [
            row("2026-01", Due, 500),
            row("2026-01", Paid, 500),
            row("2026-02", Due, 500),
            row("2026-02", Paid, 200),
            row("2026-03", Due, 500),
            row("2026-03", Paid, 500),
            row("2026-03", Refund, 100),
            row("2026-04", Paid, 500),
            row("2026-04", Refund, 600),
            row("2026", Due, 400),
        ];
        let owed = arrears(&rows);
        assert_eq!(
            owed,
            [(Employee, "2026-02", 300), (Employee, "2026-03", 100), (Resident, "2026", 400)]
                .map(|(scheme, period, fen)| (scheme, period.to_owned(), fen))
        );
        assert_eq!(paid_fen(&rows, Employee, "2026-03"), 400);
        assert_eq!(paid_on(&rows, Employee, "2026-04"), None, "refunded");
        assert!(paid_on(&rows, Employee, "2026-03").is_some());
        assert!(paid_on(&[row("2026", Paid, 0)], Resident, "2026").is_some(), "fully subsidised");
        let paid_back = |accrym: &str| Accrued { repairs: true, ..row(accrym, Paid, 400) };
        let rows = [paid_back("2024"), paid_back("2025"), row("2025", Refund, 400)];
        assert_eq!(
            years_paid_back(&rows, Resident),
            BTreeSet::from([2024]),
            "what was refunded repairs nothing"
        );
    }
}
