//! Enrollment's register: visits of records that were merged count as one person's, and part again with them.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use tonic::{Status, async_trait};
use yizhan_proto::enrollment::v1::enrollment_service_client::EnrollmentServiceClient;
use yizhan_proto::enrollment::v1::{
    GetPersonRequest, RegisterChangeKind, WatchRegisterRequest, WatchRegisterResponse,
};
use yizhan_runtime::client::PeerChannel;
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::follow::{Events, Follower, Timestamp};
use yizhan_runtime::{Reason, ServiceError};

use super::follow_settlements::Watches;
use super::screen::{screen_again, turn};
use crate::app::Audit;
use crate::visits::store::{self, merged};

/// Questions to enrollment at the same time.
const QUESTIONS: usize = 4;

/// This service as follower of enrollment.
pub struct FollowRegister {
    /// What is changed.
    pub audit: Audit,
    /// Enrollment, by the channel for the feed.
    pub feed: EnrollmentServiceClient<PeerChannel>,
    /// Enrollment, by the channel for questions.
    pub questions: EnrollmentServiceClient<PeerChannel>,
    /// Who watches over people.
    pub watches: Arc<dyn Watches>,
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// Another one took its place, as enrollment knows it now.
    Merged {
        /// 人员编号 that went.
        went: String,
        /// The one that took its place.
        into: String,
    },
    /// It is a person of its own again.
    Parted(String),
}

#[async_trait]
impl Follower for FollowRegister {
    type Event = WatchRegisterResponse;
    type Work = Vec<Happened>;
    type Changed = ();

    fn feed(&self) -> &'static str {
        "enrollment.register"
    }

    async fn open(&self, resume_token: String) -> Result<Events<WatchRegisterResponse>, Status> {
        let request = WatchRegisterRequest { resume_token };
        Ok(self.feed.clone().watch_register(request).await?.into_inner().boxed())
    }

    fn resume_token(event: &WatchRegisterResponse) -> &str {
        &event.resume_token
    }

    fn happened(event: &WatchRegisterResponse) -> Option<Timestamp> {
        event.recorded_at
    }

    /// Most events are neither merges nor what takes one back.
    async fn prepare(&self, events: Vec<WatchRegisterResponse>) -> Result<Vec<Happened>, ServiceError> {
        let asked = events.into_iter().filter_map(|event| match event.kind() {
            RegisterChangeKind::Merged => Some((event.psn_no, true)),
            RegisterChangeKind::Unmerged => Some((event.psn_no, false)),
            _ => None,
        });
        let happened = stream::iter(asked).map(|(psn_no, merged)| self.happened(psn_no, merged));
        let happened: Vec<Option<Happened>> = happened.buffered(QUESTIONS).try_collect().await?;
        Ok(happened.into_iter().flatten().collect())
    }

    async fn apply(&self, tx: &DatabaseTransaction, work: &Vec<Happened>) -> Result<(), ServiceError> {
        if work.is_empty() {
            return Ok(());
        }
        turn(tx).await?;
        for happened in work {
            let (numbers, stays, was) = match happened {
                Happened::Merged { went, into } => {
                    let (numbers, stays) = merged::merge(tx, went, into).await?;
                    (numbers, stays.clone(), stays)
                }
                Happened::Parted(psn_no) => {
                    let (numbers, was) = merged::part(tx, psn_no).await?;
                    (numbers, psn_no.clone(), was)
                }
            };
            store::move_to(tx, &numbers, &stays).await?;
            let looked_at = numbers.iter().chain([&stays, &was]).map(String::as_str).collect();
            self.watches.visits_changed(tx, looked_at).await?;
            screen_again(tx, &self.audit, [stays, was].into()).await?;
        }
        Ok(())
    }

    async fn committed(&self, (): ()) {}
}

impl FollowRegister {
    /// `None` where a merge was taken back since: that has an event of its own.
    async fn happened(&self, psn_no: String, merged: bool) -> Result<Option<Happened>, ServiceError> {
        if !merged {
            return Ok(Some(Happened::Parted(psn_no)));
        }
        let request = GetPersonRequest { psn_no: psn_no.clone(), ..GetPersonRequest::default() };
        let person = self.questions.clone().get_person(request).await.map_err(|status| {
            let told = "enrollment cannot say what became of a person";
            ServiceError::new(Reason::EnrollmentAway, told).caused_by(status)
        })?;
        let into = person.into_inner().person.unwrap_or_default().merged_into;
        Ok((!into.is_empty()).then_some(Happened::Merged { went: psn_no, into }))
    }
}
