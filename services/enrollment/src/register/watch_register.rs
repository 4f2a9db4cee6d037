//! The feed of the register, for those who follow: services everything, agencies and departments their own areas.

use futures::Stream;
use prost::Message;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use yizhan_proto::enrollment::v1::{RegisterChange, RegisterChangeKind, WatchRegisterResponse};
use yizhan_runtime::clock::timestamp;
use yizhan_runtime::feed::Change;
use yizhan_runtime::{Caller, ServiceError};

use crate::app::Register;
use crate::person::store::edit::{PERSON_MERGED, PERSON_MOVED, PERSON_UNMERGED};

/// Every change behind a token, in the order of commit, in the areas the caller may read, until the
/// server stops.
pub async fn watch_register(
    register: &Register,
    stopping: CancellationToken,
    caller: Caller,
    resume_token: &str,
) -> Result<impl Stream<Item = Result<WatchRegisterResponse, Status>> + Send + use<>, ServiceError> {
    register.feed.watch(resume_token, caller, stopping, event).await
}

fn event(change: &Change, resume_token: String) -> Result<WatchRegisterResponse, ServiceError> {
    let told = RegisterChange::decode(change.payload.as_slice()).map_err(ServiceError::internal)?;
    let kind = match change.kind.as_str() {
        PERSON_MERGED => RegisterChangeKind::Merged,
        PERSON_MOVED => RegisterChangeKind::Moved,
        PERSON_UNMERGED => RegisterChangeKind::Unmerged,
        _ => RegisterChangeKind::Changed,
    };
    Ok(WatchRegisterResponse {
        resume_token,
        psn_no: told.psn_no,
        person_version: told.person_version,
        poolarea_no: told.poolarea_no,
        kind: kind.into(),
        touched_begndate: told.touched_begndate,
        entitlement_unchanged: told.entitlement_unchanged,
        recorded_at: Some(timestamp(change.recorded_at)),
        transfer_id: told.transfer_id,
        from_poolarea_no: told.from_poolarea_no,
        unmerged_from_psn_no: told.unmerged_from_psn_no,
    })
}
