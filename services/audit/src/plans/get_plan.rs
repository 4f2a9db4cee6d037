//! Plans as their checks have covered them by a day.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use sea_orm::ConnectionTrait;
use yizhan_proto::audit::v1::{
    GetPlanRequest, GetPlanResponse, ListPlanSubjectsRequest, ListPlanSubjectsResponse, ListPlansRequest,
    ListPlansResponse, Plan as PlanMessage, PlanSubject,
};
use yizhan_runtime::clock::day_text;
use yizhan_runtime::{Caller, Fields, Reason, ServiceError, Violations};

use super::desk;
use super::domain::plan::{Covered, Plan, PlanKind, until};
use super::messages::{plan_message, step_message};
use super::store;
use super::store::entities::plan_record::Column;
use crate::app::Audit;
use crate::plan_rules::{self, InternalControl};

/// A plan as of a day, with its changes.
pub async fn get_plan(
    audit: &Audit,
    caller: &Caller,
    request: GetPlanRequest,
) -> Result<GetPlanResponse, ServiceError> {
    let (plan, as_of) = asked(audit, caller, &request.plan_id, &request.as_of).await?;
    let steps = store::steps::<Plan>(&audit.db, &plan.head.id).await?;
    let plan = Some(told(&audit.db, audit, &plan, as_of).await?);
    Ok(GetPlanResponse { plan, steps: steps.into_iter().map(step_message).collect() })
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
            inspection_id: seen.map(|seen| seen.inspection_id.clone()).unwrap_or_default(),
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
    let behind = |after, limit| store::newest::<Plan>(&audit.db, area, after, limit);
    let page = audit.pages.asked(caller, &request);
    let (plans, next_page_token) = page.page(behind, |plan: &Plan| [plan.head.id.clone()]).await?;
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
    let plan = desk::read(caller, store::find(&audit.db, plan_id).await?, Reason::PlanUnknown)?;
    Ok((plan, as_of))
}

async fn covered(db: &impl ConnectionTrait, plan: &Plan, as_of: NaiveDate) -> Result<Covered, ServiceError> {
    Ok(until(as_of, plan.year, store::seen(db, &plan.head.id).await?))
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
    let rule: InternalControl = plan_rules::find(&audit.plan_rules.current(), plan.head.area, day)?;
    let mut earlier: BTreeMap<i32, BTreeSet<String>> = BTreeMap::new();
    if plan.kind == PlanKind::InternalControl {
        let (first, area) = (plan.year - rule.round_years.cast_signed(), plan.head.area);
        for year in first..plan.year {
            let key = super::domain::plan::key(year, plan.kind);
            let of_year: Vec<Plan> = store::of_area(db, area, (Column::Subject, &key)).await?;
            for plan in of_year.iter().filter(|plan| !plan.withdrawn) {
                let checked = until(as_of, year, store::seen(db, &plan.head.id).await?);
                let checked = checked.into_iter().filter(|(_, seen)| seen.on.is_some());
                earlier.entry(year).or_default().extend(checked.map(|(code, _)| code));
            }
        }
    }
    let problems = plan.problems(&covered, as_of, &rule, &earlier);
    Ok(plan_message(plan, &covered, as_of, problems))
}
