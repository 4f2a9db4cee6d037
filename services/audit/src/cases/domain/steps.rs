//! Taking a step.

use chrono::{DateTime, NaiveDate, Utc};
use yizhan_proto::audit::v1::{CaseAmount, CasePaper, CaseStep, ExpertOpinion, ExpertView};
use yizhan_runtime::clock::timestamp;
use yizhan_runtime::{Reason, ServiceError, Violations};
use yizhan_workflow::{Refused, To};

use super::case::gives;
use super::case::{Actor, Case, Inside};
use super::refusals::refusal;
use super::table::{Action, CASES, Kind, Need, Role, State};

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
    let last_day = add(case.inside.clock_from, case.inside.working_days);
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

/// Takes a step, of which its form is checked, by somebody who is this to the case as it is now: on a day, recorded at a moment. `due`: the
/// last day for what is waited for.
///
/// # Errors
/// Where the table does not have it for this caller now, with what it has; where what it names does not fit the case.
pub fn take(
    case: Case,
    (action, mut step): (Action, CaseStep),
    (roles, actor): (&[Role], &Actor),
    (day, now): (NaiveDate, DateTime<Utc>),
    due: Option<NaiveDate>,
) -> Result<Taken, ServiceError> {
    let late = due.is_some_and(|due| due < day);
    let here = CASES.case(case.state(), |need| meets(&case, need, actor, (&step.papers, late)));
    let next = here.next(action, roles);
    let next = next.map_err(|refused| {
        refusal(&case, action, Refused { allowed: allowed(&case, roles, actor, late), ..refused })
    })?;
    check(&case, action, &step, day)?;
    (step.action, step.from_state, step.recorded_at) =
        (action.number(), case.told.state, Some(timestamp(now)));
    (step.actor, step.opter) = (actor.who.clone(), actor.opter.clone());
    let mut after = apply(case, (action, next.to), &step, (actor, day));
    if action == Action::Answer {
        after.told.inspection.get_or_insert_default().answered_late |= late;
        after.inside.answered_itself = next.by == Role::Institution;
    }
    (step.step_no, step.to_state) = (after.told.version, after.told.state);
    Ok(Taken { after, step })
}

/// What somebody may do with it now; what only wants a paper can be done.
pub fn allowed(case: &Case, roles: &[Role], actor: &Actor, late: bool) -> Vec<Action> {
    let met = |need| need == Need::Paper || meets(case, need, actor, (&[], late));
    CASES.case(case.state(), met).allowed(roles)
}

impl Taken {
    /// A step that takes back the last one leaves the case as it was before that.
    pub fn put_back(&mut self, mut before: Case) {
        let version = self.after.told.version;
        // It stands in the place of the step that left the case so.
        before.inside.standing.pop();
        before.inside.standing.push(version);
        before.told.version = version;
        self.step.to_state = before.told.state;
        self.after = before;
    }
}

fn meets(case: &Case, need: Need, actor: &Actor, (papers, late): (&[CasePaper], bool)) -> bool {
    let told = &case.told;
    match need {
        Need::NotOwn => !case.inside.entered.iter().any(|other| other.is(actor)),
        Need::AnotherOfficer => !reviewers(case).any(|other| other.is(actor)),
        Need::Evidence => case.inside.found || !told.papers.is_empty(),
        Need::Paper => !papers.is_empty(),
        Need::Opinions => told.opinions.len() >= told.opinions_needed as usize,
        Need::FirstOpinion => !told.opinions.iter().any(|given| given.opter == actor.opter),
        Need::Booked => case.is_booked(false),
        Need::NoStake => !case.told.inspection.iter().any(|check| check.recused.contains(&actor.opter)),
        Need::DayOver => late,
        Need::OwnStep => case.inside.standing.len() > 1 && !case.inside.answered_itself,
    }
}

/// Who decided in the reviews before this one.
fn reviewers(case: &Case) -> impl Iterator<Item = &Actor> {
    let Inside { screened_by, decided_by, .. } = &case.inside;
    screened_by.iter().chain(decided_by)
}

/// Whether what a step names fits the case: everything wrong at once.
fn check(case: &Case, action: Action, step: &CaseStep, day: NaiveDate) -> Result<(), ServiceError> {
    let mut wrong = Violations::new();
    let of_check = case.kind() == Kind::Inspection && action.moves_check();
    wrong.require(of_check || step.day.is_empty(), "day", Reason::FieldNotExpected);
    let in_order = !of_check || action == Action::Cancel || day >= case.inside.clock_from;
    wrong.require(in_order, "day", Reason::DatesReversed);
    if action == Action::Assign {
        check_officers((&step.officers, &step.recused), &case.inside, &mut wrong);
        let drawn = case.inside.drawn.is_empty() || gives(&case.inside.drawn, &step.officers, &step.recused);
        wrong.require(drawn, "officers", Reason::NotDrawn);
    }
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

/// As many officers as the area asks for, none of them with a stake.
pub fn check_officers((officers, recused): (&[String], &[String]), inside: &Inside, wrong: &mut Violations) {
    for (at, officer) in officers.iter().enumerate() {
        wrong.require(!recused.contains(officer), format!("officers[{at}]"), Reason::OfficerRecused);
    }
    if officers.len() < inside.checks.officers as usize {
        wrong.push("officers", Reason::OfficersTooFew).with("needed", inside.checks.officers);
    }
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

/// The case behind a step that leads there, on a day.
fn apply(
    mut case: Case,
    (action, to): (Action, To<State>),
    step: &CaseStep,
    (actor, day): (&Actor, NaiveDate),
) -> Case {
    case.told.version += 1;
    for amount in &step.amounts {
        if let Some(line) = place(&case, amount) {
            case.told.amounts[line].amount_fen = amount.amount_fen;
        }
    }
    let leads = note(&mut case, action, step, (actor, day));
    if matches!(action, Action::Confirm | Action::Decide | Action::Dismiss | Action::Correct) {
        case.inside.decided_by.push(actor.clone());
    }
    let to = if let To::State(state) = to { Some(state) } else { leads };
    let since = case.inside.clock_from;
    // Who is asked has as long as who asks.
    let since = if action == Action::Convene { since } else { day };
    if let Some(state) = to {
        case.move_to(state, since);
    }
    if action == Action::Talk {
        case.inside.working_days = case.inside.checks.talk_days;
    }
    case.inside.answered_itself = false;
    match case.kind() {
        Kind::Recovery => {}
        // What began as a sample goes on as any other case.
        Kind::Sample if action != Action::GiveOpinion => case.inside.standing.clear(),
        Kind::Inspection | Kind::Sample => case.inside.standing.push(case.told.version),
    }
    case
}

/// What a step leaves in the case besides; and where it leads, where the table leaves that open.
fn note(
    case: &mut Case,
    action: Action,
    step: &CaseStep,
    (actor, day): (&Actor, NaiveDate),
) -> Option<State> {
    match action {
        Action::Screen => case.inside.screened_by = Some(actor.clone()),
        Action::Return => case.inside.screened_by = None,
        Action::Confirm => {
            case.inside.confirmed_fen = case.told.amounts.iter().map(|amount| amount.amount_fen).collect();
        }
        Action::Dismiss | Action::Tell => case.told.decision_no += 1,
        Action::Convene => {
            case.told.experts.clone_from(&step.experts);
            case.told.opinions_needed = step.opinions_needed.max(case.inside.terms.opinions as i32);
        }
        Action::GiveOpinion => {
            case.told.opinions.push(opinion(step));
            return sampled(case, actor);
        }
        Action::Book => {
            case.told.recoveries.extend(step.recoveries.iter().cloned());
            return case.is_booked(true).then_some(State::Archived);
        }
        Action::Correct => {
            case.told.recoveries.clear();
            case.told.experts.clear();
            case.told.opinions.clear();
            case.told.opinions_needed = 0;
        }
        Action::Supplement => {
            case.told.papers.extend(step.papers.iter().cloned());
            case.inside.entered.push(actor.clone());
        }
        Action::Assign => {
            let check = case.told.inspection.get_or_insert_default();
            (check.officers, check.recused) = (step.officers.clone(), step.recused.clone());
        }
        Action::TellResult => {
            case.told.inspection.get_or_insert_default().result_on = day.to_string();
        }
        Action::HandOver => case.told.case_ids.clone_from(&step.case_ids),
        _ => {}
    }
    None
}

/// What an opinion makes of a sample: so many as are needed agree, or a third decides. What is rejected is screened as a case, by others than
/// those who rejected it.
fn sampled(case: &mut Case, actor: &Actor) -> Option<State> {
    if case.state() != State::Sampled {
        return None;
    }
    let against = |given: &ExpertOpinion| given.view() != ExpertView::NoViolation;
    case.inside.entered.push(actor.clone());
    let given = &case.told.opinions;
    if given.len() < case.told.opinions_needed as usize {
        return None;
    }
    if given.len() == 2 && against(&given[0]) != against(&given[1]) {
        case.told.opinions_needed = 3;
        return None;
    }
    if !given.last().is_some_and(against) {
        return Some(State::Passed);
    }
    case.told.opinions_needed = 0;
    let papers = std::mem::take(&mut case.told.opinions).into_iter().flat_map(|given| given.papers);
    case.told.papers.extend(papers);
    Some(State::Screening)
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
