//! The feed of the register, for those who follow: services everything, agencies and departments their own areas.

use futures::{Stream, StreamExt, future};
use prost::Message;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use yizhan_proto::filing::v1::{FilingChange, WatchFilingsResponse};
use yizhan_runtime::feed::{Change, Position};
use yizhan_runtime::{Caller, ServiceError};

use crate::app::Register;

/// Every change behind a token, in the order of commit, in the areas the caller may read, until the server stops.
pub fn watch_filings(
    register: &Register,
    stopping: CancellationToken,
    caller: Caller,
    resume_token: &str,
) -> Result<impl Stream<Item = Result<WatchFilingsResponse, Status>> + Send + use<>, ServiceError> {
    if caller.readable_area().is_none() {
        return Err(ServiceError::permission_denied(
            "AREA_NOT_OWNED",
            "the caller owns no area whose filings could be followed",
            "无权订阅备案变更",
        ));
    }
    let after = Position::from_token(resume_token)?;
    let changes = register.feed.tail(after, stopping);
    let visible = changes.filter_map(move |change| {
        let event = match change {
            Ok(change) if !caller.may_read_area(&change.area) => None,
            Ok(change) => Some(event(change)),
            Err(error) => Some(Err(ServiceError::internal(error))),
        };
        future::ready(event)
    });
    Ok(visible.map(|event| event.map_err(Status::from)))
}

fn event(change: Change) -> Result<WatchFilingsResponse, ServiceError> {
    let told = FilingChange::decode(change.payload.as_slice()).map_err(ServiceError::internal)?;
    Ok(WatchFilingsResponse {
        resume_token: change.position().to_token(),
        filing_id: told.filing_id,
        psn_no: told.psn_no,
        poolarea_no: told.poolarea_no,
        action: told.action,
        state: told.state,
        version: told.version,
        filings_version: told.filings_version,
    })
}
