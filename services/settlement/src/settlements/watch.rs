//! The feed of settlements, for those who follow: audit, clearing, institutions and areas their own.

use std::sync::Arc;

use futures::{Stream, StreamExt, future};
use tonic::Status;
use yizhan_proto::enrollment::v1::LookKind;
use yizhan_proto::settlement::v1::{WatchSettlementsRequest, WatchSettlementsResponse};
use yizhan_runtime::feed::{Change, Position};
use yizhan_runtime::{Caller, ServiceError, Violations};

use super::query::whose;
use crate::app::App;
use crate::books::store::settlements;
use crate::looks::domain::view_of;
use crate::looks::leave::{self, Look, check_purpose};
use crate::looks::messages::cut;

/// Settlements read at the same time ahead of a slow follower.
const READ_AHEAD: usize = 16;

/// Every settlement behind a token, in the order of commit, as much of it as the caller may see.
pub fn watch(
    app: Arc<App>,
    caller: Caller,
    request: &WatchSettlementsRequest,
) -> Result<impl Stream<Item = Result<WatchSettlementsResponse, Status>> + Send + use<>, ServiceError> {
    let mut wrong = Violations::new();
    let purpose: Arc<str> = check_purpose(&caller, &request.purpose, false, &mut wrong).into();
    wrong.none()?;
    let after = Position::from_token(&request.resume_token)?;
    let changes = app.feed.tail(after, app.stopping.clone());
    let events = changes.map(move |change| {
        let (app, caller, purpose) = (app.clone(), caller.clone(), purpose.clone());
        async move {
            match change {
                Ok(change) => event(&app, &caller, &purpose, change).await.transpose(),
                Err(error) => Some(Err(ServiceError::from(error))),
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
    purpose: &str,
    change: Change,
) -> Result<Option<WatchSettlementsResponse>, ServiceError> {
    let row = settlements::by_id(&app.db, &change.subject).await?;
    let row =
        row.ok_or_else(|| ServiceError::internal(anyhow::anyhow!("the feed names an unknown settlement")))?;
    let Some(view) = view_of(caller, whose(&row)) else { return Ok(None) };
    let Some(settlement) = cut(settlements::answer_of(&row)?, view) else { return Ok(None) };
    let look = Look { kind: LookKind::Settlement, psn_no: &row.psn_no, subject: &row.setl_id, purpose };
    leave::note(app, caller, whose(&row), look).await?;
    Ok(Some(WatchSettlementsResponse {
        resume_token: change.position().to_token(),
        settlement: Some(settlement),
    }))
}
