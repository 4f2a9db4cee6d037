//! The feed of settlements, for those who follow: audit, clearing, institutions and areas their own.

use futures::{Stream, StreamExt, future};
use tonic::Status;
use yizhan_proto::settlement::v1::WatchSettlementsResponse;
use yizhan_runtime::feed::{Change, Position};
use yizhan_runtime::{Caller, ServiceError};

use super::query::may_see;
use crate::app::App;
use crate::books::store::settlements;

/// Settlements read at the same time ahead of a slow follower.
const READ_AHEAD: usize = 16;

/// Every settlement behind a token, in the order of commit, that the caller may see.
pub fn watch(
    app: std::sync::Arc<App>,
    caller: Caller,
    resume_token: &str,
) -> Result<impl Stream<Item = Result<WatchSettlementsResponse, Status>> + Send + use<>, ServiceError> {
    let after = Position::from_token(resume_token)?;
    let changes = app.feed.tail(after, app.stopping.clone());
    let events = changes.map(move |change| {
        let (app, caller) = (app.clone(), caller.clone());
        async move {
            match change {
                Ok(change) => event(&app, &caller, change).await.transpose(),
                Err(error) => Some(Err(ServiceError::internal(error))),
            }
        }
    });
    let visible = events.buffered(READ_AHEAD).filter_map(future::ready);
    Ok(visible.map(|event| event.map_err(Status::from)))
}

/// The settlement of a change, or nothing when it is not the caller's to see.
async fn event(
    app: &App,
    caller: &Caller,
    change: Change,
) -> Result<Option<WatchSettlementsResponse>, ServiceError> {
    let row = settlements::by_id(&app.db, &change.subject).await?;
    let row =
        row.ok_or_else(|| ServiceError::internal(anyhow::anyhow!("the feed names an unknown settlement")))?;
    if !may_see(caller, &row) {
        return Ok(None);
    }
    let settlement = settlements::answer_of(&row)?;
    Ok(Some(WatchSettlementsResponse {
        resume_token: change.position().to_token(),
        settlement: Some(settlement),
    }))
}
