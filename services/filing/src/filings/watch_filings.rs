//! The feed of the register, for those who follow: services everything, agencies and departments their own areas.

use futures::Stream;
use prost::Message;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use yizhan_proto::filing::v1::{FilingChange, WatchFilingsResponse};
use yizhan_runtime::feed::Change;
use yizhan_runtime::{Caller, ServiceError};

use crate::app::Register;

/// Every change behind a token, in the order of commit, in the areas the caller may read, until the server stops.
pub async fn watch_filings(
    register: &Register,
    stopping: CancellationToken,
    caller: Caller,
    resume_token: &str,
) -> Result<impl Stream<Item = Result<WatchFilingsResponse, Status>> + Send + use<>, ServiceError> {
    register.feed.watch(resume_token, caller, stopping, event).await
}

fn event(change: &Change, resume_token: String) -> Result<WatchFilingsResponse, ServiceError> {
    let told = FilingChange::decode(change.payload.as_slice()).map_err(ServiceError::internal)?;
    Ok(WatchFilingsResponse {
        resume_token,
        filing_id: told.filing_id,
        psn_no: told.psn_no,
        poolarea_no: told.poolarea_no,
        action: told.action,
        state: told.state,
        version: told.version,
        filings_version: told.filings_version,
    })
}
