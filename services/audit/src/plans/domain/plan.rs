//! Yearly plans, what checks have covered of them, and what is not as the rules ask for.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use yizhan_terms::Area;

use crate::plan_rules::InternalControl;

yizhan_workflow::named! {
    /// What a plan is about.
    #[derive(Serialize, Deserialize)]
    PlanKind {
        Institutions = 1, "INSTITUTIONS", "定点机构全覆盖";
        InternalControl = 2, "INTERNAL_CONTROL", "内控评估";
    }
}

/// Somebody to be checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Its name.
    pub name: String,
    /// By when; `None`: not this year.
    pub due_by: Option<NaiveDate>,
}

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Its id.
    pub id: String,
    /// The area whose it is.
    pub area: Area,
    /// Counts its changes.
    pub version: i32,
    /// The changes that were not taken back.
    pub standing: Vec<i32>,
    /// The year.
    pub year: i32,
    /// What it is about.
    pub kind: PlanKind,
    /// Whether it was taken back altogether.
    pub withdrawn: bool,
    /// Everybody, by code.
    pub subjects: BTreeMap<String, Subject>,
}

/// Year and kind, of which an area has one plan.
pub fn key(year: i32, kind: PlanKind) -> String {
    format!("{year}/{}", kind.number())
}

/// What a check that was not cancelled makes of its subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The day its result was told; `None`: it is under way.
    pub on: Option<NaiveDate>,
    /// The check.
    pub case_id: String,
}

/// By code of the subject, of each the check that covers it first, else one under way.
pub type Covered = BTreeMap<String, Seen>;

/// As checks had covered a year's plan until a day; one whose result was told in another year does not.
pub fn until(day: NaiveDate, year: i32, checks: impl IntoIterator<Item = (String, Seen)>) -> Covered {
    let mut covered = Covered::new();
    for (code, seen) in checks {
        let seen = Seen { on: seen.on.filter(|on| *on <= day && on.year() == year), ..seen };
        let known = covered.entry(code).or_insert_with(|| seen.clone());
        if seen.on.is_some_and(|on| known.on.is_none_or(|first| on < first)) {
            *known = seen;
        }
    }
    covered
}

/// Something that is not as the rules ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its name on the wire.
    pub reason: &'static str,
    /// In Chinese.
    pub text: &'static str,
    /// Who.
    pub codes: Vec<String>,
}

impl Plan {
    /// With a change more that stands.
    #[must_use]
    pub fn changed(mut self) -> Plan {
        self.version += 1;
        self.standing.push(self.version);
        self
    }

    /// Whether it was checked until then.
    fn is_covered(covered: &Covered, code: &str) -> bool {
        covered.get(code).is_some_and(|seen| seen.on.is_some())
    }

    /// Who is to be checked this year and was not.
    pub fn open(&self, covered: &Covered) -> impl Iterator<Item = (&String, NaiveDate)> {
        let planned = self.subjects.iter().filter_map(|(code, subject)| Some((code, subject.due_by?)));
        planned.filter(|(code, _)| !Plan::is_covered(covered, code))
    }

    /// What is wrong with it on a day. `earlier` are the years before of which the area has plans, each with whom it checked.
    pub fn problems(
        &self,
        covered: &Covered,
        as_of: NaiveDate,
        rule: &InternalControl,
        earlier: &BTreeMap<i32, BTreeSet<String>>,
    ) -> Vec<Problem> {
        let late = self.open(covered).filter(|(_, due_by)| *due_by < as_of).map(|(code, _)| code.clone());
        let overdue = Problem {
            reason: "OVERDUE", text: "已过计划检查日期仍未检查", codes: late.collect()
        };
        let mut problems = vec![overdue];
        match self.kind {
            PlanKind::Institutions => problems.push(Problem {
                reason: "NOT_COVERED",
                text: "未列入本年度检查，计划未实现全覆盖",
                codes: self.left_out(covered),
            }),
            PlanKind::InternalControl => problems.extend(self.of_counties(covered, as_of, rule, earlier)),
        }
        problems.retain(|problem| !problem.codes.is_empty());
        problems
    }

    /// Who is neither planned nor checked.
    fn left_out(&self, covered: &Covered) -> Vec<String> {
        let out = |(code, subject): &(&String, &Subject)| {
            subject.due_by.is_none() && !Plan::is_covered(covered, code)
        };
        self.subjects.iter().filter(out).map(|(code, _)| code.clone()).collect()
    }

    /// Too few of the year, as planned, and when the year is over as checked; and who is left out in every year of a round, of which only
    /// years with a plan can tell.
    fn of_counties(
        &self,
        covered: &Covered,
        as_of: NaiveDate,
        rule: &InternalControl,
        earlier: &BTreeMap<i32, BTreeSet<String>>,
    ) -> Vec<Problem> {
        let over = as_of.year() > self.year;
        let mut out = self.left_out(covered);
        if over {
            out.extend(self.open(covered).map(|(code, _)| code.clone()));
            out.sort_unstable();
        }
        let in_it = self.subjects.len() - out.len();
        let too_few = in_it * (rule.one_in as usize) < self.subjects.len();
        let round = i32::try_from(rule.round_years).unwrap_or(i32::MAX).saturating_sub(1);
        let years = self.year.saturating_sub(round)..self.year;
        let known = years.clone().all(|year| earlier.contains_key(&year));
        let before: BTreeSet<&String> = years.filter_map(|year| earlier.get(&year)).flatten().collect();
        let missed = out.iter().filter(|code| known && !before.contains(code)).cloned().collect();
        vec![
            Problem {
                reason: "SHARE_BELOW",
                text: "本年度评估的县（市、区）少于规定比例",
                codes: if too_few { out } else { Vec::new() },
            },
            Problem { reason: "ROUND_MISSED", text: "规定年限内各年度均未评估", codes: missed },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: InternalControl = InternalControl { one_in: 3, round_years: 3 };

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn plan(kind: PlanKind, subjects: &[(&str, Option<&str>)]) -> Plan {
        let subject = |due_by: &Option<&str>| Subject { name: "某".into(), due_by: due_by.map(day) };
        Plan {
            id: "P".into(),
            area: Area::parse("430200").unwrap(),
            version: 1,
            standing: vec![1],
            year: 2026,
            kind,
            withdrawn: false,
            subjects: subjects.iter().map(|(code, due_by)| ((*code).to_owned(), subject(due_by))).collect(),
        }
    }

    fn seen(checks: &[(&str, Option<&str>)], as_of: &str) -> Covered {
        let seen = |on: &Option<&str>| Seen { on: on.map(day), case_id: "I".into() };
        until(day(as_of), 2026, checks.iter().map(|(code, on)| ((*code).to_owned(), seen(on))))
    }

    fn told(
        plan: &Plan,
        covered: &Covered,
        as_of: &str,
        earlier: &[(i32, &[&str])],
    ) -> Vec<(&'static str, String)> {
        let earlier = earlier
            .iter()
            .map(|(year, codes)| (*year, codes.iter().map(|code| (*code).to_owned()).collect()))
            .collect();
        let problems = plan.problems(covered, day(as_of), &RULE, &earlier);
        problems.into_iter().map(|problem| (problem.reason, problem.codes.join(" "))).collect()
    }

    #[test]
    fn everybody_is_covered_in_the_year_or_it_is_told() {
        let plan = plan(
            PlanKind::Institutions,
            &[("A", Some("2026-03-31")), ("B", Some("2026-06-30")), ("C", None)],
        );
        let checks = [("A", Some("2026-03-31")), ("B", None), ("A", Some("2026-02-01"))];
        assert_eq!(
            told(&plan, &seen(&checks, "2026-01-31"), "2026-01-31", &[]),
            [("NOT_COVERED", "C".into())]
        );
        let covered = seen(&checks, "2026-07-01");
        assert_eq!(covered["A"].on, Some(day("2026-02-01")), "the first that covered it");
        assert_eq!(plan.open(&covered).map(|(code, _)| code.as_str()).collect::<Vec<_>>(), ["B"]);
        assert_eq!(
            told(&plan, &covered, "2026-07-01", &[]),
            [("OVERDUE", "B".into()), ("NOT_COVERED", "C".into())]
        );
        let late = [("A", Some("2025-12-31")), ("B", Some("2027-01-04"))];
        let covered = seen(&late, "2027-02-01");
        assert_eq!(
            plan.open(&covered).count(),
            2,
            "what was checked before or behind the year is open in it"
        );
        let all = [("A", Some("2026-02-01")), ("B", Some("2026-06-30")), ("C", Some("2026-05-01"))];
        assert_eq!(told(&plan, &seen(&all, "2026-12-31"), "2026-12-31", &[]), []);
    }

    #[test]
    fn a_third_of_the_counties_a_year_and_all_in_three() {
        let last_day = Some("2026-12-31");
        let counties = [("1", last_day), ("2", None), ("3", None), ("4", None)];
        let one = plan(PlanKind::InternalControl, &counties);
        let none = Covered::new();
        assert_eq!(told(&one, &none, "2026-02-01", &[]), [("SHARE_BELOW", "2 3 4".into())], "1 of 4");
        let two = plan(PlanKind::InternalControl, &[counties[0], ("2", last_day), counties[2], counties[3]]);
        assert_eq!(told(&two, &none, "2026-02-01", &[]), [], "2 of 4; nothing is known of the years before");
        assert_eq!(told(&two, &none, "2026-02-01", &[(2025, &["3"])]), [], "the round is not over");
        let before: [(i32, &[&str]); 2] = [(2024, &[]), (2025, &["3"])];
        assert_eq!(told(&two, &none, "2026-02-01", &before), [("ROUND_MISSED", "4".into())]);
        let checked = seen(&[("1", Some("2026-11-01"))], "2027-01-01");
        assert_eq!(
            told(&two, &checked, "2027-01-01", &before),
            [("OVERDUE", "2".into()), ("SHARE_BELOW", "2 3 4".into()), ("ROUND_MISSED", "2 4".into())],
            "when the year is over, what was checked counts"
        );
    }
}
