//! Reads transfers: one with all its steps, or the work queue of an area.

use yizhan_proto::enrollment::v1::{
    GetTransferRequest, GetTransferResponse, ListTransfersRequest, ListTransfersResponse, TransferSide,
};
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use crate::app::Register;
use crate::transfers::domain::{Side, State};
use crate::transfers::messages;
use crate::transfers::parties::{due_now, is_transfer_id, may_see, sides_of, transfer_unknown};
use crate::transfers::store::transfers;

/// States asked for at most: as many as there are.
const MAX_STATES: usize = 10;

/// One transfer.
pub async fn get_transfer(
    register: &Register,
    caller: &Caller,
    request: GetTransferRequest,
) -> Result<GetTransferResponse, ServiceError> {
    let transfer_id = &request.transfer_id;
    if !is_transfer_id(transfer_id) {
        return Err(transfer_unknown(transfer_id));
    }
    let found = transfers::find(&register.db, transfer_id).await?;
    let row = found.filter(|row| may_see(caller, row)).ok_or_else(|| transfer_unknown(transfer_id))?;
    let steps = transfers::steps(&register.db, transfer_id).await?;
    let due = due_now(register);
    let transfer = messages::whole(&row, steps, sides_of(caller, &row), &due)?;
    Ok(GetTransferResponse { transfer: Some(transfer) })
}

/// One page of a work queue.
pub async fn list_transfers(
    register: &Register,
    caller: &Caller,
    request: ListTransfersRequest,
) -> Result<ListTransfersResponse, ServiceError> {
    let mut violations = Violations::new();
    let area = request.poolarea_no.as_str();
    violations.require(Area::parse(area).is_some(), "poolarea_no", Reason::AreaInvalid);
    let side = match request.side() {
        TransferSide::Sending => Some(Some(Side::Sending)),
        TransferSide::Receiving => Some(Some(Side::Receiving)),
        TransferSide::Unspecified => Some(None),
        TransferSide::Person => None,
    };
    let side = violations.some(side, "side", Reason::SideUnknown);
    let states: Option<Vec<State>> = request.states.iter().map(|state| State::from_code(*state)).collect();
    let states = states.filter(|states| states.len() <= MAX_STATES);
    let states = violations.some(states, "states", Reason::StateUnknown);
    let (side, mut states) = violations.finish(side.zip(states))?;
    caller.check_reads(area)?;
    if states.is_empty() {
        states.extend(State::open());
    }
    let due = due_now(register);
    let overdue = request.overdue_only.then(|| due.overdue_since(area));
    let behind = |after: Option<[String; 1]>, limit| {
        transfers::page(&register.db, (area, side), states, overdue, after, limit)
    };
    let asked = register.pages.asked(caller, &request);
    let (found, next_page_token) = asked.page(behind, |last| [last.transfer_id.clone()]).await?;
    Ok(ListTransfersResponse {
        transfers: found.iter().map(|row| messages::listed(row, &due)).collect(),
        next_page_token,
    })
}
