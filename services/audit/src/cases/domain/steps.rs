//! Taking a step.

use chrono::{DateTime, NaiveDate, Utc};
use yizhan_proto::audit::v1::{CaseAmount, CasePaper, CaseStep, ExpertOpinion};
use yizhan_runtime::clock::timestamp;
use yizhan_runtime::{Reason, ServiceError, Violations};
use yizhan_workflow::Refused;

use super::case::{Actor, Case, Inside};
use super::refusals::refusal;
use super::table::{Action, CASES, Need, Role, State};

/// A step that was taken, and the case behind it.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The case as it becomes.
    pub after: Case,
    /// The step, with everything that it says.
    pub step: CaseStep,
}

/// The case on a day: silence up to the last day of the appeal, as `add` counts working days, is acceptance. With the step that notes it,
/// where nobody has yet.
pub fn on(
    mut case: Case,
    (today, now): (NaiveDate, DateTime<Utc>),
    add: impl Fn(NaiveDate, u32) -> NaiveDate,
) -> (Case, Option<Taken>) {
    let last_day = add(case.inside.clock_from, case.working_days());
    if case.state() != State::Appealable || today <= last_day {
        return (case, None);
    }
    case.told.version += 1;
    case.inside.silent_since = Some(last_day);
    case.move_to(State::Feedback, last_day);
    let step = CaseStep {
        step_no: case.told.version,
        action: Action::Accept.number(),
        from_state: State::Appealable.number(),
        to_state: State::Feedback.number(),
        actor: "clock".to_owned(),
        recorded_at: Some(timestamp(now)),
        reason: "申诉期满未申诉，视为认可".to_owned(),
        ..CaseStep::default()
    };
    (case.clone(), Some(Taken { after: case, step }))
}

/// Takes a step, of which its form is checked, by somebody who is this to the case as it is now.
///
/// # Errors
/// Where the table does not have it for this caller now, with what it has; where what it names does not fit the case.
pub fn take(
    case: Case,
    (action, mut step): (Action, CaseStep),
    (roles, actor): (&[Role], &Actor),
    (today, now): (NaiveDate, DateTime<Utc>),
) -> Result<Taken, ServiceError> {
    let here = CASES.case(case.state(), |need| meets(&case, need, actor, &step.papers));
    here.next(action, roles).map_err(|refused| {
        // What only wants a paper can be done.
        let here = CASES.case(case.state(), |need| need == Need::Paper || meets(&case, need, actor, &[]));
        refusal(&case, action, Refused { allowed: here.allowed(roles), ..refused })
    })?;
    check(&case, action, &step)?;
    (step.action, step.from_state, step.recorded_at) =
        (action.number(), case.told.state, Some(timestamp(now)));
    (step.actor, step.opter) = (actor.who.clone(), actor.opter.clone());
    let after = apply(case, action, &step, (actor, today));
    (step.step_no, step.to_state) = (after.told.version, after.told.state);
    Ok(Taken { after, step })
}

fn meets(case: &Case, need: Need, actor: &Actor, papers: &[CasePaper]) -> bool {
    let told = &case.told;
    match need {
        Need::NotOwn => !case.inside.entered.iter().any(|other| other.is(actor)),
        Need::AnotherOfficer => !reviewers(case).any(|other| other.is(actor)),
        Need::Evidence => case.inside.found || !told.papers.is_empty(),
        Need::Paper => !papers.is_empty(),
        Need::Opinions => told.opinions.len() >= told.opinions_needed as usize,
        Need::FirstOpinion => !told.opinions.iter().any(|given| given.opter == actor.opter),
        Need::Booked => case.is_booked(false),
    }
}

/// Who decided in the reviews before this one.
fn reviewers(case: &Case) -> impl Iterator<Item = &Actor> {
    let Inside { screened_by, decided_by, .. } = &case.inside;
    screened_by.iter().chain(decided_by)
}

/// Whether what a step names fits the case: everything wrong at once.
fn check(case: &Case, action: Action, step: &CaseStep) -> Result<(), ServiceError> {
    let mut wrong = Violations::new();
    let mut named: Vec<usize> = Vec::new();
    for (at, amount) in step.amounts.iter().enumerate() {
        let line = place(case, amount);
        let Some(line) = wrong.some(line, format!("amounts[{at}].feedetl_sn"), Reason::CaseLineUnknown)
        else {
            continue;
        };
        if wrong.require(!named.contains(&line), format!("amounts[{at}]"), Reason::Duplicate) {
            named.push(line);
        }
        let confirmed = case.inside.confirmed_fen.get(line).copied().unwrap_or_default();
        let within = action != Action::Decide || amount.amount_fen <= confirmed;
        wrong.require(within, format!("amounts[{at}].amount_fen"), Reason::AmountAboveConfirmed);
    }
    if action == Action::Decide {
        let said = Reason::Required.saying("复审决定应写明每条明细的金额，撤销的写 0");
        wrong.require(named.len() == case.told.lines.len(), "amounts", said);
        let some =
            |mut amounts: std::slice::Iter<'_, CaseAmount>| amounts.any(|amount| amount.amount_fen > 0);
        let any = case.inside.confirmed_fen.iter().all(|fen| *fen == 0) || some(step.amounts.iter());
        wrong.require(any, "amounts", Reason::AmountInvalid.saying("全部不认定的，请办理“不予处理”"));
    }
    if action == Action::Convene {
        check_experts(case, step, &mut wrong);
    }
    wrong.none()
}

fn check_experts(case: &Case, step: &CaseStep, wrong: &mut Violations) {
    let least = case.inside.terms.opinions as i32;
    let enough = step.opinions_needed == 0 || step.opinions_needed >= least;
    let text = format!("本地规定会审意见不少于 {least} 份");
    wrong.require(enough, "opinions_needed", Reason::CountInvalid.saying(text));
    let needed = step.opinions_needed.max(least);
    let text = format!("会审专家不足 {needed} 人");
    wrong.require(step.experts.len() >= needed as usize, "experts", Reason::CountInvalid.saying(text));
    for (at, opter) in step.experts.iter().enumerate() {
        let expert = Actor { who: format!("agency:{}", case.inside.area), opter: opter.clone() };
        let mut part = case.inside.entered.iter().chain(reviewers(case));
        let took_part = part.any(|one| one.is(&expert));
        wrong.require(!step.experts[..at].contains(opter), format!("experts[{at}]"), Reason::Duplicate);
        wrong.require(!took_part, format!("experts[{at}]"), Reason::ExpertTookPart);
    }
}

/// Which of the lines an amount is of.
fn place(case: &Case, amount: &CaseAmount) -> Option<usize> {
    let key = (&amount.setl_id, &amount.feedetl_sn);
    case.told.lines.iter().position(|line| (&line.setl_id, &line.feedetl_sn) == key)
}

fn apply(mut case: Case, action: Action, step: &CaseStep, (actor, today): (&Actor, NaiveDate)) -> Case {
    case.told.version += 1;
    for amount in &step.amounts {
        if let Some(line) = place(&case, amount) {
            case.told.amounts[line].amount_fen = amount.amount_fen;
        }
    }
    let to = match action {
        Action::Screen => {
            case.inside.screened_by = Some(actor.clone());
            Some(State::Review)
        }
        Action::Return => {
            case.inside.screened_by = None;
            Some(State::Screening)
        }
        Action::Confirm => {
            case.inside.confirmed_fen = case.told.amounts.iter().map(|amount| amount.amount_fen).collect();
            Some(State::Appealable)
        }
        Action::Dismiss => {
            case.told.decision_no += 1;
            Some(State::Dismissed)
        }
        Action::Appeal => Some(State::ReReview),
        Action::Accept | Action::Decide => Some(State::Feedback),
        // Who is asked has as long as who asks.
        Action::Convene => {
            case.told.experts.clone_from(&step.experts);
            case.told.opinions_needed = step.opinions_needed.max(case.inside.terms.opinions as i32);
            case.told.state = State::JointReview.number();
            None
        }
        Action::GiveOpinion => {
            case.told.opinions.push(opinion(step));
            None
        }
        Action::Tell => {
            case.told.decision_no += 1;
            Some(State::Handling)
        }
        Action::Book => {
            case.told.recoveries.extend(step.recoveries.iter().cloned());
            case.is_booked(true).then_some(State::Archived)
        }
        Action::Archive => Some(State::Archived),
        Action::Correct => {
            case.told.recoveries.clear();
            case.told.experts.clear();
            case.told.opinions.clear();
            case.told.opinions_needed = 0;
            Some(State::ReReview)
        }
        Action::Supplement => {
            case.told.papers.extend(step.papers.iter().cloned());
            case.inside.entered.push(actor.clone());
            None
        }
        Action::Open => None,
    };
    if matches!(action, Action::Confirm | Action::Decide | Action::Dismiss | Action::Correct) {
        case.inside.decided_by.push(actor.clone());
    }
    if let Some(to) = to {
        case.move_to(to, today);
    }
    case
}

fn opinion(step: &CaseStep) -> ExpertOpinion {
    ExpertOpinion {
        opter: step.opter.clone(),
        view: step.view,
        reason: step.reason.clone(),
        papers: step.papers.clone(),
        given_at: step.recorded_at,
    }
}

#[cfg(test)]
mod tests;
