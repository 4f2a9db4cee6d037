//! The states of a roster and the one table of its steps.

use sea_orm::{DeriveActiveEnum, EnumIter};
use yizhan_workflow::{Step, To, Workflow, step};

/// Where a roster stands, by the name under which that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    /// Rows are coming in.
    #[sea_orm(string_value = "STAGING")]
    Staging,
    /// Sealed: rows are being applied.
    #[sea_orm(string_value = "ROWS")]
    Rows,
    /// Rows are applied: identities that a full roster misses are being ended.
    #[sea_orm(string_value = "ABSENCE")]
    Absence,
    /// Applied.
    #[sea_orm(string_value = "DONE")]
    Done,
    /// Given up.
    #[sea_orm(string_value = "ABANDONED")]
    Abandoned,
}

/// What is done with a roster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Opening a stream, and sending rows on it.
    Send,
    /// Saying that all rows are there.
    Seal,
    /// Giving it up.
    GiveUp,
    /// Applying its rows, to the last.
    ApplyRows,
    /// Ending what it misses, to the last.
    EndAbsent,
}

/// Who does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Whoever may speak for its department.
    Department,
    /// The background of any process.
    Applier,
    /// Time: nobody went on with it.
    Clock,
}

/// What a step needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A full roster.
    Full,
    /// One of changes.
    Changes,
}

const STEPS: &[Step<State, Action, Role, Need>] = {
    use {Action::*, Need::*, Role::*, State::*};
    &[
        step(Send, &[Staging], &[Department], To::Stay),
        step(Seal, &[Staging], &[Department], To::State(Rows)),
        step(GiveUp, &[Staging], &[Department, Clock], To::State(Abandoned)).aside(),
        step(ApplyRows, &[Rows], &[Applier], To::State(Absence)).needs(&[Full]),
        step(ApplyRows, &[Rows], &[Applier], To::State(Done)).needs(&[Changes]),
        step(EndAbsent, &[Absence], &[Applier], To::State(Done)),
    ]
};

const ROSTERS: Workflow<State, Action, Role, Need> =
    Workflow { steps: STEPS, begins: &[State::Staging], ends: &[State::Done, State::Abandoned] };

/// Why a step is refused.
pub type Refused = yizhan_workflow::Refused<State, Action, Need>;

/// Where a step leads from a state.
pub fn next(state: State, action: Action, by: Role, full: bool) -> Result<State, Refused> {
    let case = ROSTERS.case(state, |need| full == (need == Need::Full));
    case.next(action, &[by]).map(|next| if let To::State(to) = next.to { to } else { state })
}

/// The states in which it is for the applier to go on.
pub fn to_be_applied() -> Vec<State> {
    ROSTERS.waits_for(&[Role::Applier])
}

#[cfg(test)]
mod tests;
