//! Who takes part in a transfer, and what everybody asks of one.

use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use crate::app::Register;
use crate::transfers::domain::Sides;
use crate::transfers::domain::due::Due;
use crate::transfers::store::entities::transfer;
use yizhan_workflow::is_reason;

/// For whom the caller may act in a transfer.
pub fn sides(caller: &Caller, from_area: &str, to_area: &str, psn_no: &str) -> Sides {
    Sides {
        sending: caller.may_manage_area(Area::parse(from_area)),
        receiving: caller.may_manage_area(Area::parse(to_area)),
        person: matches!(caller, Caller::Person { psn_no: own } if own == psn_no),
    }
}

/// For whom the caller may act in a stored one.
pub fn sides_of(caller: &Caller, row: &transfer::Model) -> Sides {
    sides(caller, &row.from_poolarea_no, &row.to_poolarea_no, &row.psn_no)
}

/// Whether the caller may know of the transfer.
pub fn may_see(caller: &Caller, row: &transfer::Model) -> bool {
    sides_of(caller, row) != Sides::default()
        || caller.may_read_area(Area::parse(&row.from_poolarea_no))
        || caller.may_read_area(Area::parse(&row.to_poolarea_no))
}

/// Notes a reason that is missing or too long.
pub fn check_reason(reason: &str, required: bool, violations: &mut Violations) {
    let given = !required || !reason.trim().is_empty();
    violations.require(given, "reason", Reason::ReasonRequired);
    violations.require(is_reason(reason), "reason", Reason::ReasonInvalid);
}

/// What transfers are on the clock by now.
pub fn due_now(register: &Register) -> Due {
    Due { rules: register.rules.current(), today: register.clock.today() }
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

/// A person has one open transfer at a time.
pub fn transfer_open(open: &transfer::Model) -> ServiceError {
    ServiceError::new(Reason::TransferOpen, "the person has an open transfer")
        .with("transfer_id", &open.transfer_id)
        .with("psn_no", &open.psn_no)
}
