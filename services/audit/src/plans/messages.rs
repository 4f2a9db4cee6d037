//! What is kept, as the contract tells it.

use chrono::NaiveDate;
use yizhan_proto::audit::v1::{
    Inspection as InspectionMessage, InspectionFinding, Plan as PlanMessage, PlanProblem, PlanStep,
    Review as ReviewMessage, SampleItem, Selection as SelectionMessage, StratumSize,
};
use yizhan_runtime::clock::{day_text, timestamp};

use super::domain::inspection::{Action, Inspection};
use super::domain::item::{Item, Review};
use super::domain::plan::{Covered, Plan, Problem};
use super::domain::selection::{List, Selection, digest};
use super::domain::{Head, Waits};
use super::store::Step;
use crate::plan_rules::{self, Rules};

/// So many are named of those a problem is about.
const NAMED: usize = 20;

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// A plan.
pub fn plan_message(plan: &Plan, covered: &Covered, as_of: NaiveDate, problems: Vec<Problem>) -> PlanMessage {
    let checked =
        plan.subjects.keys().filter(|code| covered.get(*code).is_some_and(|seen| seen.on.is_some()));
    let problem = |problem: Problem| PlanProblem {
        reason: problem.reason.to_owned(),
        text: problem.text.to_owned(),
        count: count(problem.codes.len()),
        codes: problem.codes.into_iter().take(NAMED).collect(),
    };
    PlanMessage {
        plan_id: plan.head.id.clone(),
        area: plan.head.area.to_string(),
        year: plan.year,
        kind: plan.kind.number(),
        withdrawn: plan.withdrawn,
        version: plan.head.version,
        subjects: count(plan.subjects.len()),
        planned: count(plan.subjects.values().filter(|subject| subject.due_by.is_some()).count()),
        covered: count(checked.count()),
        as_of: as_of.to_string(),
        problems: problems.into_iter().map(problem).collect(),
    }
}

/// A step.
pub fn step_message(step: Step) -> PlanStep {
    let Step { step_no, action, state, caller, opter, reason, file_id, recorded_at } = step;
    PlanStep {
        step_no,
        action,
        state,
        caller,
        opter,
        reason,
        file_id,
        recorded_at: Some(timestamp(recorded_at)),
    }
}

/// A selection: what was committed to; with its list also what it gave.
pub fn selection_message(selection: &Selection, list: Option<&List>) -> SelectionMessage {
    let size = |(stratum, count): (&String, &u32)| StratumSize {
        stratum: stratum.clone(),
        count: count.cast_signed(),
    };
    let drawn = list.filter(|_| selection.drawn_at.is_some());
    let open = |text: &str| drawn.map(|_| text.to_owned()).unwrap_or_default();
    SelectionMessage {
        selection_id: selection.head.id.clone(),
        area: selection.head.area.to_string(),
        purpose: selection.purpose.number(),
        period: selection.period.clone(),
        state: selection.state.number(),
        listed: selection.listed.cast_signed(),
        sizes: selection.sizes.iter().map(size).collect(),
        public_source: selection.public_source.clone(),
        list_digest: selection.list_digest.clone(),
        nonce_digest: digest(&selection.nonce),
        frozen_at: Some(timestamp(selection.frozen_at)),
        public_value: selection.public_value.clone(),
        drawn_at: selection.drawn_at.map(timestamp),
        nonce: open(&selection.nonce),
        seed: open(&selection.seed),
        drawn: drawn.map(|list| list.drawn.clone()).unwrap_or_default(),
        list: list.map(|list| list.text.clone()).unwrap_or_default(),
        public_on: day_text(selection.public_on),
        abandoned_for: selection.abandoned_for.clone(),
    }
}

fn due(rules: &Rules, head: &Head, waits: Option<Waits>, today: NaiveDate) -> (String, bool) {
    let due = waits.map(|waits| plan_rules::due(rules, head.area, waits.since, waits.working_days));
    (day_text(due), due.is_some_and(|due| due < today))
}

/// A check, with what the caller may do.
pub fn inspection_message(
    check: &Inspection,
    allowed: &[Action],
    (rules, today): (&Rules, NaiveDate),
) -> InspectionMessage {
    let (due, overdue) = due(rules, &check.head, check.waits, today);
    let [selection_id, officer_selection_id] = check.selection_ids.clone();
    let findings = check.findings.iter().cloned().map(|found| InspectionFinding {
        finding_no: found.finding_no,
        text: found.text,
        file_id: found.file_id,
        case_id: found.case_id,
    });
    InspectionMessage {
        inspection_id: check.head.id.clone(),
        area: check.head.area.to_string(),
        subject: check.subject.clone(),
        start: check.start.number(),
        basis: check.basis.clone(),
        plan_id: check.plan_id.clone(),
        selection_id,
        officer_selection_id,
        officers: check.officers.clone(),
        recused: check.recused.clone(),
        state: check.state.number(),
        version: check.head.version,
        due,
        overdue,
        result_on: day_text(check.result_on),
        findings: findings.collect(),
        answered_late: check.answered_late,
        allowed_actions: allowed.iter().map(|action| action.number()).collect(),
    }
}

/// An item of a sample.
pub fn item_message(item: &Item, rules: &Rules, today: NaiveDate) -> SampleItem {
    let (due, overdue) = due(rules, &item.head, item.waits, today);
    let review = |review: Review| {
        let Review { reviewer, expert, passed, reason, file_id } = review;
        ReviewMessage { reviewer, expert, passed, reason, file_id }
    };
    SampleItem {
        selection_id: item.selection_id.clone(),
        item_id: item.item_id.clone(),
        purpose: item.purpose.number(),
        state: item.state.number(),
        version: item.head.version,
        reviews: item.reviews.iter().cloned().map(review).collect(),
        case_id: item.case_id.clone(),
        due,
        overdue,
    }
}
