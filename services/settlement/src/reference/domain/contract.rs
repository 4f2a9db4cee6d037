//! 医保协议: on which days an institution, and each of its departments, settles.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use yizhan_terms::ContractStatus;

/// A status from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// 开单科室编码 of the department; empty: the institution.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub dept: String,
    /// Which.
    pub status: ContractStatus,
    /// First day.
    pub begin: NaiveDate,
    /// Last day; `None` until another begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<NaiveDate>,
}

/// The statuses of an institution and its departments, in the order they were recorded. None: signed without end, as institutions were
/// before there were any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract(pub Vec<Status>);

/// How a contract stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// In force.
    Signed,
    /// 中止, since a day.
    Suspended(NaiveDate),
    /// 解除 or 终止, since a day.
    Ended(NaiveDate),
    /// Not signed before a day.
    NotYet(NaiveDate),
}

impl Standing {
    /// In Chinese: 自2026-03-01起中止.
    pub fn told(self) -> String {
        match self {
            Standing::Signed => "在协议期内".to_owned(),
            Standing::Suspended(since) => format!("自{since}起中止"),
            Standing::Ended(since) => format!("自{since}起已解除或终止"),
            Standing::NotYet(from) => format!("自{from}起才生效"),
        }
    }
}

impl Contract {
    /// How it stands on a day for a department (empty: the institution alone). A department settles only where its institution does.
    pub fn standing(&self, dept: &str, day: NaiveDate) -> Standing {
        match self.of("", day) {
            Standing::Signed if !dept.is_empty() => self.of(dept, day),
            standing => standing,
        }
    }

    /// The first day of a stay on which it does not stand for the institution, and how it stands then.
    pub fn first_without(&self, begin: NaiveDate, end: NaiveDate) -> Option<(NaiveDate, Standing)> {
        let mut days: Vec<NaiveDate> = self.changes().filter(|day| begin < *day && *day <= end).collect();
        days.push(begin);
        days.sort_unstable();
        let mut standings = days.into_iter().map(|day| (day, self.standing("", day)));
        standings.find(|(_, standing)| *standing != Standing::Signed)
    }

    /// The first and the last day on which it, or that of a department, may not stand; `None` where it always stands.
    pub fn days_without(&self) -> Option<(NaiveDate, NaiveDate)> {
        let signs = |status: &&Status| status.status == ContractStatus::Signed;
        if self.0.iter().any(|status| signs(&status)) {
            return Some((NaiveDate::MIN, NaiveDate::MAX));
        }
        let first = self.0.iter().map(|status| status.begin).min()?;
        let last = self.0.iter().map(|status| status.end.unwrap_or(NaiveDate::MAX)).max()?;
        Some((first, last))
    }

    /// Whether anything is recorded of departments.
    pub fn tells_of_departments(&self) -> bool {
        self.0.iter().any(|status| !status.dept.is_empty())
    }

    /// The days on which it can change.
    fn changes(&self) -> impl Iterator<Item = NaiveDate> {
        let behind = |status: &Status| status.end.and_then(|end| end.succ_opt());
        self.0.iter().flat_map(move |status| [Some(status.begin), behind(status)]).flatten()
    }

    fn of(&self, dept: &str, day: NaiveDate) -> Standing {
        let own = || self.0.iter().filter(|status| status.dept == dept);
        let covering = own().filter(|status| status.begin <= day && status.end.is_none_or(|end| day <= end));
        // Of those that begin on one day the one recorded last.
        if let Some(status) = covering.max_by_key(|status| status.begin) {
            return match status.status {
                ContractStatus::Signed => Standing::Signed,
                ContractStatus::Suspended => Standing::Suspended(status.begin),
                ContractStatus::Ended => Standing::Ended(status.begin),
            };
        }
        let signed = || own().filter(|status| status.status == ContractStatus::Signed);
        let ended = signed().filter_map(|status| status.end?.succ_opt()).filter(|end| *end <= day);
        match (ended.max(), signed().map(|status| status.begin).min()) {
            (Some(since), _) => Standing::Ended(since),
            (None, Some(first)) => Standing::NotYet(first),
            (None, None) => Standing::Signed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn status(dept: &str, status: ContractStatus, begin: &str, end: &str) -> Status {
        Status { dept: dept.to_owned(), status, begin: day(begin), end: end.parse().ok() }
    }

    use ContractStatus::{Ended, Signed, Suspended};

    #[test]
    fn the_status_that_begins_last_decides() {
        let contract = Contract(vec![
            status("", Signed, "2024-01-01", "2025-12-31"),
            status("", Suspended, "2024-06-01", "2024-08-31"),
            status("", Suspended, "2025-03-01", ""),
            status("", Signed, "2025-05-01", "2025-12-31"),
            status("", Ended, "2025-11-01", ""),
            status("", Signed, "2027-01-01", "2027-12-31"),
        ]);
        for (on, standing) in [
            ("2023-12-31", Standing::NotYet(day("2024-01-01"))),
            ("2024-01-01", Standing::Signed),
            ("2024-06-01", Standing::Suspended(day("2024-06-01"))),
            ("2024-08-31", Standing::Suspended(day("2024-06-01"))),
            ("2024-09-01", Standing::Signed),
            ("2025-04-30", Standing::Suspended(day("2025-03-01"))),
            ("2025-05-01", Standing::Signed),
            ("2025-11-01", Standing::Ended(day("2025-11-01"))),
            ("2026-12-31", Standing::Ended(day("2025-11-01"))),
            ("2027-01-01", Standing::Signed),
        ] {
            assert_eq!(contract.standing("", day(on)), standing, "{on}");
        }
        assert_eq!(contract.first_without(day("2024-05-20"), day("2024-05-31")), None);
        let suspended = (day("2024-06-01"), Standing::Suspended(day("2024-06-01")));
        assert_eq!(contract.first_without(day("2024-05-20"), day("2024-09-10")), Some(suspended));
        let contract = Contract(vec![
            status("", Signed, "2024-01-01", "2024-12-31"),
            status("", Signed, "2025-02-01", "2025-12-31"),
        ]);
        let ended = |since: &str| Standing::Ended(day(since));
        assert_eq!(contract.standing("", day("2025-01-15")), ended("2025-01-01"), "not renewed at once");
        assert_eq!(contract.standing("", day("2026-01-15")), ended("2026-01-01"));
    }

    #[test]
    fn nothing_recorded_is_signed_and_a_department_is_suspended_by_itself() {
        assert_eq!(Contract::default().standing("D1", day("1999-01-01")), Standing::Signed);
        let contract = Contract(vec![
            status("D1", Suspended, "2026-02-01", "2026-02-28"),
            status("D1", Signed, "2026-02-15", "2026-02-20"),
            status("", Suspended, "2026-03-01", "2026-03-31"),
        ]);
        let on = |dept: &str, on: &str| contract.standing(dept, day(on));
        assert_eq!(on("D1", "2026-02-10"), Standing::Suspended(day("2026-02-01")));
        assert_eq!(on("D1", "2026-02-16"), Standing::Signed, "resumed for some days");
        assert_eq!(on("D1", "2026-02-25"), Standing::Suspended(day("2026-02-01")));
        assert_eq!((on("D2", "2026-02-10"), on("", "2026-02-10")), (Standing::Signed, Standing::Signed));
        assert_eq!(on("D2", "2026-03-10"), Standing::Suspended(day("2026-03-01")), "with its institution");
        assert_eq!(contract.first_without(day("2026-02-01"), day("2026-02-28")), None);
    }

    #[test]
    fn it_is_kept_as_it_is_read() {
        let statuses =
            vec![status("D1", Suspended, "2026-02-01", ""), status("", Ended, "2026-03-01", "2026-03-02")];
        let contract = Contract(statuses);
        let text = serde_json::to_string(&contract).unwrap();
        assert!(
            text.starts_with(r#"[{"dept":"D1","status":"suspended","begin":"2026-02-01"},{"status":"ended""#)
        );
        assert_eq!(serde_json::from_str::<Contract>(&text).unwrap(), contract);
    }
}
