//! The feed of settlements, for those who follow: audit, clearing, institutions and areas their own.

use std::sync::Arc;

use futures::{Stream, StreamExt, future};
use tonic::Status;
use yizhan_proto::enrollment::v1::LookKind;
use yizhan_proto::settlement::v1::{
    Deferral, Recovery, Settlement, WatchSettlementsRequest, WatchSettlementsResponse, WorkItem,
};
use yizhan_runtime::feed::may_not_follow;
use yizhan_runtime::{Caller, ServiceError, Violations};

use crate::app::App;
use crate::books::store::followed::{Entry, Opened, Settled, Told};
use crate::books::store::settlements;
use crate::looks::domain::{View, Whose, may_follow, view_of};
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

/// What of an entry the follower sees.
enum Seen {
    Settled(Box<Settlement>),
    Whole,
}

impl Follower {
    /// As much of an entry as the follower sees; `None`: nothing. Of an opening, or of the worklist, who sees settlements as a whole.
    fn sees<E>(&self, entry: Result<Arc<Entry>, E>) -> Result<Option<(Arc<Entry>, Seen)>, ServiceError>
    where
        ServiceError: From<E>,
    {
        let entry = entry?;
        let Some(view) = view_of(&self.caller, whose(&entry.told)) else { return Ok(None) };
        let seen = match &entry.told {
            Told::Settled(settled) => {
                let settlement = settlements::decode_answer(&settled.answer)?;
                cut(settlement, view).map(|settlement| Seen::Settled(Box::new(settlement)))
            }
            Told::Opened(_) | Told::Item(_) | Told::Recovered(_) | Told::Deferred(_) => {
                (view == View::Whole).then_some(Seen::Whole)
            }
        };
        Ok(seen.map(|seen| (entry, seen)))
    }

    /// The event, once the look is logged.
    async fn told(
        &self,
        (entry, seen): (Arc<Entry>, Seen),
    ) -> Result<WatchSettlementsResponse, ServiceError> {
        let resume_token = self.app.feed.token_behind(&entry.change);
        let event = WatchSettlementsResponse { resume_token, ..WatchSettlementsResponse::default() };
        let (psn_no, subject) = match &entry.told {
            Told::Settled(Settled { psn_no, setl_id, .. }) => (psn_no, setl_id),
            Told::Opened(Opened { psn_no, opening_id, .. }) => (psn_no, opening_id),
            Told::Item(item) => (&item.psn_no, &item.setl_id),
            Told::Deferred(of) => (&of.psn_no, &of.setl_id),
            // It tells of no person: nobody looks at one.
            Told::Recovered(recovery) => {
                return Ok(WatchSettlementsResponse { recovery: Some(recovery.as_ref().clone()), ..event });
            }
        };
        let look = Look { kind: LookKind::Settlement, psn_no, subject, purpose: &self.purpose };
        leave::note(&self.app, &self.caller, whose(&entry.told), look).await?;
        Ok(match (seen, &entry.told) {
            (Seen::Settled(settlement), _) => {
                WatchSettlementsResponse { settlement: Some(*settlement), ..event }
            }
            (Seen::Whole, Told::Item(item)) => {
                WatchSettlementsResponse { work_item: Some((**item).clone()), ..event }
            }
            (Seen::Whole, Told::Deferred(of)) => {
                WatchSettlementsResponse { deferral: Some((**of).clone()), ..event }
            }
            (Seen::Whole, told) => WatchSettlementsResponse {
                opening_id: subject.clone(),
                psn_no: psn_no.clone(),
                poolarea_no: whose(told).poolarea_no.to_owned(),
                ..event
            },
        })
    }
}

fn whose(told: &Told) -> Whose<'_> {
    match told {
        Told::Settled(Settled { poolarea_no, psn_no, fixmedins_code, .. }) => {
            Whose { poolarea_no, psn_no, fixmedins_code }
        }
        Told::Opened(Opened { poolarea_no, psn_no, .. }) => Whose { poolarea_no, psn_no, fixmedins_code: "" },
        Told::Item(item) => {
            let WorkItem { poolarea_no, psn_no, .. } = item.as_ref();
            Whose { poolarea_no, psn_no, fixmedins_code: "" }
        }
        Told::Deferred(of) => {
            let Deferral { poolarea_no, psn_no, fixmedins_code, .. } = of.as_ref();
            Whose { poolarea_no, psn_no, fixmedins_code }
        }
        Told::Recovered(recovery) => {
            let Recovery { poolarea_no, fixmedins_code, .. } = recovery.as_ref();
            Whose { poolarea_no, psn_no: "", fixmedins_code }
        }
    }
}
