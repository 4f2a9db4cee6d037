//! Plans as their checks have covered them by a day.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use sea_orm::ConnectionTrait;
use yizhan_proto::audit::v1::{
    GetPlanRequest, GetPlanResponse, ListPlanSubjectsRequest, ListPlanSubjectsResponse, ListPlansRequest,
    ListPlansResponse, Plan as PlanMessage, PlanProblem, PlanSubject,
};
use yizhan_runtime::clock::day_text;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};

use super::desk;
use super::domain::plan::{Covered, Plan, PlanKind, Problem, until};
use super::{grades, store};
use crate::app::Audit;
use crate::plan_rules::{self, InternalControl};
use crate::records;

/// So many are named of those a problem is about.
const NAMED: usize = 20;

/// A plan as of a day, with its changes.
pub async fn get_plan(
    audit: &Audit,
    caller: &Caller,
    request: GetPlanRequest,
) -> Result<GetPlanResponse, ServiceError> {
    let (plan, as_of) = asked(audit, caller, &request.plan_id, &request.as_of).await?;
    let steps = records::steps_of(&audit.db, &plan.id).await?;
    let mut message = told(&audit.db, audit, &plan, as_of).await?;
    let checks = store::seen(&audit.db, &plan.id).await?;
    message.problems.extend(grades::lacking(audit, &plan, &checks, as_of).await.into_iter().map(problem));
    Ok(GetPlanResponse { plan: Some(message), steps })
}

/// Who is in a plan, or still open.
pub async fn list_plan_subjects(
    audit: &Audit,
    caller: &Caller,
    request: ListPlanSubjectsRequest,
) -> Result<ListPlanSubjectsResponse, ServiceError> {
    let (plan, as_of) = asked(audit, caller, &request.plan_id, &request.as_of).await?;
    let covered = covered(&audit.db, &plan, as_of).await?;
    let open: BTreeSet<&String> = plan.open(&covered).map(|(code, _)| code).collect();
    let behind = async |after: Option<[String; 1]>, limit: u64| {
        let wanted = plan.subjects.keys().filter(|code| !request.open_only || open.contains(code));
        let behind = wanted.filter(|code| after.as_ref().is_none_or(|[last]| *code > last));
        Ok::<_, ServiceError>(behind.take(limit as usize).collect())
    };
    let page = audit.pages.asked(caller, &request).of(as_of);
    let (codes, next_page_token) = page.page(behind, |code: &&String| [(*code).clone()]).await?;
    let subject = |code: &String| {
        let (subject, seen) = (&plan.subjects[code], covered.get(code));
        PlanSubject {
            code: code.clone(),
            name: subject.name.clone(),
            due_by: day_text(subject.due_by),
            covered_on: day_text(seen.and_then(|seen| seen.on)),
            case_id: seen.map(|seen| seen.case_id.clone()).unwrap_or_default(),
        }
    };
    Ok(ListPlanSubjectsResponse { subjects: codes.into_iter().map(subject).collect(), next_page_token })
}

/// Plans of an area.
pub async fn list_plans(
    audit: &Audit,
    caller: &Caller,
    request: ListPlansRequest,
) -> Result<ListPlansResponse, ServiceError> {
    let mut wrong = Violations::new();
    let area = Fields::of(&mut wrong).area("area", &request.area);
    let area = wrong.finish(area)?;
    caller.check_reads(&request.area)?;
    let wanted = records::within::<Plan>(area);
    let older = |before, limit| records::newest::<Plan>(&audit.db, &wanted, before, limit);
    let page = audit.pages.asked(caller, &request);
    let (plans, next_page_token) = page.page(older, |plan: &Plan| [plan.id.clone()]).await?;
    let plans = plans.iter().map(|plan| PlanMessage {
        covered: 0,
        planned: 0,
        ..plan_message(plan, &Covered::new(), audit.clock.today(), Vec::new())
    });
    Ok(ListPlansResponse { plans: plans.collect(), next_page_token })
}

async fn asked(
    audit: &Audit,
    caller: &Caller,
    plan_id: &str,
    as_of: &str,
) -> Result<(Plan, NaiveDate), ServiceError> {
    let mut wrong = Violations::new();
    let as_of =
        Fields::of(&mut wrong).optional("as_of", as_of, |fields, field, text| fields.date(field, text));
    let as_of = wrong.finish(as_of)?.unwrap_or_else(|| audit.clock.today());
    let plan = desk::read(caller, records::find(&audit.db, plan_id).await?, Reason::PlanUnknown)?;
    Ok((plan, as_of))
}

async fn covered(db: &impl ConnectionTrait, plan: &Plan, as_of: NaiveDate) -> Result<Covered, ServiceError> {
    Ok(until(as_of, plan.year, store::seen(db, &plan.id).await?))
}

/// A plan as of a day, with what is wrong with it.
pub async fn told(
    db: &impl ConnectionTrait,
    audit: &Audit,
    plan: &Plan,
    as_of: NaiveDate,
) -> Result<PlanMessage, ServiceError> {
    let covered = covered(db, plan, as_of).await?;
    let day = as_of.with_year(plan.year).unwrap_or(as_of);
    let rule: InternalControl = plan_rules::find(&audit.plan_rules.current(), plan.area, day)?;
    let mut earlier: BTreeMap<i32, BTreeSet<String>> = BTreeMap::new();
    if plan.kind == PlanKind::InternalControl {
        for year in plan.year - rule.round_years.cast_signed()..plan.year {
            if let Some(plan) = store::of_year(db, plan.area, (year, plan.kind)).await? {
                let checked = self::covered(db, &plan, as_of).await?;
                let checked = checked.into_iter().filter(|(_, seen)| seen.on.is_some());
                earlier.insert(year, checked.map(|(code, _)| code).collect());
            }
        }
    }
    let problems = plan.problems(&covered, as_of, &rule, &earlier);
    Ok(plan_message(plan, &covered, as_of, problems))
}

/// A plan as covered by a day.
fn plan_message(plan: &Plan, covered: &Covered, as_of: NaiveDate, problems: Vec<Problem>) -> PlanMessage {
    let checked =
        plan.subjects.keys().filter(|code| covered.get(*code).is_some_and(|seen| seen.on.is_some()));
    PlanMessage {
        plan_id: plan.id.clone(),
        area: plan.area.to_string(),
        year: plan.year,
        kind: plan.kind.number(),
        withdrawn: plan.withdrawn,
        version: plan.version,
        subjects: count(plan.subjects.len()),
        planned: count(plan.subjects.values().filter(|subject| subject.due_by.is_some()).count()),
        covered: count(checked.count()),
        as_of: as_of.to_string(),
        problems: problems.into_iter().map(problem).collect(),
    }
}

fn problem(problem: Problem) -> PlanProblem {
    PlanProblem {
        reason: problem.reason.to_owned(),
        text: problem.text.to_owned(),
        count: count(problem.codes.len()),
        codes: problem.codes.into_iter().take(NAMED).collect(),
    }
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
