//! 部门名册: rosters of identities from the departments that produce them.
//!
//! [`load`] is one stream of a department: header ([`open`]), rows ([`stage`]), seal ([`seal`]). Until the seal rows are kept
//! in a table of their own and the register is untouched. Behind it [`applier`] works in the background, a batch of persons at
//! a time, each batch one transaction that also moves the roster's own position: [`apply`] the rows, then [`absence`] what a
//! full roster misses. A crash resumes there; two processes never do the same batch, because each holds the roster's row.

mod absence;
pub(crate) mod api;
mod applier;
mod apply;
mod check;
pub mod domain;
mod housekeeping;
mod load;
mod messages;
mod open;
mod query;
mod seal;
mod stage;
mod store;

pub use applier::Applier;
pub use load::load;
pub use query::{Told, abandon, get, list_rows};

use yizhan_proto::enrollment::v1::RosterHeader;
use yizhan_runtime::{Caller, ServiceError};
use yizhan_terms::Area;

use crate::rosters::store::entities::roster;

/// Rows of one message at most.
pub const MAX_ROWS_PER_MESSAGE: usize = 1000;
/// Rows of one roster at most.
pub const MAX_ROWS: i64 = 5_000_000;

/// Refuses a caller who may not speak for the department about the area.
fn check_speaker(caller: &Caller, poolarea_no: &str, department: &str) -> Result<(), ServiceError> {
    if caller.may_speak_for_department(poolarea_no, department) {
        return Ok(());
    }
    let area = Area::parse(poolarea_no);
    let owns = caller.owned_area().zip(area).is_some_and(|(own, area)| own.covers(area));
    let error = if owns {
        ServiceError::permission_denied(
            "DEPARTMENT_NOT_OWN",
            "the caller is not this department",
            "只能报送本部门的名册",
        )
    } else {
        ServiceError::permission_denied(
            "AREA_NOT_OWNED",
            "the pooling area is not the caller's",
            "该统筹区不属于本单位管理范围",
        )
    };
    Err(error.with("poolarea_no", poolarea_no).with("department", department))
}

/// The header as it was sent first.
fn header_of(roster: &roster::Model) -> Result<RosterHeader, ServiceError> {
    prost::Message::decode(roster.header.as_slice()).map_err(ServiceError::internal)
}

/// There is no such roster, or it is not the caller's to see.
fn roster_unknown(roster_id: &str) -> ServiceError {
    ServiceError::not_found("ROSTER_UNKNOWN", "no such roster", "未查询到该名册").with("roster_id", roster_id)
}
