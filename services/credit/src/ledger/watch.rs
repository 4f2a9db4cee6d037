//! The ledger, for those who follow.

use futures::Stream;
use prost::Message;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use yizhan_proto::credit::v1::WatchCreditResponse;
use yizhan_runtime::feed::{Change, may_not_follow};
use yizhan_runtime::{Caller, ServiceError};

use crate::app::Credit;

/// Everything entered behind a token, as far as the caller sees it.
pub async fn watch(
    credit: &Credit,
    stopping: CancellationToken,
    caller: Caller,
    token: &str,
) -> Result<impl Stream<Item = Result<WatchCreditResponse, Status>> + Send + use<>, ServiceError> {
    if matches!(caller, Caller::Department { .. }) {
        return Err(may_not_follow());
    }
    let event = |change: &Change, resume_token| {
        let told = WatchCreditResponse::decode(change.payload.as_slice()).map_err(ServiceError::internal)?;
        Ok(WatchCreditResponse { resume_token, ..told })
    };
    credit.feed.watch(token, caller, stopping, event).await
}
