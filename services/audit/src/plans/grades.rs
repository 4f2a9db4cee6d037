//! What the grades of institutions (credit's `grade_effects`) change here: how many are drawn, and how often they are checked.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use yizhan_documents::value::plain_number;
use yizhan_proto::audit::v1::{FreezeListRequest, GradeRow};
use yizhan_proto::credit::v1::{GradeEffects, InstitutionGrade};
use yizhan_runtime::{Reason, ServiceError, Violations};
use yizhan_terms::Area;

use super::domain::plan::{Plan, PlanKind, Problem, Seen};
use crate::app::Audit;
use crate::plan_rules::part_of;

/// The stratum of those who have no grade, or one that no row speaks of.
const UNGRADED: &str = "-";

/// A list by grade: who is in which stratum, how many are drawn of each, and by which rows.
#[derive(Debug, Default)]
pub struct ByGrade {
    /// Stratum and id.
    pub entries: BTreeSet<(String, String)>,
    /// By stratum.
    pub sizes: BTreeMap<String, u32>,
    /// One for each grade that is in it.
    pub rows: Vec<GradeRow>,
}

/// The institutions of a list by their grades on a day, each with the share that its row says; who has none with the rate of the request.
///
/// # Errors
/// CREDIT_AWAY, and where audit is not told where credit is.
pub async fn by_grade(
    audit: &Audit,
    (area, day): (Area, NaiveDate),
    request: &FreezeListRequest,
    ungraded: Option<Decimal>,
    wrong: &mut Violations,
) -> Result<ByGrade, ServiceError> {
    let codes: Vec<String> = request.entries.iter().map(|entry| entry.id.clone()).collect();
    let grades = asked(audit, area, codes, day).await?;
    let mut read = ByGrade::default();
    let mut shares: BTreeMap<String, Decimal> = BTreeMap::new();
    for (code, grade) in grades {
        let row = grade.effects.as_ref().zip(share(&grade));
        let stratum = row.map_or(UNGRADED, |_| grade.grade.as_str()).to_owned();
        if let Some((effects, share)) = row
            && shares.insert(stratum.clone(), share).is_none()
        {
            read.rows.push(told(&grade.grade, effects));
        }
        read.entries.insert((stratum, code));
    }
    if read.entries.iter().any(|(stratum, _)| stratum == UNGRADED) {
        let said = Reason::CountInvalid.saying("名单中有未评级的机构，请另填其抽取比例，如 5%");
        shares.extend(wrong.some(ungraded, "rate", said).map(|share| (UNGRADED.to_owned(), share)));
    }
    let listed = |stratum: &str| read.entries.iter().filter(|(of, _)| of == stratum).count();
    let drawn = |(stratum, share): (&String, &Decimal)| {
        let count = part_of(u32::try_from(listed(stratum)).unwrap_or(u32::MAX), *share);
        (count > 0).then(|| (stratum.clone(), count))
    };
    read.sizes = shares.iter().filter_map(drawn).collect();
    read.rows.sort_by(|a, b| a.grade.cmp(&b.grade));
    let none = Reason::CountInvalid.saying("按各等级的比例没有机构可抽");
    wrong.require(!wrong.is_empty() || !read.sizes.is_empty(), "by_grade", none);
    Ok(read)
}

fn told(grade: &str, effects: &GradeEffects) -> GradeRow {
    GradeRow {
        grade: grade.to_owned(),
        row: effects.row.clone(),
        scheme: effects.scheme.clone(),
        sampling_rate: effects.sampling_rate.clone(),
    }
}

/// The share of those of a grade that is drawn.
fn share(grade: &InstitutionGrade) -> Option<Decimal> {
    let rate = plain_number(&grade.effects.as_ref()?.sampling_rate)?;
    (rate >= Decimal::ZERO && rate <= Decimal::ONE && !grade.grade.is_empty()).then_some(rate)
}

/// What a plan lacks of the checks that grades ask for; where credit does not answer, that this is not known. Nothing where audit is not
/// told where credit is.
pub async fn lacking(
    audit: &Audit,
    plan: &Plan,
    checks: &[(String, Seen)],
    as_of: NaiveDate,
) -> Vec<Problem> {
    if audit.grades.is_none() || plan.kind != PlanKind::Institutions {
        return Vec::new();
    }
    let day = as_of.min(NaiveDate::from_ymd_opt(plan.year, 12, 31).unwrap_or(as_of));
    let Ok(grades) = asked(audit, plan.area, plan.subjects.keys().cloned().collect(), day).await else {
        let text = "信用评价服务暂不可用，未核对信用等级要求的检查次数";
        return vec![Problem { reason: "GRADES_UNKNOWN", text, codes: Vec::new() }];
    };
    let asked = grades.into_iter().filter_map(|(code, grade)| Some((code, grade.effects?.checks_per_year)));
    plan.below_grades(&asked.collect(), checks, as_of)
}

async fn asked(
    audit: &Audit,
    area: Area,
    codes: Vec<String>,
    day: NaiveDate,
) -> Result<BTreeMap<String, InstitutionGrade>, ServiceError> {
    let nobody = || ServiceError::new(Reason::CreditAway, "audit is not told where credit is");
    audit.grades.as_ref().ok_or_else(nobody)?.grades(area.as_str(), codes, &day.to_string()).await
}

impl Plan {
    /// Who is checked less often than their grade asks for: neither planned nor checked, or, when the year is over, too seldom.
    fn below_grades(
        &self,
        asked: &BTreeMap<String, i32>,
        checks: &[(String, Seen)],
        as_of: NaiveDate,
    ) -> Vec<Problem> {
        let mut made: BTreeMap<&str, i32> = BTreeMap::new();
        for (code, seen) in checks {
            if seen.on.is_some_and(|on| on <= as_of && on.year() == self.year) {
                *made.entry(code).or_default() += 1;
            }
        }
        let made = |code: &str| made.get(code).copied().unwrap_or_default();
        let planned = |code: &str| self.subjects.get(code).is_some_and(|subject| subject.due_by.is_some());
        let out = |(code, asked): &(&String, &i32)| **asked > 0 && made(code) == 0 && !planned(code);
        let seldom = |(code, asked): &(&String, &i32)| as_of.year() > self.year && made(code) < **asked;
        let named = |codes: Vec<(&String, &i32)>| codes.into_iter().map(|(code, _)| code.clone()).collect();
        let mut problems = vec![
            Problem {
                reason: "GRADE_NOT_PLANNED",
                text: "信用等级要求检查，而未列入本年度检查",
                codes: named(asked.iter().filter(out).collect()),
            },
            Problem {
                reason: "BELOW_GRADE",
                text: "本年度检查次数少于信用等级的要求",
                codes: named(asked.iter().filter(seldom).collect()),
            },
        ];
        problems.retain(|problem| !problem.codes.is_empty());
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::super::domain::plan::Subject;
    use super::*;

    #[test]
    fn who_is_checked_less_often_than_the_grade_asks_is_told() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let subject = |due: Option<&str>| Subject { name: "某".into(), due_by: due.map(day) };
        let plan = Plan {
            id: "P".into(),
            area: Area::parse("430200").unwrap(),
            version: 1,
            standing: vec![1],
            year: 2026,
            kind: PlanKind::Institutions,
            withdrawn: false,
            subjects: BTreeMap::from([
                ("A".to_owned(), subject(Some("2026-03-31"))),
                ("B".to_owned(), subject(None)),
                ("C".to_owned(), subject(None)),
                ("D".to_owned(), subject(None)),
            ]),
        };
        let asked = [("A", 2), ("B", 1), ("C", 0), ("D", 1)].map(|(code, asked)| (code.to_owned(), asked));
        let check =
            |code: &str, on: &str| (code.to_owned(), Seen { on: Some(day(on)), case_id: "I".to_owned() });
        let checks = [check("A", "2026-03-01"), check("D", "2026-02-01"), check("B", "2025-12-30")];
        let told = |as_of: &str| {
            let problems = plan.below_grades(&asked.clone().into(), &checks, day(as_of));
            problems.into_iter().map(|problem| (problem.reason, problem.codes.join(" "))).collect::<Vec<_>>()
        };
        assert_eq!(told("2026-12-31"), [("GRADE_NOT_PLANNED", "B".to_owned())]);
        let over = [("GRADE_NOT_PLANNED", "B".to_owned()), ("BELOW_GRADE", "A B".to_owned())];
        assert_eq!(told("2027-01-01"), over);
    }
}
