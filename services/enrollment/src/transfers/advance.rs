//! Takes one step of a transfer. The row is locked first: of two who step at once, the second finds the state the first left.

use prost::Message;
use sea_orm::ActiveEnum;
use yizhan_proto::enrollment::v1::{AdvanceTransferRequest, AdvanceTransferResponse};
use yizhan_runtime::{Caller, Reason, ServiceError, once};

use super::finish::{self, CheckedTerms, checked_terms};
use super::parties::{check_reason, due_now, is_transfer_id, may_see, sides_of, transfer_unknown};
use crate::app::{Done, Register, Write, person_unknown};
use crate::person::store::entities::person::PersonalText;
use crate::person::store::timelines::{self, StoredTimeline};
use crate::transfers::domain::statement::statement;
use crate::transfers::domain::{Action, Refused, Sides, State, Taken, next};
use crate::transfers::messages::{self, action_name, state_name};
use crate::transfers::store::entities::{transfer, transfer_step};
use crate::transfers::store::transfers;

/// By an agency of one of the areas; withdrawing also by the person.
pub async fn advance_transfer(
    register: &Register,
    caller: &Caller,
    mut request: AdvanceTransferRequest,
) -> Result<AdvanceTransferResponse, ServiceError> {
    let (key, mut violations) = once::open(caller, &mut request);
    violations.require(!request.transfer_id.is_empty(), "transfer_id", Reason::TransferIdRequired);
    let unknown = Reason::ActionUnknown.saying("办理动作未知");
    let action = violations.some(Action::from_code(request.action), "action", unknown);
    check_reason(&request.reason, action.is_some_and(Action::needs_reason), &mut violations);
    let terms = match (&request.finish, action) {
        (Some(terms), Some(Action::Finish)) => {
            checked_terms(terms, register.clock.today(), &mut violations).map(Some)
        }
        (Some(_), _) => {
            violations.push("finish", Reason::FinishTermsNotExpected);
            None
        }
        (None, _) => Some(None),
    };
    let (action, terms) = violations.finish(action.zip(terms))?;
    if !is_transfer_id(&request.transfer_id) {
        return Err(transfer_unknown(&request.transfer_id));
    }
    let work = Advance { caller, request: &request, action, terms };
    once::once(register, &key, |write| Box::pin(work.write(write))).await
}

/// A step to be taken.
struct Advance<'a> {
    caller: &'a Caller,
    request: &'a AdvanceTransferRequest,
    action: Action,
    terms: Option<CheckedTerms>,
}

impl Advance<'_> {
    async fn write(
        &self,
        write @ Write { tx, .. }: Write<'_>,
    ) -> Result<Done<AdvanceTransferResponse>, ServiceError> {
        let found = transfers::lock(tx, &self.request.transfer_id).await?;
        let found = found.filter(|row| may_see(self.caller, row));
        let mut row = found.ok_or_else(|| transfer_unknown(&self.request.transfer_id))?;
        let sides = sides_of(self.caller, &row);
        if sides == Sides::default() {
            return Err(ServiceError::area_not_owned(""));
        }
        let next = next(row.position(), self.action, sides);
        let (after, side) = next.map_err(|refused| step_refused(&row, &refused))?;
        let changed = self.effect(write, &mut row).await?;
        let (action, from, reason) = (self.action, Some(row.state), self.request.reason.clone());
        take(write, &mut row, Taken { after, from, action, actor: side, reason }).await?;
        let steps = transfers::steps(tx, &row.transfer_id).await?;
        let due = due_now(write.service);
        let transfer = Some(messages::whole(&row, steps, sides, &due)?);
        Ok(Done { answer: AdvanceTransferResponse { transfer, replayed: false }, changed })
    }

    /// What a step does besides being taken.
    async fn effect(
        &self,
        write @ Write { tx, service: register, .. }: Write<'_>,
        row: &mut transfer::Model,
    ) -> Result<Vec<StoredTimeline>, ServiceError> {
        if self.action == Action::GenerateStatement {
            let held = timelines::find(tx, &row.psn_no).await?.ok_or_else(|| person_unknown(&row.psn_no))?;
            let made = statement(&finish::of_sender(&held, row), register.clock.today());
            row.statement = messages::statement(made).encode_to_vec();
        }
        match &self.terms {
            Some(terms) => terms.finish(write, row).await,
            None if self.action == Action::Finish => finish::finish_insured(write, row).await,
            None => Ok(Vec::new()),
        }
    }
}

/// Writes a step down, and where the transfer stands behind it.
pub async fn take(
    Write { tx, service: register, cause }: Write<'_>,
    row: &mut transfer::Model,
    taken: Taken,
) -> Result<(), ServiceError> {
    // A lock stops nobody's clock, and an acceptance begins none anew.
    let turn = |state: Option<State>| state.and_then(State::turn);
    let (was, is) = (turn(taken.from), turn(Some(taken.after.state)));
    if is.is_some() && taken.from != Some(State::Locked) && was != is {
        row.waiting_since = Some(register.clock.today());
    }
    row.state = taken.after.state;
    (row.locked_state, row.locked_side) = taken.after.locked.unzip();
    row.step_count += 1;
    if let Some(document) = taken.action.document() {
        row.node_codg = document.to_owned();
    }
    let step = transfer_step::Model {
        transfer_id: row.transfer_id.clone(),
        step_no: row.step_count,
        action: taken.action,
        from_state: taken.from.map_or(0, |from| from.to_value()),
        to_state: row.state,
        side: taken.actor,
        actor: cause.caller.clone(),
        recorded_at: register.clock.now(),
        reason: PersonalText(taken.reason),
    };
    transfers::update(tx, row).await?;
    Ok(transfers::insert_step(tx, step).await?)
}

fn step_refused(row: &transfer::Model, refused: &Refused) -> ServiceError {
    let allowed: Vec<&str> = refused.allowed.iter().map(|action| action_name(*action)).collect();
    ServiceError::new(
        Reason::TransferStepRefused,
        "the transfer does not allow this step to this caller in the state it is in",
    )
    .with("transfer_id", &row.transfer_id)
    .with("state", state_name(refused.state))
    .with("allowed_actions", allowed.join(","))
}
