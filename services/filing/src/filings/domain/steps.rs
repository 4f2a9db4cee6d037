//! The steps of a filing: which of them a caller may take where it stands, and what each makes of it (受理, 办结, 退回, 转办 …). Submitting is
//! not among them, nor what follows by itself.

pub mod table;

use chrono::NaiveDate;
use yizhan_runtime::ServiceError;
use yizhan_terms::Area;
use yizhan_workflow::{Refused, Why};

use super::completion::{complete, supply_by};
use super::conflicts::{change_locked, locked_until};
use super::filing::{Filing, Material, State};
use super::refusals;
use super::step::{Action, Occasion, Taken};
use table::{FILINGS, Need, Role};

/// What a caller is to a filing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// In the table of steps; one may be several.
    pub roles: Vec<Role>,
    /// The very officer who submitted it.
    pub same_officer: bool,
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
    pub to_area: Option<Area>,
}

/// The step that a caller asks for by its number in the contract.
pub fn asked(number: i32) -> Option<Action> {
    FILINGS.actions(&Role::CALLERS).into_iter().find(|action| action.number() == number)
}

/// Whether somebody has to go on with a filing that stands there: an office, or who hands in papers.
pub fn is_under_way(state: State) -> bool {
    let hands = [&Role::OFFICES[..], &[Role::Filer]].concat();
    FILINGS.waits_for(&hands).contains(&state)
}

/// Whether the filing must say why a step was taken.
pub fn says_why(action: Action) -> bool {
    FILINGS.says_why(action)
}

/// The last day on which it is decided in time, as `add` counts working days; `None` where no office has to decide it now. Once what was to
/// come has come, the time for looking at it begins on that day.
pub fn due(
    filing: &Filing,
    today: NaiveDate,
    add: impl Fn(NaiveDate, u32) -> NaiveDate,
) -> Option<NaiveDate> {
    let case = FILINGS.case(filing.state_on(today), |need| meets(filing, need, false, today));
    case.due(&Role::OFFICES, filing.clock_from, filing.working_days, add)
}

fn meets(filing: &Filing, need: Need, same_officer: bool, today: NaiveDate) -> bool {
    match need {
        Need::SomethingToLookAt => filing.waits_for_a_look(),
        Need::UnsettledPaper => filing.materials.iter().any(Material::is_unsettled),
        Need::SomethingMissing => filing.missing().next().is_some(),
        Need::AnotherOfficer => !same_officer,
        Need::Papers => filing.missing().all(|missing| missing.may_wait(filing.is_committed())),
        Need::Unlocked => locked_until(filing, today).is_none(),
    }
}

/// As it is told, with where the filing stands and what the caller may do.
fn refusal(
    filing: &Filing,
    action: Action,
    refused: Refused<State, Action, Need>,
    today: NaiveDate,
) -> ServiceError {
    let Refused { state, why, allowed } = refused;
    let error = match (why, action) {
        (Why::NotByThisRole, Action::Complete | Action::Reject) => refusals::not_home_area(filing),
        (Why::NotInThisState, Action::Supply) if state == State::Lapsed => {
            refusals::supplement_too_late(filing)
        }
        (Why::Needs(Need::AnotherOfficer), _) => refusals::own_submission(),
        (Why::Needs(Need::Papers), _) => refusals::material_missing(filing),
        (Why::Needs(Need::Unlocked), _) => locked_until(filing, today)
            .map_or_else(|| refusals::step_refused(state, &allowed), |until| change_locked(filing, until)),
        _ => refusals::step_refused(state, &allowed),
    };
    let names: Vec<&str> = allowed.iter().map(|action| action.name()).collect();
    error
        .with("filing_id", &filing.filing_id)
        .with("state", state.name())
        .with("allowed_actions", names.join(","))
}

/// Takes a step. `replaced` is the filing whose place this one takes; completing it ends that one.
pub fn take(
    mut filing: Filing,
    step: &Step,
    relation: &Relation,
    replaced: Option<Filing>,
    occasion: &Occasion,
) -> Result<Vec<Taken>, ServiceError> {
    let Occasion { today, now, .. } = *occasion;
    let case =
        FILINGS.case(filing.state_on(today), |need| meets(&filing, need, relation.same_officer, today));
    let next = case.next(step.action, &relation.roles);
    next.map_err(|refused| refusal(&filing, step.action, refused, today))?;
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
        Action::HandOver => step.to_area.map_or(Ok(()), |to_area| hand_over(&mut filing, to_area))?,
        Action::Withdraw => filing.state = State::Withdrawn,
        Action::Cancel => {
            filing.state = State::Cancelled;
            filing.ended_on = Some(today);
        }
        _ => {}
    }
    Ok(vec![Taken { reason: step.reason.clone(), ..occasion.step(Some(from), step.action, filing) }])
}

/// 异地受理、属地办理: once accepted, anywhere, the home area has it.
fn accept(filing: &mut Filing) {
    filing.state = State::Accepted;
    if !filing.poolarea_no.covers(filing.handling_area) {
        filing.handling_area = filing.poolarea_no;
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
    relation: &Relation,
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

fn hand_over(filing: &mut Filing, to_area: Area) -> Result<(), ServiceError> {
    if filing.handling_area == to_area {
        return Err(refusals::office_has_it(to_area));
    }
    if filing.state != State::Submitted && !filing.poolarea_no.covers(to_area) {
        return Err(refusals::office_not_at_home(filing));
    }
    filing.handling_area = to_area;
    Ok(())
}

#[cfg(test)]
mod tests;
