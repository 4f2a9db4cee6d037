//! Reads transfers: one with all its steps, or the work queue of an area.

use yizhan_proto::enrollment::v1::{ListTransfersRequest, ListTransfersResponse, Transfer, TransferSide};
use yizhan_runtime::page::paginated;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use crate::app::Register;
use crate::transfers::domain::{Side, State};
use crate::transfers::messages;
use crate::transfers::parties::{is_transfer_id, may_see, transfer_unknown};
use crate::transfers::store::transfers;

/// States asked for at most: as many as there are.
const MAX_STATES: usize = State::ALL.len();

/// One transfer.
pub async fn get_transfer(
    register: &Register,
    caller: &Caller,
    transfer_id: &str,
) -> Result<Transfer, ServiceError> {
    if !is_transfer_id(transfer_id) {
        return Err(transfer_unknown(transfer_id));
    }
    let found = transfers::find(&register.db, transfer_id).await?;
    let row = found.filter(|row| may_see(caller, row)).ok_or_else(|| transfer_unknown(transfer_id))?;
    let steps = transfers::steps(&register.db, transfer_id).await?;
    messages::whole(&row, steps, caller)
}

/// One page of a work queue.
pub async fn list_transfers(
    register: &Register,
    caller: &Caller,
    request: ListTransfersRequest,
) -> Result<ListTransfersResponse, ServiceError> {
    let mut violations = Violations::new();
    let area = request.poolarea_no.as_str();
    violations.require(
        Area::parse(area).is_some(),
        "poolarea_no",
        Reason::PoolareaInvalid,
        "统筹区应为 6 位行政区划代码",
    );
    let side = match request.side() {
        TransferSide::Sending => Some(Side::Sending),
        TransferSide::Receiving => Some(Side::Receiving),
        TransferSide::Unspecified => None,
        TransferSide::Person => {
            violations.push("side", Reason::SideUnknown, "应为转出地、转入地或不填");
            None
        }
    };
    let known = request.states.len() <= MAX_STATES
        && request.states.iter().all(|state| State::from_code(*state).is_some());
    violations.require(known, "states", Reason::StateUnknown, "转移状态未知，最多 10 个");
    violations.finish()?;
    if !caller.may_read_area(Area::parse(area)) {
        return Err(ServiceError::new(
            Reason::AreaNotOwned,
            "the caller may not read the transfers of this pooling area",
        )
        .with_text("无权查询该统筹区的关系转移接续")
        .with("poolarea_no", area));
    }
    let states = if request.states.is_empty() { transfers::open_states() } else { request.states.clone() };
    let of = format!("transfers/{area}/{}/{states:?}", request.side);
    let behind =
        |after: Option<[String; 1]>, limit| transfers::page(&register.db, (area, side), states, after, limit);
    let asked = (request.page_size, request.page_token.as_str());
    let (found, next_page_token) = paginated(&of, asked, behind, |last| [last.transfer_id.clone()]).await?;
    let listed: Result<Vec<Transfer>, ServiceError> = found.iter().map(messages::listed).collect();
    Ok(ListTransfersResponse { transfers: listed?, next_page_token })
}
