//! The feed of the register, for those who follow: services everything, agencies and departments their own areas.

use futures::{Stream, StreamExt, future};
use prost::Message;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use yizhan_proto::enrollment::v1::{RegisterChange, RegisterChangeKind, WatchRegisterResponse};
use yizhan_runtime::feed::{Change, Position};
use yizhan_runtime::{Caller, ServiceError};

use crate::app::Register;
use crate::person::store::edit::{PERSON_MERGED, PERSON_MOVED};

/// Every change behind a token, in the order of commit, in the areas the caller may read, until the
/// server stops.
pub fn watch_register(
    register: &Register,
    stopping: CancellationToken,
    caller: Caller,
    resume_token: &str,
) -> Result<impl Stream<Item = Result<WatchRegisterResponse, Status>> + Send + use<>, ServiceError> {
    if caller.readable_area().is_none() {
        return Err(ServiceError::permission_denied(
            "AREA_NOT_OWNED",
            "the caller owns no area whose register could be followed",
            "无权订阅参保信息变更",
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

fn event(change: Change) -> Result<WatchRegisterResponse, ServiceError> {
    let told = RegisterChange::decode(change.payload.as_slice()).map_err(ServiceError::internal)?;
    let kind = match change.kind.as_str() {
        PERSON_MERGED => RegisterChangeKind::Merged,
        PERSON_MOVED => RegisterChangeKind::Moved,
        _ => RegisterChangeKind::Changed,
    };
    Ok(WatchRegisterResponse {
        resume_token: change.position().to_token(),
        psn_no: told.psn_no,
        person_version: told.person_version,
        poolarea_no: told.poolarea_no,
        kind: kind.into(),
    })
}
