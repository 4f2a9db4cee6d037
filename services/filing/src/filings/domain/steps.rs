//! The steps of a filing: which of them a caller may take where it stands, and what each makes of it (受理, 办结, 退回, 转办 …). Submitting is
//! not among them, nor what follows by itself.

use chrono::NaiveDate;
use yizhan_runtime::ServiceError;

use super::completion::{Occasion, complete, supply_by};
use super::conflicts::check_lock;
use super::filing::{Filing, Material, State};
use super::refusals;
use super::step::{Action, Taken};
use crate::rules::{Requirement, places};

/// What a caller is to a filing. One may be several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Relation {
    /// The person filed for.
    pub person: bool,
    /// Whoever submitted it, whichever officer.
    pub submitted: bool,
    /// The very officer who submitted it.
    pub same_officer: bool,
    /// May submit for this person, and so hand in papers.
    pub may_submit: bool,
    /// The office that has it.
    pub has_it: bool,
    /// The home area, or an office inside it that has it.
    pub home: bool,
    /// A window: what is supplied there after a return is accepted there.
    pub window: bool,
}

/// A step to take.
#[derive(Clone, Debug)]
pub struct Step {
    /// Which.
    pub action: Action,
    /// Why, as given.
    pub reason: String,
    /// SUPPLY.
    pub materials: Vec<Material>,
    /// HAND_OVER.
    pub to_area: String,
}

/// The steps that callers take.
pub const ACTIONS: [Action; 8] = [
    Action::Accept,
    Action::Complete,
    Action::Reject,
    Action::Return,
    Action::Supply,
    Action::HandOver,
    Action::Withdraw,
    Action::Cancel,
];

/// What the caller may do on this day.
pub fn allowed(filing: &Filing, relation: Relation, today: NaiveDate) -> Vec<Action> {
    let may = |action: &Action| check(filing, *action, relation, today).is_ok();
    ACTIONS.into_iter().filter(may).collect()
}

/// Takes a step. `replaced` is the filing whose place this one takes; completing it ends that one.
pub fn take(
    mut filing: Filing,
    step: &Step,
    relation: Relation,
    replaced: Option<Filing>,
    occasion: &Occasion,
) -> Result<Vec<Taken>, ServiceError> {
    let Occasion { today, now, .. } = *occasion;
    check(&filing, step.action, relation, today)
        .map_err(|refusal| refusal.into_error(&filing, &allowed(&filing, relation, today), today))?;
    let from = filing.state;
    match step.action {
        Action::Accept => accept(&mut filing),
        Action::Complete => {
            filing.materials.iter_mut().for_each(Material::settle);
            let mut taken = complete(filing, replaced, occasion);
            taken.iter_mut().take(1).for_each(|completed| completed.reason = step.reason.clone());
            return Ok(taken);
        }
        Action::Reject => {
            filing.state = State::Rejected;
            filing.decided_at = Some(now);
        }
        Action::Return if from == State::Provisional => take_back(&mut filing, today),
        Action::Return => filing.state = State::Returned,
        Action::Supply => supply(&mut filing, &step.materials, relation, today)?,
        Action::HandOver => hand_over(&mut filing, &step.to_area)?,
        Action::Withdraw => filing.state = State::Withdrawn,
        Action::Cancel => {
            filing.state = State::Cancelled;
            filing.ended_on = Some(today);
        }
        _ => {}
    }
    let (action, reason, actor) = (step.action, step.reason.clone(), occasion.actor.clone());
    Ok(vec![Taken { filing, from: Some(from), action, actor, reason }])
}

/// Why a step is not taken.
#[derive(Debug)]
pub enum Refusal {
    /// Not in this state, or not by this caller.
    NotNow,
    /// Decided by the home area only.
    NotHome,
    /// Not by the officer who submitted it.
    OwnSubmission,
    /// The last day for it has passed.
    TooLate,
    /// Something that can neither come later nor be promised is missing.
    Missing,
    /// Another refusal.
    Other(ServiceError),
}

impl Refusal {
    fn into_error(self, filing: &Filing, allowed: &[Action], today: NaiveDate) -> ServiceError {
        let error = match self {
            Refusal::NotNow => refusals::step_refused(filing, allowed, today),
            Refusal::NotHome => refusals::not_home_area(filing),
            Refusal::OwnSubmission => refusals::own_submission(),
            Refusal::TooLate => refusals::supplement_too_late(filing),
            Refusal::Missing => refusals::material_missing(filing),
            Refusal::Other(error) => error,
        };
        let names: Vec<&str> = allowed.iter().map(|action| action.name()).collect();
        error
            .with("filing_id", &filing.filing_id)
            .with("state", filing.state_on(today).name())
            .with("allowed_actions", names.join(","))
    }
}

fn check(filing: &Filing, action: Action, relation: Relation, today: NaiveDate) -> Result<(), Refusal> {
    use Action::{Cancel, Complete, Reject, Supply};
    let decides = matches!(action, Complete | Reject);
    if decides && !relation.home {
        return Err(Refusal::NotHome);
    }
    if action == Supply && relation.may_submit && filing.state_on(today) == State::Lapsed {
        return Err(Refusal::TooLate);
    }
    if !in_state(filing, action, today) || !is_for(action, relation) {
        return Err(Refusal::NotNow);
    }
    if decides && relation.same_officer {
        return Err(Refusal::OwnSubmission);
    }
    let committed = filing.is_committed();
    let may_wait = |missing: &Requirement| missing.may_come_later || (missing.may_be_promised && committed);
    match action {
        Complete if !filing.missing().all(may_wait) => Err(Refusal::Missing),
        Cancel => check_lock(filing, today).map_err(Refusal::Other),
        _ => Ok(()),
    }
}

/// Whether a filing that stands there can take the step.
fn in_state(filing: &Filing, action: Action, today: NaiveDate) -> bool {
    use Action::{Accept, Cancel, Complete, HandOver, Reject, Return, Supply, Withdraw};
    use State::{Accepted, Provisional, Submitted};
    let state = filing.state_on(today);
    match action {
        Accept => state == Submitted,
        Complete => state == Accepted || (state == Provisional && filing.waits_for_a_look()),
        Reject => state == Accepted,
        Return if state == Provisional => filing.materials.iter().any(Material::is_unsettled),
        Return => matches!(state, Submitted | Accepted),
        Supply => state.is_open() || state == Provisional,
        HandOver => matches!(state, Submitted | Accepted | Provisional),
        Withdraw => state.is_open(),
        Cancel => state.is_in_force(),
        _ => false,
    }
}

/// Whether it is for somebody of this relation to take the step.
fn is_for(action: Action, relation: Relation) -> bool {
    use Action::{Accept, Cancel, Complete, HandOver, Reject, Return, Supply, Withdraw};
    match action {
        Accept | Return => relation.has_it,
        Complete | Reject => relation.home,
        HandOver => relation.has_it || relation.home,
        Supply => relation.may_submit,
        Withdraw => relation.person || relation.submitted || relation.home,
        Cancel => relation.person || relation.home,
        _ => false,
    }
}

/// 异地受理、属地办理: once accepted, anywhere, the home area has it.
fn accept(filing: &mut Filing) {
    filing.state = State::Accepted;
    if !places::covers(&filing.poolarea_no, &filing.handling_area) {
        filing.handling_area = filing.poolarea_no.clone();
    }
}

/// What came is not what was asked for: it is missing again, and the time for it begins anew.
fn take_back(filing: &mut Filing, today: NaiveDate) {
    filing.materials.retain(|paper| !paper.is_unsettled());
    filing.supply_by = Some(supply_by(filing, today));
}

fn supply(
    filing: &mut Filing,
    papers: &[Material],
    relation: Relation,
    today: NaiveDate,
) -> Result<(), ServiceError> {
    let late = filing.state == State::Provisional;
    if late {
        refusals::check_wanted(filing, papers)?;
    }
    for paper in papers {
        filing.materials.retain(|earlier| earlier.material != paper.material);
        filing.materials.push(Material { late, ..paper.clone() });
    }
    if filing.state == State::Returned {
        filing.state = State::Submitted;
        filing.clock_from = today;
        if relation.window {
            accept(filing);
        }
    } else if filing.waits_for_a_look() {
        filing.clock_from = today;
    }
    Ok(())
}

fn hand_over(filing: &mut Filing, to_area: &str) -> Result<(), ServiceError> {
    if filing.handling_area == to_area {
        return Err(refusals::office_has_it(to_area));
    }
    if filing.state != State::Submitted && !places::covers(&filing.poolarea_no, to_area) {
        return Err(refusals::office_not_at_home(filing));
    }
    filing.handling_area = to_area.to_owned();
    Ok(())
}

#[cfg(test)]
mod tests;
