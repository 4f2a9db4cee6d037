//! The feed of settlements, for those who follow: audit, clearing, institutions and areas their own.

use std::sync::Arc;

use futures::{Stream, StreamExt, future};
use tonic::Status;
use yizhan_proto::enrollment::v1::LookKind;
use yizhan_proto::settlement::v1::{Settlement, WatchSettlementsRequest, WatchSettlementsResponse};
use yizhan_runtime::feed::may_not_follow;
use yizhan_runtime::{Caller, ServiceError, Violations};

use crate::app::App;
use crate::books::store::followed::{Entry, Settled};
use crate::books::store::settlements;
use crate::looks::domain::{Whose, may_follow, view_of};
use crate::looks::leave::{self, Look, check_purpose};
use crate::looks::messages::cut;

/// Looks logged at the same time ahead of a slow follower.
const READ_AHEAD: usize = 16;

/// Who follows, and what for.
struct Follower {
    app: Arc<App>,
    caller: Caller,
    purpose: String,
}

/// Every settlement behind a token, in the order of commit, as much of it as the caller may see.
pub async fn watch(
    app: Arc<App>,
    caller: Caller,
    request: &WatchSettlementsRequest,
) -> Result<impl Stream<Item = Result<WatchSettlementsResponse, Status>> + Send + use<>, ServiceError> {
    if !may_follow(&caller) {
        return Err(may_not_follow());
    }
    let mut wrong = Violations::new();
    let purpose = check_purpose(&caller, &request.purpose, false, &mut wrong);
    wrong.none()?;
    let entries = app.feed.follow(&caller, &request.resume_token, app.stopping.clone()).await?;
    let follower = Arc::new(Follower { app, caller, purpose });
    let looker = Arc::clone(&follower);
    let seen = entries.filter_map(move |entry| future::ready(follower.sees(entry).transpose()));
    let told = seen.map(move |seen| {
        let follower = Arc::clone(&looker);
        async move { follower.told(seen?).await }
    });
    Ok(told.buffered(READ_AHEAD).map(|event| event.map_err(Status::from)))
}

impl Follower {
    /// As much of a settlement as the follower sees; `None`: nothing.
    fn sees<E>(&self, entry: Result<Arc<Entry>, E>) -> Result<Option<(Arc<Entry>, Settlement)>, ServiceError>
    where
        ServiceError: From<E>,
    {
        let entry = entry?;
        let Some(view) = view_of(&self.caller, whose(&entry.settled)) else { return Ok(None) };
        let settlement = settlements::decode_answer(&entry.settled.answer)?;
        Ok(cut(settlement, view).map(|settlement| (entry, settlement)))
    }

    /// The event, once the look is logged.
    async fn told(
        &self,
        (entry, settlement): (Arc<Entry>, Settlement),
    ) -> Result<WatchSettlementsResponse, ServiceError> {
        let Settled { psn_no, setl_id, .. } = &entry.settled;
        let look = Look { kind: LookKind::Settlement, psn_no, subject: setl_id, purpose: &self.purpose };
        leave::note(&self.app, &self.caller, whose(&entry.settled), look).await?;
        let resume_token = self.app.feed.token_behind(&entry.change);
        Ok(WatchSettlementsResponse { resume_token, settlement: Some(settlement) })
    }
}

fn whose(settled: &Settled) -> Whose<'_> {
    Whose {
        poolarea_no: &settled.poolarea_no,
        psn_no: &settled.psn_no,
        fixmedins_code: &settled.fixmedins_code,
    }
}
