//! Who takes part in a transfer, and what everybody asks of one.

use yizhan_runtime::{Caller, Reason, ServiceError, Violations};

use crate::transfers::domain::{Initiator, Position, Side, Sides, State};
use crate::transfers::store::entities::transfer;
use yizhan_terms::{Area, is_psn_no};
use yizhan_workflow::is_reason;

/// For whom the caller may act in a transfer.
pub fn sides(caller: &Caller, from_area: Option<Area>, to_area: Option<Area>, psn_no: &str) -> Sides {
    Sides {
        sending: caller.may_manage_area(from_area),
        receiving: caller.may_manage_area(to_area),
        person: matches!(caller, Caller::Person { psn_no: own } if own == psn_no),
    }
}

/// For whom the caller may act in a stored one.
pub fn sides_of(caller: &Caller, row: &transfer::Model) -> Sides {
    sides(caller, Area::parse(&row.from_poolarea_no), Area::parse(&row.to_poolarea_no), &row.psn_no)
}

/// Whether the caller may know of the transfer.
pub fn may_see(caller: &Caller, row: &transfer::Model) -> bool {
    sides_of(caller, row) != Sides::default()
        || caller.may_read_area(Area::parse(&row.from_poolarea_no))
        || caller.may_read_area(Area::parse(&row.to_poolarea_no))
}

/// Where a stored transfer stands.
pub fn position(row: &transfer::Model) -> Result<Position, ServiceError> {
    let unreadable =
        || ServiceError::internal(anyhow::anyhow!("transfer {} cannot be read", row.transfer_id));
    let locked = row.locked_state.and_then(State::from_code).zip(row.locked_side.and_then(Side::from_code));
    Ok(Position {
        state: State::from_code(row.state).ok_or_else(unreadable)?,
        initiator: Initiator::from_code(&row.biz_prcs_codg).ok_or_else(unreadable)?,
        locked,
    })
}

/// Notes a reason that is missing or too long.
pub fn check_reason(reason: &str, required: bool, violations: &mut Violations) {
    let given = !required || !reason.trim().is_empty();
    violations.require(given, "reason", Reason::ReasonRequired, "请说明原因");
    violations.require(
        is_reason(reason),
        "reason",
        Reason::ReasonInvalid,
        "原因最多 200 个字符，且不能含控制字符",
    );
}

/// Notes what cannot be a 人员编号.
pub fn check_psn_no(field: &str, psn_no: &str, violations: &mut Violations) {
    let text = "人员编号应为 1 至 30 位字母、数字、- 或 _";
    violations.require(is_psn_no(psn_no), field, Reason::PsnNoInvalid, text);
}

/// Whether it could be the id of a transfer.
pub fn is_transfer_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// There is no such transfer, or it is not the caller's to see.
pub fn transfer_unknown(transfer_id: &str) -> ServiceError {
    let plain = is_transfer_id(transfer_id);
    ServiceError::new(Reason::TransferUnknown, "no such transfer, or not the caller's to see")
        .with("transfer_id", if plain { transfer_id } else { "" })
}

/// The caller keeps neither register.
pub fn area_not_owned() -> ServiceError {
    ServiceError::new(
        Reason::AreaNotOwned,
        "the caller does not keep the register of an area that may do this",
    )
    .with_text("无权办理该统筹区的关系转移接续")
}

/// A person has one open transfer at a time.
pub fn transfer_open(open: &transfer::Model) -> ServiceError {
    ServiceError::new(Reason::TransferOpen, "the person has an open transfer")
        .with("transfer_id", &open.transfer_id)
        .with("psn_no", &open.psn_no)
}
